/** CPU time, which what else the machine does leaves alone. */

import process from "node:process";
import { run } from "../gimlet.ts";

/** The CPU time that this process has used so far, in ns, its own and that of the kernel for it. */
export function ownCpuNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/** The CPU time of a command, in ns. */
export async function cpuNsOf(command: readonly string[]): Promise<number> {
  const script = 'TIMEFORMAT="%U %S"; time "$@"';
  const { status, stderr } = await run(["bash", "-c", script, "bash", ...command]);
  if (status !== 0) throw new Error(`Cannot run ${command.join(" ")}: ${status}: ${stderr}`);
  const [user = NaN, system = NaN] = stderr.trim().split(" ").map(Number);
  return (user + system) * 1e9;
}
