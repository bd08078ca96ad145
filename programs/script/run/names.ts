/** Names that only the machine knows on which a script runs. */

import { clockNow } from "../../../ffi/host/clock.ts";
import type { Frame } from "../../../ffi/symbols/frame.ts";
import { kernelFrame } from "../../../ffi/symbols/kernel.ts";
import { sym } from "../../../ffi/symbols/process.ts";
import { stackTrace, type StackTraceMap } from "../../../ffi/symbols/stack.ts";
import { stacksName } from "../plan.ts";
import type { Names } from "../render.ts";

/** Looks names up; `stacks` gives a map of stacks of the script. */
export function machineNames(stacks: (name: string) => StackTraceMap): Names {
  let users: ReadonlyMap<number, string> | undefined;
  const now = clockNow("realtime");
  const before = { boot: now - clockNow("boottime"), tai: now - clockNow("tai") };
  return {
    kernelSymbol: (address) => {
      const { name } = kernelFrame(address);
      return name ?? address.toString(16);
    },
    userSymbol: (address, pid) => sym(pid, address),
    user: (id) => (users ??= readUsers()).get(id) ?? String(id),
    cgroup: cgroupPath,
    wallClock: (time, clock) => time + before[clock],
    stack({ type, id, pid }) {
      const number = BigInt.asIntN(64, id);
      const options = type.of === "user" ? { pid: Number(pid) } : {};
      const frames = stackTrace(stacks(stacksName(type.frames)), number, options) ?? [];
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

const CGROUP_ROOT = "/sys/fs/cgroup";

/** The path of a cgroup v2 below its root; the number of a cgroup is that of its folder. */
function cgroupPath(id: bigint): string {
  return findFolder(CGROUP_ROOT, id)?.slice(CGROUP_ROOT.length) || "/";
}

function findFolder(folder: string, inode: bigint): string | undefined {
  try {
    if (BigInt(Deno.statSync(folder).ino ?? 0) === inode) return folder;
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const found = isDirectory ? findFolder(`${folder}/${name}`, inode) : undefined;
      if (found !== undefined) return found;
    }
  } catch {
    // It has gone meanwhile.
  }
  return undefined;
}
