/** The trials as a program: `main.ts LAB`, the lab as JSON. It prints an outcome a line. As PID 1 of `gimlet vm` it is that. */

import { isGuestInit, runGuest } from "../../cmd/vm/guest.ts";
import { type Lab, outcomeOf, TRIALS } from "./trials.ts";

if (isGuestInit()) await runGuest();
const lab: Lab = JSON.parse(Deno.args[0]!);
for (const trial of TRIALS) {
  const exact = (_: string, value: unknown) => typeof value === "bigint" ? `${value}n` : value;
  console.log(JSON.stringify(await outcomeOf(trial, lab), exact));
}
