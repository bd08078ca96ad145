/** Which CPUs there are. */

/** Reads the kernel's list format: `0-2,5` is 0, 1, 2 and 5. */
export function parseCpuList(text: string): number[] {
  return text.trim().split(",").filter((range) => range !== "").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
  });
}

/** The CPUs that are online now. */
export function onlineCpus(): number[] {
  return parseCpuList(Deno.readTextFileSync("/sys/devices/system/cpu/online"));
}
