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
  /** SIGINT after so many seconds, 60 where not given. */
  readonly seconds?: number;
}

/** What the machine is to have. */
export interface GuestMeans {
  /** Kernel modules. */
  readonly modules?: readonly string[];
  /** Programs for the workloads, as /bin/NAME. */
  readonly programs?: readonly string[];
  /** Programs for {@linkcode GuestMeans.prepare}, which runs before all, in the guest's own root. */
  readonly outside?: readonly string[];
  readonly prepare?: string;
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
  { modules = [], programs = [], outside = [], prepare: first = "true" }: GuestMeans = {},
): Promise<GuestResult[]> {
  const kernel = await debianKernel(series);
  const { files, prepare, call, root, enter } = await bpftraceFor(series);
  const folder = await Deno.makeTempDir({ prefix: "gimlet-scripts-" });
  const work: { source: string; target: string }[] = [];
  const write = (name: string, text: string) => {
    Deno.writeTextFileSync(`${folder}/${name}`, text);
    work.push({ source: `${folder}/${name}`, target: `${root}/work/${name}` });
  };
  const workloads: string[] = [];
  const words = { theirs: call, ours: `${enter}/gimlet` };
  const commands = runs.map(({ who, ...run }, i) => {
    write(`${i}.bt`, run.script);
    const { workload } = run;
    // The same path for both: scripts see it.
    if (workload !== undefined && !workloads.includes(workload)) {
      write(`${workloads.push(workload)}.sh`, workload);
    }
    const command = workload === undefined
      ? []
      : ["-c", `/bin/sh /work/${workloads.indexOf(workload) + 1}.sh`];
    const args = [...run.options ?? [], ...command, `/work/${i}.bt`, ...run.parameters ?? []];
    return [
      "begin=$EPOCHREALTIME",
      `timeout -s INT -k 20 ${run.seconds ?? 60} ${words[who]} ${
        args.map(quoted).join(" ")
      } </dev/null >/tmp/out 2>/tmp/err; status=$?`,
      `echo "${MARK}$status $(((\${EPOCHREALTIME/./} - \${begin/./}) / 1000))"; cat /tmp/out; echo "${MARK}err"; cat /tmp/err`,
    ].join("\n");
  });
  try {
    Deno.writeTextFileSync(
      `${folder}/run.sh`,
      [`${first} && ${prepare} || exit 1`, shareLibraries(root), ...commands, ""].join("\n"),
    );
    const own = ["sh", ...programs];
    const { status, stdout, stderr } = await runVm({
      kernel: kernel.path,
      modules: kernel.modulesFor(modules),
      binary: BINARY,
      memory: 3072,
      // So that it is the same each time: on several, probes race each other, and where two of bpftrace's make an entry at once,
      // it prints a warning.
      cpus: 1,
      disks: [{ size: 1 << 20, kind: "nvme" }],
      timeout: 3000,
      files: [
        ...["bash", "sh", "cat", "timeout", ...outside].map((name) => `/bin/${name}`),
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

/** Gives the libraries of the guest's programs to another root, where that has none of the same name. */
function shareLibraries(root: string): string {
  const folder = "/usr/lib/x86_64-linux-gnu";
  return root === "" ? ":" : `for f in ${folder}/*; do [ -e ${root}$f ] || cp $f ${root}$f; done`;
}

/** Between what runs write. */
const MARK = "\x1egimlet ";

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
