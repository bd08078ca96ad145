/** Tracepoints of system calls in scripts, seen through the raw ones, on kernels of Debian: numbers, counts, arguments. */

import { runVm } from "../../cmd/vm/vm.ts";
import { syscallNumbers } from "../../programs/script/syscall_numbers.ts";
import { assert, assertEquals } from "../assert.ts";
import { BINARY, workload } from "../gimlet.ts";
import { binary, gcc, qemu, test } from "../support.ts";
import { debianKernel, type KernelSeries } from "./kernels.ts";

const needs = [qemu, binary, gcc];
const KERNELS: readonly KernelSeries[] = ["5.10", "6.1", "6.12", "7.2"];
const T = "tracepoint:syscalls";

/** Runs shell commands in a machine that has the program of known deeds. */
async function inVm(series: KernelSeries, script: string): Promise<string> {
  const kernel = await debianKernel(series);
  const { stdout, stderr, status } = await runVm({
    kernel: kernel.path,
    binary: BINARY,
    files: ["/bin/sh", "/bin/ls", "/bin/true", await workload("calls")],
    command: ["/bin/sh", "-c", script],
    timeout: 300,
  });
  assertEquals(status, 0, stderr);
  return stdout;
}

for (const series of KERNELS) {
  test(`${series}: system calls are seen by their numbers`, { needs }, async () => {
    const calls = await workload("calls");
    const run = (program: string, command: string) => `/gimlet -e '${program}' -c '${command}'`;
    const script = [
      run(
        `${T}:sys_enter_getppid /pid == cpid/ { @enter = count(); @nr[args.__syscall_nr] = count(); }
         ${T}:sys_exit_getppid /pid == cpid/ { @exit = count(); @right = sum(args.ret == ppid); }`,
        `${calls} getppid 1009`,
      ),
      run(
        `${T}:sys_enter_semget, ${T}:sys_exit_semget /pid == cpid/ { @compat = count(); }
         tracepoint:raw_syscalls:sys_enter /pid == cpid && args.id == 64/ { @seen = count(); }`,
        `${calls} compat 53 64`,
      ),
      run(
        `${T}:sys_enter_sendto, ${T}:sys_enter_getppid /pid == cpid/ { @[probe] = count(); }
         ${T}:sys_enter_sendto /pid == cpid/ { @args[(int32)args.fd, args.buff, args.addr_len] = count(); }
         ${T}:sys_e*_sendto /pid == cpid/ { @user[ustack(1)] = count(); @names[probe] = count(); }`,
        `${calls} sendto 64`,
      ),
      run(
        `${T}:sys_enter_* /pid == cpid/ { @each[probe] = count(); }
         ${T}:sys_exit_execve /pid == cpid/ { @executed[args.ret] = count(); }
         tracepoint:raw_syscalls:sys_enter /pid == cpid/ { @every = count(); }`,
        `${calls} getppid 211`,
      ),
      "ls /sys/kernel/tracing/events/syscalls",
    ].join(" || exit 1\n");
    const printed = await inVm(series, script);
    const has = (line: string) =>
      assert(printed.split("\n").includes(line), `${line}:\n${printed}`);
    ["@enter: 1009", "@exit: 1009", "@right: 1009", "@nr[110]: 1009", "@seen: 53"].forEach(has);
    assert(!printed.includes("@compat"), printed);
    ["@[tracepoint:syscalls:sys_enter_sendto]: 64", "@args[-1, 64, 32]: 1"].forEach(has);
    ["enter", "exit"].forEach((way) => has(`@names[tracepoint:syscalls:sys_${way}_sendto]: 64`));
    ["@executed[0]: 1", "@each[tracepoint:syscalls:sys_enter_getppid]: 211"].forEach(has);
    const each = [...printed.matchAll(/^@each\[\S+\]: (\d+)$/gm)];
    const sum = each.reduce((sum, [, count]) => sum + Number(count), 0);
    has(`@every: ${sum}`);
    // Every tracepoint of this kernel is in the table.
    const events = [...printed.matchAll(/^sys_enter_(\w+)$/gm)].map(([, name]) => name!);
    const numbers = syscallNumbers("x86_64");
    assert(events.length > 300, printed);
    assertEquals(events.filter((name) => !numbers.has(name)), []);
  });
}

// Going through the kernel's table takes a loop that Linux 5.10 cannot do.
for (const series of ["6.1", "6.12", "7.2"] as const) {
  test(`${series}: the numbers are those of the kernel's own table`, { needs }, async () => {
    const numbers = syscallNumbers("x86_64");
    const count = Math.max(...numbers.values()) + 1;
    const printed = await inVm(
      series,
      `/gimlet -e 'BEGIN {
         $table = (uint64)kaddr("sys_call_table");
         for ($i : 0..${count}) { printf("%d %s\\n", $i, ksym(*(uint64 *)($table + 8 * $i))); }
         exit();
       }'`,
    );
    const found = new Map(
      Array.from(
        printed.matchAll(/^(\d+) __(?:x64|do)_sys_(\w+)/gm),
        ([, number, name]) => [name!, Number(number)],
      ),
    );
    assert(found.size > 300, printed);
    const differing = [...found].filter(([name, number]) =>
      (numbers.get(name) ?? number) !== number
    );
    assertEquals(differing, []);
  });
}
