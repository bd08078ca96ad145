/** What bpftrace was seen to print for the programs (record.ts), for tests that compare without it. */

import { keyOf } from "./compare.ts";
import type { Case } from "./programs.ts";

/** By {@linkcode keyOf} a program. */
export const RECORDED: Readonly<Record<string, string>> = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/script/bpftrace.json", import.meta.url)),
);

/** Whether it is known what a program prints. */
export function isRecorded(each: Case): boolean {
  return each.difference !== undefined || keyOf(each) in RECORDED;
}

/** What gimlet has to print for it: what bpftrace did, but for a listed difference. */
export function expectedOf(each: Case): string {
  const expected = each.difference?.output ?? RECORDED[keyOf(each)];
  if (expected === undefined) throw new Error(`not recorded: ${each.program}`);
  return expected;
}
