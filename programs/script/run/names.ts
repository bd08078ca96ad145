/** Names that only the machine knows on which a script runs. */

import { errnoName } from "../../../ffi/errno.ts";
import { clockNow } from "../../../ffi/host/clock.ts";
import type { Frame } from "../../../ffi/symbols/frame.ts";
import { ksym } from "../../../ffi/symbols/kernel.ts";
import { sym } from "../../../ffi/symbols/process.ts";
import { stackTrace, type StackTraceMap } from "../../../ffi/symbols/stack.ts";
import type { Names } from "../render.ts";

const CGROUP_ROOT = "/sys/fs/cgroup";

/** Looks names up; `stacks` is the script's map of stacks. */
export function machineNames(stacks: StackTraceMap): Names {
  let users: ReadonlyMap<number, string> | undefined;
  const boot = clockNow("realtime") - clockNow("boottime");
  return {
    kernelSymbol: (address) => ksym(address),
    userSymbol: (address, pid) => sym(pid, address),
    user: (id) => (users ??= readUsers()).get(id) ?? String(id),
    error: (code) => errnoName(code),
    cgroup: (id) => cgroupPath(id),
    wallClock: (sinceBoot) => sinceBoot + boot,
    stack({ type, id, pid }) {
      const number = BigInt.asIntN(64, id);
      const options = type.of === "user" ? { pid: Number(pid) } : {};
      const frames = stackTrace(stacks, number, options) ?? [];
      return frames.slice(0, type.frames).map((frame) => frameLine(frame, type.mode));
    },
  };
}

function frameLine({ address, name, offset, module }: Frame, mode: string): string {
  const hex = address.toString(16);
  if (mode === "raw") return hex;
  if (name === undefined) return mode === "perf" ? `${hex} [unknown]` : `0x${hex}`;
  if (mode !== "perf") return `${name}+${offset}`;
  const file = module === undefined || module === "kernel" ? "" : ` (${module})`;
  return `${hex.padStart(16)} ${name}+${offset}${file}`;
}

function readUsers(): Map<number, string> {
  try {
    const lines = Deno.readTextFileSync("/etc/passwd").split("\n");
    return new Map(lines.map((line) => line.split(":")).map(([name, , id]) => [Number(id), name!]));
  } catch {
    return new Map();
  }
}

function cgroupPath(id: bigint): string {
  const search = (folder: string): string | undefined => {
    try {
      if (BigInt(Deno.statSync(folder).ino ?? 0) === id) return folder;
      for (const { name, isDirectory } of Deno.readDirSync(folder)) {
        const found = isDirectory ? search(`${folder}/${name}`) : undefined;
        if (found !== undefined) return found;
      }
    } catch {
      // It has gone meanwhile.
    }
    return undefined;
  };
  return search(CGROUP_ROOT)?.slice(CGROUP_ROOT.length) || "/";
}
