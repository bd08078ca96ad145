/**
 * Programs for functions of the kernel, which bpftrace and gimlet must run alike: on kernels that have kprobes, in virtual
 * machines. Their probes fire by {@linkcode WORKLOAD}, and only what it does is traced: the rest of a machine is never quiet.
 */

import type { Case } from "./programs.ts";

/** What makes the workload end: it reads a line of the disk. */
export const PREPARE = "echo line >/dev/disk0";

/** What sh(1) does while the programs run: with built-ins, so that it is one process, and the same calls each time. */
export const WORKLOAD = `umask 027
cd /proc/sys/kernel
read x <ostype
echo words >/dev/null
kill -0 4999999 2>/dev/null
ulimit -S -n 512
kill -0 4999998 2>/dev/null
read x </dev/loop0
read x </dev/disk0
read x </no/such/file
( exit 3 )
true
`;

const OWN = "pid == cpid";
/** `echo`: the only write of six bytes. */
const ECHO = `${OWN} && arg2 == 6`;
/** `umask`, `kill`: the entry of a system call has its arguments in the registers that it is given. */
const SECOND_KILL = `${OWN} && ((struct pt_regs *)arg0)->di == 4999998`;
const NAME = "f_path.dentry->d_name.name";
const TASK = "(struct task_struct *)curtask";

const KPROBES = [
  // Arguments, as numbers of all sizes.
  `kprobe:vfs_write /${ECHO}/ { printf("%d\\n", arg2); }`,
  `kprobe:vfs_write /${ECHO}/ { @size = arg2; @twice = arg2 * 2; }`,
  `kprobe:vfs_write /${ECHO}/ { @h = hist(arg2); @l = lhist(arg2, 0, 10, 2); }`,
  `kprobe:vfs_write /${ECHO}/ { @s = stats(arg2); @a = avg(arg2); @m = min(arg2); @x = max(arg2); }`,
  `kprobe:__x64_sys_umask /${OWN}/ { printf("%o\\n", ((struct pt_regs *)arg0)->di); }`,
  `kprobe:__x64_sys_kill /${OWN}/ { $regs = (struct pt_regs *)arg0; @[$regs->di, $regs->si] = count(); }`,
  `kprobe:__x64_sys_kill /${OWN}/ { @[(uint8)((struct pt_regs *)arg0)->di] = count(); }`,
  `kprobe:__x64_sys_kill /${OWN}/ { @[(int16)((struct pt_regs *)arg0)->di] = count(); }`,
  // What stands at an address: strings, bytes, structs.
  `kprobe:vfs_write /${ECHO}/ { printf("%s\\n", str(((struct file *)arg0)->${NAME})); }`,
  `kprobe:vfs_write /${ECHO}/ { $file = (struct file *)arg0; @[str($file->${NAME})] = sum(arg2); }`,
  `kprobe:vfs_write /${ECHO}/ { printf("%s|\\n", str(uptr(arg1), 64)); }`,
  `kprobe:vfs_write /${ECHO}/ { printf("%r\\n", buf(uptr(arg1), 6)); }`,
  `kprobe:vfs_write /${ECHO}/ { printf("%r\\n", buf(uptr(arg1), arg2)); }`,
  `kprobe:vfs_write /${ECHO}/ { printf("%d\\n", *(uint8 *)uptr(arg1)); }`,
  `kprobe:vfs_write /${OWN} && strncmp(str(uptr(arg1), 6), "words", 5) == 0/ { printf("found\\n"); }`,
  `kprobe:vfs_write /${ECHO}/ { printf("%d %d\\n", ((struct file *)arg0)->f_flags & 1, ((struct file *)arg0)->f_path.dentry->d_name.len); }`,
  `kprobe:vfs_write /${ECHO}/ { printf("%o\\n", ((struct file *)arg0)->f_inode->i_mode); }`,
  `kprobe:vfs_write /${ECHO}/ { printf("%x\\n", ((struct file *)arg0)->f_inode->i_rdev); }`,
  `kprobe:vfs_write /${ECHO}/ { printf("%s\\n", ((struct file *)arg0)->f_inode->i_sb->s_id); }`,
  `kprobe:vfs_read /${OWN} && str(((struct file *)arg0)->${NAME}) == "ostype"/ { @bytes = sum(arg2); @calls = count(); }`,
  `kprobe:set_fs_pwd /${OWN}/ { printf("%s\\n", str(((struct path *)arg1)->dentry->d_name.name)); }`,
  `kprobe:set_fs_pwd /${OWN}/ { $d = ((struct path *)arg1)->dentry; printf("%s/%s\\n", str($d->d_parent->d_name.name), str($d->d_name.name)); }`,
  `kprobe:do_sys_openat2 /${OWN}/ { @[str(uptr(arg1))] = count(); }`,
  `kprobe:do_sys_openat2 /${OWN} && str(uptr(arg1)) == "ostype"/ { printf("%d\\n", (int32)arg0); }`,
  `kprobe:do_sys_openat2 /${OWN} && str(uptr(arg1)) == "/dev/null"/ { $how = (struct open_how *)arg2; printf("%x %o\\n", $how->flags, $how->mode); }`,
  // The task.
  `kprobe:__x64_sys_umask /${OWN}/ { printf("%d %d %s\\n", pid == tid, uid, comm); }`,
  `kprobe:__x64_sys_kill /${SECOND_KILL}/ { printf("%o\\n", (${TASK})->fs->umask); }`,
  `kprobe:__x64_sys_kill /${SECOND_KILL}/ { printf("%d\\n", (${TASK})->signal->rlim[7].rlim_cur); }`,
  `kprobe:__x64_sys_kill /${SECOND_KILL}/ { $t = ${TASK}; printf("%s %d %d\\n", $t->comm, $t->pid == pid, $t->group_leader->pid == pid); }`,
  `kprobe:__x64_sys_kill /${SECOND_KILL}/ { printf("%s\\n", (${TASK})->nsproxy->uts_ns->name.sysname); }`,
  `kprobe:__x64_sys_kill /${SECOND_KILL}/ { printf("%d\\n", (${TASK})->cred->uid.val); }`,
  `kprobe:__x64_sys_kill /${SECOND_KILL}/ { printf("%d %d\\n", (${TASK})->in_execve, (${TASK})->prio); }`,
  `kprobe:__x64_sys_kill /${SECOND_KILL}/ { printf("%s\\n", str((${TASK})->fs->pwd.dentry->d_name.name)); }`,
  // Where it is.
  `kprobe:__x64_sys_umask /${OWN}/ { printf("%s %s\\n", func, probe); }`,
  `kprobe:__x64_sys_umask /${OWN}/ { printf("%d\\n", reg("di") == arg0); }`,
  `kprobe:__x64_sys_umask /${OWN}/ { printf("%s\\n", ksym(kaddr("vfs_write"))); }`,
  `kprobe:vfs_write /${ECHO}/ { @[kstack(3)] = count(); }`,
  `kprobe:vfs_write /${ECHO}/ { @[kstack(2), comm] = count(); }`,
  `kprobe:vfs_write /${ECHO}/ { @ = kstack(2); }`,
  `kprobe:__x64_sys_umask /${OWN}/ { @[kstack] = count(); }`,
  `kprobe:__x64_sys_umask /${OWN}/ { @[kstack(), 1] = count(); }`,
  // Returns.
  `kretprobe:vfs_write /${OWN} && retval == 6/ { printf("%d\\n", retval); }`,
  `kretprobe:__x64_sys_umask /${OWN}/ { printf("%o\\n", retval); }`,
  `kretprobe:__x64_sys_kill /${OWN}/ { @[(int32)retval] = count(); }`,
  `kretprobe:__x64_sys_kill /${OWN}/ { @[retval] = count(); }`,
  `kretprobe:__x64_sys_kill /${OWN}/ { printf("%s\\n", strerror(0 - (int32)retval)); }`,
  `kretprobe:do_sys_openat2 /${OWN}/ { @ok = sum((int32)retval >= 0 ? 1 : 0); @refused = sum((int32)retval < 0 ? 1 : 0); }`,
  `kretprobe:do_sys_openat2 /${OWN} && (int32)retval < 0/ { @[probe] = min((int32)retval); }`,
  // Entry and return together, lists and wildcards.
  `kprobe:vfs_write /${ECHO}/ { @start[tid] = nsecs; } kretprobe:vfs_write /@start[tid]/ { @quick = count(); printf("%d\\n", nsecs - @start[tid] < 60000000000); delete(@start[tid]); }`,
  `kprobe:do_sys_openat2 /${OWN}/ { @name[tid] = arg1; } kretprobe:do_sys_openat2 /@name[tid] != 0/ { @[str(uptr(@name[tid])), (int32)retval > 0] = count(); delete(@name[tid]); }`,
  `kprobe:__x64_sys_umask, kprobe:__x64_sys_kill /${OWN}/ { @[func] = count(); }`,
  `kprobe:__x64_sys_umask, kretprobe:__x64_sys_umask /${OWN}/ { @[probe] = count(); }`,
  `kprobe:__x64_sys_umas* /${OWN}/ { @[probe, func] = count(); }`,
  `kprobe:vfs_wri* /${ECHO}/ { @[func] = count(); }`,
  `kprobe:vfs_w*, kprobe:set_fs_p* /${OWN}/ { @[func] = count(); }`,
  `kretprobe:__x64_sys_umas* /${OWN}/ { @ = count(); }`,
  `kprobe:vfs_write+0 /${ECHO}/ { @ = count(); }`,
  `k:vfs_write /${ECHO}/ { @[func] = sum(arg2); } kr:vfs_write /${OWN} && retval == 6/ { @r = count(); }`,
  // Statements, where the stack and the registers are a function's.
  `kprobe:vfs_write /${ECHO}/ { $i = 0; while ($i < 10 && $i < arg2) { $i++; } printf("%d\\n", $i); }`,
  `kprobe:vfs_write /${ECHO}/ { $i = (uint64)0; unroll(3) { $i += arg2; } printf("%d\\n", $i); }`,
  `kprobe:vfs_write /${OWN}/ { if (arg2 == 6) { @six = count(); } else { @other[arg2 > 6] = count(); } }`,
  `kprobe:vfs_write /${ECHO}/ { $t = (arg2, func, (1, 2)); printf("%d\\n", $t.2.1); @ = $t.0; }`,
  `kprobe:vfs_write /${ECHO}/ { @x[1] = arg2; @x[2] = arg2 + 1; @x[3] = arg2 - 1; }`,
] as const;

const FENTRY = [
  `kfunc:vfs_write /${OWN} && args->count == 6/ { printf("%d\\n", args->count); }`,
  `kfunc:vfs_write /${OWN} && args->count == 6/ { printf("%s\\n", str(args->file->${NAME})); }`,
  `kfunc:vfs_write /${OWN} && args->count == 6/ { printf("%r\\n", buf(uptr(args->buf), 6)); }`,
  `kfunc:vfs_write /${OWN} && args->count == 6/ { printf("%o\\n", args->file->f_inode->i_mode); }`,
  `kretfunc:vfs_write /${OWN} && args->count == 6/ { printf("%d of %d\\n", retval, args->count); }`,
  `kretfunc:vfs_write /${OWN} && retval == 6/ { @[str(args->file->${NAME})] = sum(retval); }`,
  `kfunc:do_sys_openat2 /${OWN}/ { @[str(uptr(args->filename))] = count(); }`,
  `kfunc:do_sys_openat2 /${OWN} && str(uptr(args->filename)) == "/dev/null"/ { printf("%d %x %o\\n", args->dfd, args->how->flags, args->how->mode); }`,
  `kretfunc:do_sys_openat2 /${OWN}/ { @[str(uptr(args->filename)), retval >= 0] = count(); }`,
  `kretfunc:do_sys_openat2 /${OWN} && retval < 0/ { @ = min(retval); }`,
  `kfunc:set_fs_pwd /${OWN}/ { printf("%s\\n", str(args->path->dentry->d_name.name)); }`,
  `kfunc:__x64_sys_umask /${OWN}/ { printf("%o\\n", args->regs->di); }`,
  `kretfunc:__x64_sys_umask /${OWN}/ { printf("%o %d\\n", retval, args->regs->di == 23); }`,
  `kretfunc:__x64_sys_kill /${OWN}/ { @[args->regs->di] = sum(retval); }`,
  `kfunc:wake_up_new_task /${OWN}/ { printf("%s %d\\n", args->p->comm, args->p->real_parent->tgid == pid); }`,
  `kfunc:wake_up_new_task /${OWN}/ { @child[args->p->pid] = 1; } kfunc:do_exit /@child[pid]/ { printf("%d\\n", args->code >> 8); delete(@child[pid]); }`,
  `kfunc:vfs_write /${OWN} && args->count == 6/ { @start = nsecs; } kretfunc:vfs_write /${OWN} && args->count == 6/ { printf("%d\\n", nsecs >= @start); clear(@start); }`,
] as const;

const OTHERS = [
  `kfunc:__x64_sys_umas* /${OWN}/ { @[probe] = count(); }`,
  `kretfunc:__x64_sys_umas* /${OWN}/ { @[retval] = count(); }`,
  `kfunc:vfs_write /${OWN}/ { @[probe] = max(args->count); } kfunc:vfs_read /${OWN}/ { @[probe] = max(args->count); }`,
  // Of bpftrace's tutorial.
  `kretprobe:vfs_read /${OWN}/ { @bytes = lhist(retval, 0, 2000, 200); }`,
  `kprobe:vfs_read /${OWN}/ { @start[tid] = nsecs; } kretprobe:vfs_read /@start[tid]/ { @ns[comm] = count(); @ms = lhist((nsecs - @start[tid]) / 1000000, 0, 100000, 100000); delete(@start[tid]); }`,
  `kprobe:vfs_open /${OWN}/ { printf("open path: %s\\n", str(((struct path *)arg0)->dentry->d_name.name)); }`,
  `tracepoint:block:block_rq_issue /${OWN}/ { @ = hist(args->bytes); }`,
  `tracepoint:syscalls:sys_enter_umask /${OWN}/ { printf("%o\\n", args->mask); }`,
  `tracepoint:syscalls:sys_exit_umask /${OWN}/ { printf("%o\\n", args->ret); }`,
  `tracepoint:syscalls:sys_enter_openat /${OWN}/ { @[str(args->filename)] = count(); }`,
  `tracepoint:syscalls:sys_enter_um* /${OWN}/ { @[probe] = count(); }`,
  `tracepoint:sched:sched_process_fork /${OWN}/ { printf("%d %d\\n", args->parent_pid == pid, args->child_pid > pid); }`,
  `tracepoint:raw_syscalls:sys_enter /${OWN} && args->id == 62/ { @[args->args[0]] = count(); }`,
  `uprobe:/lib/x86_64-linux-gnu/libc.so.6:umask /${OWN}/ { printf("%o\\n", arg0); }`,
  `uretprobe:/lib/x86_64-linux-gnu/libc.so.6:umask /${OWN}/ { printf("%o\\n", retval); }`,
] as const;

/** The kernel's modules that the programs need. */
export const MODULES: readonly string[] = ["loop"];

const USER_ARGUMENT = "bpftrace takes the arguments of kprobes for addresses of the kernel, " +
  "where `uptr()` does not say otherwise; gimlet looks in both places";

/** What bpftrace does not know, or does otherwise. */
const DIFFERENCES: readonly Case[] = [
  {
    program: `kprobe:vfs_write /${ECHO}/ { printf("%s|\\n", str(uptr(arg1), 3)); }`,
    later: {
      reason: "in bpftrace 0.23 the length that is given to `str()` has the string's end in it",
      output: "wor|",
    },
  },
  {
    program: `rawtracepoint:sys_enter /${OWN} && arg1 == 95/ { @ = count(); }`,
    difference: { reason: "bpftrace 0.17 ends with an error of its own", output: "@: 3" },
  },
  {
    program: `kfunc:__x64_sys_umask /${OWN}/ { @[func] = count(); }`,
    difference: { reason: "`func` at `kfunc` came later", output: "@[__x64_sys_umask]: 3" },
  },
  {
    program: `kretfunc:vfs_write /${OWN} && retval == 6/ { @[func] = count(); }`,
    difference: { reason: "`func` at `kfunc` came later", output: "@[vfs_write]: 1" },
  },
  {
    program: `kprobe:vfs_write /${ECHO}/ { printf("%s|\\n", str(arg1, 5)); }`,
    difference: { reason: USER_ARGUMENT, output: "words|" },
    later: { reason: USER_ARGUMENT, output: "words|" },
  },
  {
    program: `kprobe:vfs_write /${ECHO}/ { printf("%r\\n", buf(arg1, 6)); }`,
    difference: { reason: USER_ARGUMENT, output: "words\\x0a" },
    later: { reason: USER_ARGUMENT, output: "words\\x0a" },
  },
  {
    program: `kretprobe:vfs_write /${OWN} && retval == 6/ { @[func] = count(); }`,
    difference: {
      reason: "bpftrace 0.17 gives the caller at the return of a function",
      output: "@[vfs_write]: 1",
    },
  },
  {
    program: `kprobe:loop:lo_release /${OWN}/ { @[func] = count(); }`,
    difference: {
      reason: "later versions take a module before a function",
      output: "@[lo_release]: 1",
    },
  },
  {
    program: `kretprobe:loop:lo_release /${OWN}/ { @ = count(); }`,
    difference: { reason: "later versions take a module before a function", output: "@: 1" },
  },
  {
    program: `kprobe:vmlinux:__x64_sys_umask /${OWN}/ { @[func] = count(); }`,
    difference: {
      reason: "later versions take `vmlinux` before a function",
      output: "@[__x64_sys_umask]: 3",
    },
  },
];

/** The order of entries of equal value is not said by the language; that of a stack's lines is. */
function unordered(program: string): Case {
  return program.includes("kstack") ? { program } : { program, unordered: true };
}

/** Whether a program has lists of probes, or wildcards: bpftrace 0.17 loads no other of the same functions beside. */
export function hasLists({ program }: Case): boolean {
  return /^[^/{]*[*,]/.test(program);
}

/** All of them, in groups. */
export const KERNEL_GROUPS: Readonly<Record<string, readonly Case[]>> = {
  kprobes: KPROBES.map(unordered),
  fentry: FENTRY.map(unordered),
  "other probes": OTHERS.map(unordered),
  "other kprobes": DIFFERENCES,
};

/** As versions of bpftrace from 0.21 on spell it: `fentry`, `args.x`. */
export function newSpelling(program: string): string {
  return program.replaceAll("kfunc:", "fentry:").replaceAll("kretfunc:", "fexit:")
    .replaceAll("args->", "args.");
}
