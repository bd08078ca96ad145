/** The kernel's clocks, for those who may not import `ffi/raw`. */
export { type ClockName, clockNow } from "../raw/clock.ts";
