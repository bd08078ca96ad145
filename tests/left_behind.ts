/** What stays in the kernel. */

import { type Census, census } from "../ffi/bpf/census.ts";
import { run } from "./gimlet.ts";

/** What there should be. */
export const NOTHING: Census = { programs: [], maps: [], links: [] };

/** The kernel frees things a moment after they were closed; what a raw tracepoint ran, when all tasks have passed a quiet point. */
const MOST_TRIES = 3000;

/** What there is in the kernel that was not there before, and stays. */
export async function leftBehind(before: Census): Promise<Census> {
  const news = (all: readonly number[], old: readonly number[]) =>
    all.filter((id) => !old.includes(id));
  for (let tries = 0;; tries++) {
    const now = census();
    const left = {
      programs: news(now.programs, before.programs),
      maps: news(now.maps, before.maps),
      links: news(now.links, before.links),
    };
    if (tries === MOST_TRIES || Object.values(left).every((ids) => ids.length === 0)) return left;
    await run(["sync"]); // something that takes a while, and lets the kernel work
  }
}
