/** What of the language bpftrace's oldest versions have not, on kernels of Debian. */

import { runVm } from "../../cmd/vm/vm.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { BINARY } from "../gimlet.ts";
import { RETURNING, RETURNS } from "../script_functions.ts";
import { binary, qemu, test } from "../support.ts";
import { debianKernel, type KernelSeries } from "./kernels.ts";

const needs = [qemu, binary];
const FILES = ["/bin/sh", "/bin/cat"];

/** Runs shell commands in a machine. */
async function inVm(series: KernelSeries, script: string) {
  const { path: kernel } = await debianKernel(series);
  const command = ["/bin/sh", "-c", script];
  return await runVm({ kernel, binary: BINARY, files: FILES, command, timeout: 300 });
}

for (const series of ["6.1", "7.2"] as const) {
  test(
    `${series}: wildcards of fentry, path(), watchpoints of the kernel, iterators`,
    { needs },
    async () => {
      const { stdout, stderr, status } = await inVm(
        series,
        `/gimlet -e 'fentry:vfs_rea* /pid == cpid/ { @[probe] = count(); }
         fentry:security_file_open /pid == cpid/ { printf("opened %s\\n", path(args.file->f_path)); }' -c "/bin/cat /proc/sys/kernel/ostype"
       /gimlet -e 'watchpoint:jiffies_64:8:w { printf("written\\n"); exit(); }'
       /gimlet -e 'iter:task { if (ctx->task->pid == 1) { printf("first %s\\n", ctx.task.comm); } }'
       /gimlet -e 'fentry:vfs_read { @f[tid] = args.count; for ($kv : @f) { printf("in loop %d %d\\n", $kv.1 == args.count, args.file != 0); } exit(); }' -c "/bin/cat /proc/sys/kernel/ostype"`,
      );
      assertEquals(status, 0, stderr);
      assertMatch(stdout, /^@\[k?f.*:vfs_read\]: [1-9]/m, stderr);
      assertMatch(stdout, /^opened \/proc\/sys\/kernel\/ostype$/m, stderr);
      assertMatch(stdout, /^written$/m, stderr);
      assertMatch(stdout, /^first \S+$/m, stderr);
      assert(stdout.includes("in loop 1 1"), stdout + stderr);
    },
  );
}

for (const series of ["5.10", "6.1", "6.12", "7.2"] as const) {
  test(`${series}: functions return in loops`, { needs }, async () => {
    const cases = RETURNS.filter(({ isShort }) => isShort || series !== "5.10");
    const commands = cases.map(({ body }) =>
      `/gimlet -q -e '${RETURNING}BEGIN { ${body} exit(); }'; echo =`
    );
    const { stdout, stderr, status } = await inVm(series, commands.join("\n"));
    assertEquals([status, stderr], [0, ""]);
    const printed = stdout.split(/^=\n/m).slice(0, -1).map((text) => text.trim());
    assertEquals(printed, cases.map(({ output }) => output));
  });
}
