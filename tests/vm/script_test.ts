/** Scripts on kernels of Debian: every program of tests/differential is taken by the verifier, and gives what bpftrace gave. */

import { runVm } from "../../cmd/vm/vm.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { begins, chunks, isBody, probes, takenApart } from "../differential/batch.ts";
import { comparable } from "../differential/compare.ts";
import { KERNEL_GROUPS, MODULES, PREPARE, WORKLOAD } from "../differential/kernel_programs.ts";
import { isRefusedByOld, runsOnOld } from "../differential/old_kernel.ts";
import { type Case, GROUPS } from "../differential/programs.ts";
import { expectedOf, isRecorded } from "../differential/recorded.ts";
import { BINARY, type Finished } from "../gimlet.ts";
import { binary, needsProgram, qemu, test } from "../support.ts";
import { debianKernel, type KernelSeries } from "./kernels.ts";

const needs = [qemu, binary, needsProgram("bash")];
const KERNELS: readonly KernelSeries[] = ["5.10", "6.1", "6.12", "7.2"];
const FILES = ["/bin/sh", "/bin/bash", "/bin/true", "/bin/cat", "/bin/sleep", "/etc/passwd"];

const PROGRAMS = Object.values(GROUPS).flat();
/** What of the kernel's functions is traced by its programs. */
const KERNEL_PROGRAMS = Object.values(KERNEL_GROUPS).flat();
/** So many programs with probes are one script: the kernel takes 64 at a tracepoint. */
const PROBES = 60;

/** A run of gimlet in the machine. */
interface Command {
  readonly script: string;
  readonly options?: string;
  readonly parameters?: string;
}

/** Runs scripts one after another in one machine. */
async function inVm(series: KernelSeries, commands: readonly Command[]): Promise<Finished[]> {
  const kernel = await debianKernel(series);
  const folder = await Deno.makeTempDir({ prefix: "gimlet-scripts-" });
  const write = (name: string, text: string) => {
    Deno.writeTextFileSync(`${folder}/${name}`, text);
    return { source: `${folder}/${name}`, target: `/${name}` };
  };
  try {
    const scripts = commands.map(({ script }, i) => write(`${i}.bt`, script));
    const lines = commands.map(({ options = "", parameters = "" }, i) =>
      `/gimlet ${options} /${i}.bt ${parameters} >/tmp/out 2>/tmp/err; status=$?
       echo "${MARK}$status"; cat /tmp/out; echo "${MARK}err"; cat /tmp/err`
    );
    const { status, stdout, stderr } = await runVm({
      kernel: kernel.path,
      modules: kernel.modulesFor(MODULES),
      binary: BINARY,
      disks: [{ size: 1 << 20, kind: "nvme" }],
      files: [
        ...FILES,
        ...scripts,
        write("work.sh", WORKLOAD),
        write("run.sh", [PREPARE, ...lines, ""].join("\n")),
      ],
      command: ["/bin/sh", "/run.sh"],
      timeout: 600,
    });
    assertEquals(status, 0, stderr);
    const parts = stdout.split(MARK).slice(1);
    return commands.map((_, i) => {
      const [, code, stdout = ""] = /^(\d+)\n([^]*)$/.exec(parts[2 * i]!)!;
      return { status: Number(code), stdout, stderr: parts[2 * i + 1]!.slice("err\n".length) };
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Between what runs write. */
const MARK = "\x1egimlet ";

/** Programs that run as one, and what becomes of what they print. */
interface Group {
  readonly cases: readonly Case[];
  readonly command: (cases: readonly Case[]) => Command;
  readonly check: (each: Case, printed: string) => void;
}

const asBodies = (options = "-q"): Pick<Group, "command" | "check"> => ({
  command: (cases) => ({ script: begins(cases), options }),
  check: (each, printed) => {
    // What a program has not put into a record of bpftrace is of the machine: that it says something is all there is to say.
    if (isRecorded(each)) assertEquals(plain(printed, each), plain(expectedOf(each), each));
    else assertMatch(printed, /\S/);
  },
});

function plain(output: string, each: Case): string {
  return comparable(output, each).split("\n").filter((line) => line !== "").join("\n");
}

function groupsFor(series: KernelSeries): Group[] {
  const known = PROGRAMS.filter((each) => series !== "5.10" || runsOnOld(each));
  const isJson = ({ options }: Case) => options !== undefined;
  const inBodies = known.filter(isBody);
  return [
    { cases: inBodies.filter((each) => !isJson(each)), ...asBodies() },
    { cases: inBodies.filter(isJson), ...asBodies("-q -f json") },
    // Those that say when they end cannot all run together: tests/native and the comparison with bpftrace run them.
    {
      cases: known.filter((each) => !isBody(each)),
      command: (cases) => ({
        script: probes(cases, "").script.replaceAll(/^#!.*\n/gm, ""),
        options: "--dry-run",
        parameters: "5 6",
      }),
      check: () => {},
    },
    ...chunks(KERNEL_PROGRAMS, PROBES).map((cases) => ({
      cases,
      command: () => ({
        script: probes(cases, WORKLOAD).script,
        options: `-q -c "/bin/sh /work.sh"`,
      }),
      check: (_: Case, printed: string) => void assertMatch(printed, /\S/),
    })),
  ];
}

for (const series of KERNELS) {
  test(
    `${series}: the verifier takes all programs, and they give what bpftrace gave`,
    { needs },
    async (t) => {
      const groups = groupsFor(series);
      const refused = PROGRAMS.filter((each) => isBody(each) && isRefusedByOld(each));
      const results = await inVm(series, [
        ...groups.map(({ cases, command }) => command(cases)),
        ...series === "5.10" ? [{ script: begins(refused), options: "--dry-run" }] : [],
        { script: FUNCTIONS, options: `-c "/bin/cat /proc/sys/kernel/ostype"` },
      ]);
      for (const [i, { cases, check }] of groups.entries()) {
        const { status, stdout, stderr } = results[i]!;
        await t.step(`${cases[0]!.program}, and ${cases.length - 1} more`, () => {
          assertEquals(status, 0, stderr);
          const printed = takenApart(stdout, cases.length);
          cases.forEach((each, i) => {
            try {
              check(each, printed[i]!);
            } catch (cause) {
              throw new Error(`${each.program} on ${series}\n${stderr}`, { cause });
            }
          });
        });
      }
      if (series === "5.10") {
        await t.step("what needs a newer kernel is refused, and told what it needs", () => {
          const { status, stderr } = results.at(-2)!;
          assertEquals(status, 2);
          for (const what of ["for loops over maps", "len() of maps", "reading count()"]) {
            assertStringIncludes(stderr, `not supported: ${what} on this kernel: `);
          }
        });
      }
      await t.step("kprobes, kretprobes and fentry, with arguments and kernel structs", () => {
        const { status, stdout, stderr } = results.at(-1)!;
        assertEquals(status, 0, stderr);
        assertMatch(stdout, /^ostype 1$/m);
        assertMatch(stdout, /^ostype$/m);
        assertMatch(stdout, /^@\[vfs_read\]: \d+$/m);
        assertMatch(stdout, /^@wild: [1-9]/m);
        assertMatch(stdout, /^@wild_user: [1-9]/m);
        assertMatch(stdout, /^@stack: \n {8}vfs_read\+\d+$/m);
        assertMatch(stdout, /^@bytes: [1-9]/m);
      });
    },
  );
}

const FUNCTIONS = `kprobe:vfs_read /pid == cpid/ {
  $file = (struct file *)arg0;
  printf("%s %d\\n", str($file->f_path.dentry->d_name.name), arg2 > 0);
  @[func] = count();
  @stack = kstack(1);
}
kretprobe:vfs_read /pid == cpid/ { @bytes = sum((int64)retval); }
kprobe:vfs_op* /pid == cpid/ { @wild = count(); }
uprobe:/lib/x86_64-linux-gnu/libc.so.6:posix_fa* /pid == cpid/ { @wild_user = count(); }
fentry:vfs_read /pid == cpid/ { @args = args->count; printf("%s\\n", str(args->file->f_path.dentry->d_name.name)); }
fexit:vfs_read /pid == cpid/ { @ret = retval; }
`;
