/** Opens, loads, attaches, uses and closes an object: `leak_main.ts ROUNDS`. It prints what it held at the start and at the end. */

import { census } from "../../ffi/bpf/census.ts";
import { openObject } from "../../ffi/bpf/object.ts";
import { leftBehind } from "../left_behind.ts";
import { tiny } from "../workload/tiny/tiny.gen.ts";

// The engine's own heap reaches its size within these.
const WARM_UP = 2000;

function round(): void {
  using object = openObject(tiny).load();
  using ring = object.ringBuffer("ring");
  using link = object.program("sample").attachPerfEvent({ event: "dummy", cpu: 0 });
  const map = object.map("map").set(1, 2n);
  if (
    map.get(1) !== 2n || object.global("hits") !== 0n || ring.unread !== 0 || link.target === ""
  ) {
    throw new Error("A round has not done what it should");
  }
}

function rounds(count: number): void {
  for (let i = 0; i < count; i++) round();
}

/** What this process holds: file descriptors, and bytes of memory. */
function held() {
  return { fds: [...Deno.readDirSync("/proc/self/fd")].length, rss: Deno.memoryUsage().rss };
}

/** What there is in the kernel in the middle of a round: a count that could not grow would prove nothing. */
function heldInRound() {
  using object = openObject(tiny).load();
  using _link = object.program("sample").attachPerfEvent({ event: "dummy", cpu: 0 });
  const { programs, maps, links } = census();
  const count = (now: readonly number[], then: readonly number[]) =>
    now.filter((id) => !then.includes(id)).length;
  return {
    programs: count(programs, kernel.programs),
    maps: count(maps, kernel.maps),
    links: count(links, kernel.links),
  };
}

const kernel = census();
rounds(WARM_UP);
await leftBehind(kernel); // once, so that what it needs is there before as well as after
const during = heldInRound();
const before = held();
rounds(Number(Deno.args[0]));
const left = await leftBehind(kernel);
console.log(JSON.stringify({ before, during, after: held(), left }));
