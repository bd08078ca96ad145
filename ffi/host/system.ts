/**
 * Mounts, modules, serial ports and power: what the guest of `gimlet vm` does to the machine whose PID 1 it is. The
 * safe face of `ffi/raw/system.ts`, for `cmd/`, which may not import `ffi/raw`. Each function throws with the call's
 * name and errno.
 */

export {
  drain,
  loadModule,
  loopbackUp,
  type Mount,
  mountFs,
  powerOff,
  setRaw,
} from "../raw/system.ts";
