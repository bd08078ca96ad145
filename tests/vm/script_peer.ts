/** Runs scripts with gimlet and with the bpftrace of a kernel's distribution: one after another in one machine, in the same root. */

import { runVm } from "../../cmd/vm/vm.ts";
import { assertEquals } from "../assert.ts";
import { BINARY, type Finished } from "../gimlet.ts";
import { bpftraceFor } from "./debian_bpftrace.ts";
import { debianKernel, type KernelSeries } from "./kernels.ts";

/** A run of one of the two. */
export interface GuestRun {
  readonly who: "ours" | "theirs";
  /** The script, and the words behind it. */
  readonly script: string;
  readonly parameters?: readonly string[];
  readonly options?: readonly string[];
  /** Shell commands that it runs and traces; where there are none, the script has to end by itself. */
  readonly workload?: string;
  /** Shell commands that run beside it, in the same root; they are ended with it. */
  readonly beside?: string;
  /** SIGINT after so many seconds, 60 where not given. */
  readonly seconds?: number;
}

/** What the machine is to have. */
export interface GuestMeans {
  /** Kernel modules. */
  readonly modules?: readonly string[];
  /** Programs for the workloads, as /bin/NAME; they need nothing but libc. */
  readonly programs?: readonly string[];
}

/** How a run went. */
export interface GuestResult extends Finished {
  /** How long it took, in the machine. */
  readonly seconds: number;
}

/** Does all runs in one machine; gives how each went. */
export async function runInGuest(
  series: KernelSeries,
  runs: readonly GuestRun[],
  { modules = [], programs = [] }: GuestMeans = {},
): Promise<GuestResult[]> {
  const kernel = await debianKernel(series);
  const { files, prepare, call, root, enter } = await bpftraceFor(series);
  const folder = await Deno.makeTempDir({ prefix: "gimlet-scripts-" });
  const work: { source: string; target: string }[] = [];
  const write = (name: string, text: string) => {
    Deno.writeTextFileSync(`${folder}/${name}`, text);
    work.push({ source: `${folder}/${name}`, target: `${root}/work/${name}` });
  };
  const words = { theirs: call, ours: `${enter}/gimlet` };
  const commands = runs.map(({ who, ...run }, i) => {
    write(`${i}.bt`, run.script);
    if (run.workload !== undefined) write(`${i}.sh`, run.workload);
    if (run.beside !== undefined) write(`${i}.beside`, run.beside);
    const command = run.workload === undefined ? [] : ["-c", `/bin/sh /work/${i}.sh`];
    const args = [...run.options ?? [], ...command, `/work/${i}.bt`, ...run.parameters ?? []];
    const beside = run.beside !== undefined;
    return [
      beside ? `${enter}/bin/sh /work/${i}.beside >/dev/null 2>&1 & beside=$!` : ":",
      // Into files: a serial line is slow.
      "begin=$EPOCHREALTIME",
      `timeout -s INT -k 20 ${run.seconds ?? 60} ${words[who]} ${
        args.map(quoted).join(" ")
      } </dev/null >/tmp/out 2>/tmp/err; status=$?`,
      beside ? "kill $beside 2>/dev/null; wait" : ":",
      `echo "${MARK}$status $(((\${EPOCHREALTIME/./} - \${begin/./}) / 1000))"; cat /tmp/out; echo "${MARK}err"; cat /tmp/err`,
    ].join("\n");
  });
  try {
    Deno.writeTextFileSync(`${folder}/run.sh`, `${prepare} || exit 1\n${commands.join("\n")}\n`);
    const own = ["sh", ...programs];
    const { status, stdout, stderr } = await runVm({
      kernel: kernel.path,
      modules: kernel.modulesFor(modules),
      binary: BINARY,
      memory: 3072,
      disks: [{ size: 1 << 20, kind: "nvme" }],
      timeout: 3000,
      files: [
        ...["/bin/bash", "/bin/sh", "/bin/cat", "/usr/bin/timeout"],
        ...root === "" ? own.map((name) => `/bin/${name}`) : own.map((name) => ({
          source: `/bin/${name}`,
          target: `${root}/usr/bin/${name}`,
        })),
        ...work,
        { source: `${folder}/run.sh`, target: "/run.sh" },
        ...files,
      ],
      command: ["/bin/bash", "/run.sh"],
    });
    assertEquals(status, 0, stderr);
    const parts = stdout.split(MARK).slice(1);
    assertEquals(parts.length, 2 * runs.length, stderr);
    return runs.map((_, i) => {
      const [, code, milliseconds, stdout = ""] = /^(\d+) (\d+)\n([^]*)$/.exec(parts[2 * i]!)!;
      const stderr = parts[2 * i + 1]!.slice("err\n".length);
      return { status: Number(code), stdout, stderr, seconds: Number(milliseconds) / 1000 };
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Between what runs write. */
const MARK = "\x1egimlet ";

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
