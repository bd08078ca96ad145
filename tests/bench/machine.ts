/** What the bench runs on. */

import { findProgram, gitCommit } from "../../build.ts";
import { libbpfVersion } from "../../ffi/bpf/version.ts";
import { readText } from "../../ffi/host/files.ts";
import { VERSION } from "../../programs/lib/version.ts";
import { run } from "../gimlet.ts";
import { bcc, bpftraces, isThere } from "./peers/peers.ts";

/** The machine and the versions of all that is compared. */
export async function machine(): Promise<Record<string, string>> {
  const model = /^model name\s*: (.*)$/m.exec(readText("/proc/cpuinfo") ?? "")?.[1];
  const memory = Number(/^MemTotal:\s*(\d+)/.exec(readText("/proc/meminfo") ?? "")?.[1]) / 2 ** 20;
  const system = /^PRETTY_NAME="?([^"\n]*)/m.exec(readText("/etc/os-release") ?? "")?.[1];
  const peers = await Promise.all([...await bpftraces(), await bcc()]);
  return {
    "CPUs": `${navigator.hardwareConcurrency} of ${model ?? "an unknown kind"}`,
    "memory": `${memory.toFixed(0)} GiB`,
    "kernel": Deno.osRelease(),
    "system": system ?? "unknown",
    "gimlet": `${VERSION}, ${await gitCommit()}`,
    "Deno": Deno.version.deno,
    "libbpf": libbpfVersion() ?? "none",
    "gcc": await firstLine("gcc"),
    "clang": await firstLine("clang"),
    "peers": peers.map((peer) => isThere(peer) ? peer.name : `no ${peer.name}`).join(", "),
    "date": new Date().toISOString().slice(0, 10),
  };
}

async function firstLine(program: string): Promise<string> {
  if (findProgram(program) === undefined) return "none";
  return (await run([program, "--version"])).stdout.split("\n")[0]!;
}
