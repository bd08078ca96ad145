/** What of the language needs newer kernels: it works there, and is refused in words where the kernel lacks it. */

import { runVm } from "../../cmd/vm/vm.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { NEWER } from "../differential/newer.ts";
import { BINARY } from "../gimlet.ts";
import { binary, qemu, test } from "../support.ts";
import { debianKernel, type KernelSeries } from "./kernels.ts";

const needs = [qemu, binary];
const KERNELS: readonly KernelSeries[] = ["5.10", "6.1", "6.12", "7.2"];
const FILES = ["/bin/sh", "/bin/cat"];

/** Runs shell commands in a machine. */
async function inVm(series: KernelSeries, script: string) {
  const { path: kernel } = await debianKernel(series);
  const command = ["/bin/sh", "-c", script];
  return await runVm({ kernel, binary: BINARY, files: FILES, command, timeout: 300 });
}

/** Whether a program wants what came with Linux 5.13 or 5.19: functions that helpers call, and other CPUs' values. */
function needsNewKernel(program: string): boolean {
  return /for \(\$\w+ : @|len\(@|total\(|@a\[1\] = avg|print\(@c\[1\]\)/.test(program);
}

const PROGRAMS = NEWER.flatMap(({ before = "", programs }) =>
  programs.map(([body, output]) => ({ program: `${before}BEGIN { ${body} exit(); }`, output }))
);

/** One script that runs programs one after another, with a line between. */
function oneByOne(programs: readonly string[]): string {
  return programs.map((program, i) => `echo "=${i}"; /gimlet -q - <<'EOF'\n${program}\nEOF\n`).join(
    "",
  );
}

for (const series of KERNELS) {
  test(
    `${series}: loops over maps and ranges, macros, and what else came later`,
    { needs },
    async () => {
      const isOld = series === "5.10";
      const all = PROGRAMS.filter(({ program }) => !isOld || !needsNewKernel(program));
      const { stdout, stderr, status } = await inVm(
        series,
        oneByOne(all.map(({ program }) => program)),
      );
      assertEquals(status, 0, stderr);
      const printed = stdout.split(/^=\d+\n/m).slice(1);
      all.forEach(({ program, output }, i) => {
        assertEquals(printed[i]?.trimEnd(), output.trimEnd(), `${program} on ${series}\n${stderr}`);
      });
    },
  );
}

test(
  "5.10: a loop over a map is refused, and the message says what it needs",
  { needs },
  async () => {
    const { stderr, status } = await inVm(
      "5.10",
      `/gimlet -e 'BEGIN { @a[1] = 1; for ($kv : @a) { print($kv); } exit(); }'`,
    );
    assertEquals(status, 2, stderr);
    assertMatch(
      stderr,
      /not supported: for loops over maps on this kernel: they need Linux >= 5\.13/,
    );
  },
);

for (const series of ["6.1", "7.2"] as const) {
  test(
    `${series}: wildcards of fentry, path(), watchpoints of the kernel, iterators`,
    { needs },
    async () => {
      const { stdout, stderr, status } = await inVm(
        series,
        `/gimlet -e 'fentry:vfs_rea* /pid == cpid/ { @[probe] = count(); }
         fexit:filp_close /pid == cpid/ { printf("closed %s\\n", path(args.filp->f_path)); }' -c "/bin/cat /proc/sys/kernel/ostype"
       /gimlet -e 'watchpoint:jiffies_64:8:w { printf("written\\n"); exit(); }'
       /gimlet -e 'iter:task { if (ctx->task->pid == 1) { printf("first %s\\n", ctx.task.comm); } }'
       /gimlet -e 'fentry:vfs_read { @f[tid] = args.count; for ($kv : @f) { printf("in loop %d %d\\n", $kv.1 == args.count, args.file != 0); } exit(); }' -c "/bin/cat /proc/sys/kernel/ostype"`,
      );
      assertEquals(status, 0, stderr);
      assertMatch(stdout, /^@\[k?f.*:vfs_read\]: [1-9]/m, stderr);
      assertMatch(stdout, /^closed \/.*ostype$/m, stderr);
      assertMatch(stdout, /^written$/m, stderr);
      assertMatch(stdout, /^first \S+$/m, stderr);
      assert(stdout.includes("in loop 1 1"), stdout + stderr);
    },
  );
}
