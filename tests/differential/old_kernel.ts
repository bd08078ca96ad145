/** What of the programs Linux 5.10 cannot run. */

import type { Case } from "./programs.ts";

/** Functions that helpers call, and other CPUs' values, came with 5.13 to 5.19. */
const NEEDS_NEWER =
  /for \(\$\w+ : @|len\(@|print\(total\(|@a\[1\] = avg\(3|print\(@c\[1\]\)|@n > 1/;
/** The verifier walks through each round of a loop where there is no `bpf_loop()`: here there are too many. */
const TOO_LONG = /for \(\$i : 0\.\.1000\)/;

/** Whether the compiler refuses a program for Linux 5.10, and says which kernel it needs. */
export function isRefusedByOld({ program }: Case): boolean {
  return NEEDS_NEWER.test(program.replace(/^macro [^]*\n/, ""));
}

/** Whether Linux 5.10 can run a program. */
export function runsOnOld(each: Case): boolean {
  return !isRefusedByOld(each) && !TOO_LONG.test(each.program);
}
