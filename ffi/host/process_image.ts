/** What a process is made of, as far as symbols are concerned: which program it runs, and the kernel's page of code in it. */

import type { Mapping } from "./proc_maps.ts";

/** Changes when the process runs another program, and when its number is given to another process; `undefined` once it has ended. */
export function imageOf(pid: number): string | undefined {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // After the name, which may hold anything: state and 18 more fields, then the time it was started.
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    const { dev, ino } = Deno.statSync(`/proc/${pid}/exe`);
    return `${started} ${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** The bytes of a mapping, read from the process's memory: that of `[vdso]` is an ELF file which stands on no disk. */
export function readMapping(pid: number, { start, end }: Mapping): Uint8Array {
  using memory = Deno.openSync(`/proc/${pid}/mem`);
  memory.seekSync(start, Deno.SeekMode.Start);
  const bytes = new Uint8Array(end - start);
  const count = memory.readSync(bytes) ?? 0;
  return bytes.subarray(0, count);
}
