/** What `gimlet selftest` does to make events happen, for those who may not import `ffi/raw`. */
export { callStrlen, readDirect, sync } from "../raw/exercise.ts";
