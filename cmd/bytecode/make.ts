/**
 * `make FILE START`: makes the bytecode of the bundle for a kind of start. V8 compiles what is called: so this calls what such starts
 * call most. What this machine refuses, such as loading programs without rights, is compiled as far as it is reached. `check FILE`:
 * fails where V8 refuses it.
 */

import { bundle, load, type Start, startOf } from "./bundle.ts";

/** Compiles on any machine. */
const SCRIPT = `
BEGIN { printf("%-8s %-16s %6d\\n", "TIME", comm, pid); @names[1] = "read"; }
kprobe:vfs_read, kprobe:vfs_write /pid > 1 && comm != "cat"/ {
  @start[tid] = nsecs;
  @who[tid, cpu] = func;
}
kretprobe:vfs_read /@start[tid]/ {
  $us = (nsecs - @start[tid]) / 1000;
  if ($us > 10 || (int8)retval < 0) {
    @us[comm] = hist($us);
    @linear[uid] = lhist($us, 0, 1000, 200);
    @stat["all"] = stats($us);
  } else {
    @count = count();
    @sum[@who[tid, cpu]] = sum(retval);
    @most = max($us);
    @least = min($us);
    @mean = avg($us);
  }
  $kind = retval == 0 ? "end" : "more";
  printf("%s %-6d %s\\n", $kind, (uint64)$us, @names[1]);
  delete(@start[tid]);
  @reads++;
}
uprobe:/bin/sh:main { $text = str(arg0, 16); if ($text == "-c") { join(arg1); } @[ustack(3), kstack] = count(); }
profile:hz:99 { @[usym(reg("ip"))] = count(); @[ksym(arg0)] = count(); }
interval:s:1 { time("%H:%M:%S "); print(@us, 3); clear(@us); printf("%s\\n", ntop(arg0)); }
END { clear(@start); clear(@who); exit(); }
`;

const TYPES = `kprobe:vfs_read {
  $task = (struct task_struct *)curtask;
  printf("%s %d %d\\n", $task->comm, $task->real_parent->pid, TASK_COMM_LEN);
}`;

const TRACEPOINT =
  'tracepoint:syscalls:sys_enter_openat { @[probe] = count(); printf("%s\\n", str(args->filename)); }';

const COMMANDS: readonly (readonly string[])[] = [
  ["check", "-e", SCRIPT],
  ["check", "-e", TYPES],
  ["check", "-e", TRACEPOINT],
  ["check", "-e", "BEGIN { mistake"],
  ["-e", 'BEGIN { @[comm] = count(); @h = hist(pid); printf("%s %d\\n", comm, pid); exit(); }'],
  ["hello_perf_output", "--", "/bin/true"],
  ["bitehist", "--json", "--", "/bin/true"],
  ["--help"],
];

/** Makes the file. */
async function make(file: string, start: Start): Promise<void> {
  const script = bundle();
  const { main } = load(script);
  const commands = COMMANDS.filter((words) => startOf(words) === start);
  for (const words of commands) await main(words).catch(() => {});
  Deno.writeFileSync(file, script.createCachedData());
}

/** Whether V8 takes what is in the file: asked of another process than the one that made it. */
function isTaken(file: string): boolean {
  return bundle(Deno.readFileSync(file)).cachedDataRejected === false;
}

const [task, file = "", start] = Deno.args;
if (task === "make") await make(file, start as Start);
Deno.exit(task === "make" || isTaken(file) ? 0 : 1);
