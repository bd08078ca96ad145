/** The trials as a program: `main.ts PINS` prints a line for each. As PID 1 of `gimlet vm` it is that. */

import { isGuestInit, runGuest } from "../../cmd/vm/guest.ts";
import { messageOf } from "../../ffi/errors.ts";
import { runTrial, TRIALS } from "./trials.ts";

if (isGuestInit()) await runGuest();
for (const trial of TRIALS) {
  const complaint = await runTrial(trial, Deno.args[0]!).then(() => "", messageOf);
  console.log(JSON.stringify({ name: trial.name, complaint }));
}
