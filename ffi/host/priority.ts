/** How urgent the scheduler takes this thread to be: its nice value. */

import { libc } from "../raw/libc.ts";

const PRIO_PROCESS = 0; // with 0 for whom, on Linux: the calling thread
const USUAL = 0;
const URGENT = -10;

let urgent = 0;

/**
 * Makes this thread urgent until the result is disposed of: a reader that has to wait for a CPU while a buffer fills up loses what
 * does not fit. Nothing happens where that is not permitted (CAP_SYS_NICE), or where somebody has chosen a nice value for it.
 */
export function urgently(): Disposable {
  if (urgent === 0 && nice() !== USUAL) return { [Symbol.dispose]() {} };
  if (urgent++ === 0) setNice(URGENT);
  let held = true;
  return {
    [Symbol.dispose]() {
      if (held && --urgent === 0) setNice(USUAL);
      held = false;
    },
  };
}

/** Does something that is not urgent meanwhile, such as starting a program: that inherits what this thread has. */
export function usually<T>(action: () => T): T {
  if (urgent === 0) return action();
  setNice(USUAL);
  try {
    return action();
  } finally {
    setNice(URGENT);
  }
}

function nice(): number {
  return libc().getpriority(PRIO_PROCESS, 0);
}

function setNice(value: number): void {
  libc().setpriority(PRIO_PROCESS, 0, value);
}
