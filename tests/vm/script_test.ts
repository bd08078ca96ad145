/** Scripts on kernels of Debian: what is compiled is taken by every verifier, and gives what bpftrace gave. */

import { runVm } from "../../cmd/vm/vm.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { comparable, isPure } from "../differential/compare.ts";
import { type Case, GROUPS } from "../differential/programs.ts";
import { BINARY } from "../gimlet.ts";
import { binary, qemu, test } from "../support.ts";
import { debianKernel, type KernelSeries } from "./kernels.ts";

const needs = [qemu, binary];
const KERNELS: readonly KernelSeries[] = ["5.10", "6.1", "6.12", "7.2"];
const FILES = ["/bin/sh", "/bin/true", "/bin/cat", "/bin/sleep"];

const RECORDED: Readonly<Record<string, string>> = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/script/bpftrace.json", import.meta.url)),
);

/** Runs shell commands in a machine. */
async function inVm(series: KernelSeries, script: string) {
  const kernel = await debianKernel(series);
  const command = ["/bin/sh", "-c", script];
  return await runVm({
    kernel: kernel.path,
    binary: BINARY,
    files: FILES,
    command,
    timeout: 300,
  });
}

/** A program that does what several do, one after another: a BEGIN for each. */
function together(cases: readonly Case[]): string {
  return cases.map(({ program }, i) =>
    program.replaceAll(/ exit\(\);/g, "").replaceAll(/@(\w*)/g, `@m${i}_$1`)
      .replace("{", `{ printf("\\n=${i}\\n");`)
  ).join("\n");
}

const BATCH = 25;

for (const series of KERNELS) {
  test(
    `${series}: the verifier takes what scripts of all kinds become, and they give what bpftrace gives`,
    { needs },
    async () => {
      const all = ["arithmetic", "printf", "statements", "maps", "print"]
        .flatMap((group) => GROUPS[group]!).filter(isPure);
      const batches = Array.from(
        { length: Math.ceil(all.length / BATCH) },
        (_, i) => all.slice(i * BATCH, (i + 1) * BATCH),
      );
      const commands = batches.map((batch) =>
        `/gimlet - <<'EOF' || exit 1\n${together(batch)}\ninterval:ms:1 { exit(); }\nEOF\necho ====`
      );
      const { stdout, stderr, status } = await inVm(series, commands.join("\n"));
      assertEquals(status, 0, stderr);
      const outputs = stdout.split("====\n");
      batches.forEach((batch, i) => {
        const printed = (outputs[i] ?? "").split(/^=\d+\n/m).slice(1);
        batch.forEach((each, at) => {
          const key = JSON.stringify([each.program]);
          const expected = (RECORDED[key] ?? "").split("\n\n")[0]!.trimEnd();
          // What is printed of maps at the end stands behind the last of all.
          if (expected.includes("@") || each.program.includes("@") || at === batch.length - 1) {
            return;
          }
          assertEquals(
            comparable(printed[at] ?? "", each),
            expected,
            `${each.program} on ${series}`,
          );
        });
      });
    },
  );

  test(
    `${series}: kprobes, kretprobes and fentry, with arguments and kernel structs`,
    { needs },
    async () => {
      const { stdout, stderr, status } = await inVm(
        series,
        `/gimlet -e 'kprobe:vfs_read /pid == cpid/ {
         $file = (struct file *)arg0;
         printf("%s %d\\n", str($file->f_path.dentry->d_name.name), arg2 > 0);
         @[func] = count();
         @stack = kstack(1);
       }
       kretprobe:vfs_read /pid == cpid/ { @bytes = sum((int64)retval); }
       kprobe:vfs_op* /pid == cpid/ { @wild = count(); }
       fentry:vfs_read /pid == cpid/ { @args = args->count; printf("%s\\n", str(args->file->f_path.dentry->d_name.name)); }
       fexit:vfs_read /pid == cpid/ { @ret = retval; }' -c "/bin/cat /proc/sys/kernel/ostype"`,
      );
      assertEquals(status, 0, stderr);
      assertMatch(stdout, /^ostype 1$/m);
      assertMatch(stdout, /^ostype$/m);
      assertMatch(stdout, /^@\[vfs_read\]: \d+$/m);
      assertMatch(stdout, /^@wild: [1-9]/m);
      assertMatch(stdout, /^@stack: \n {8}vfs_read\+\d+$/m);
      assert(/^@bytes: [1-9]/m.test(stdout), stdout);
    },
  );
}
