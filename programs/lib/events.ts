/** Kernel events that several tools trace, and where each is seen. */

/**
 * A new process or thread: the system calls that make one. Which of them a program uses is libc's and the shell's choice
 * (dash forks by vfork, threads and posix_spawn come by clone3), and not every architecture has them all.
 */
export const NEW_TASK = {
  kprobe: ["syscall:clone", "syscall:clone3?", "syscall:fork?", "syscall:vfork?"],
  tracepoint: [
    "tracepoint:syscalls:sys_enter_clone",
    "tracepoint:syscalls:sys_enter_clone3?",
    "tracepoint:syscalls:sys_enter_fork?",
    "tracepoint:syscalls:sys_enter_vfork?",
  ],
  tp_btf: ["tp_btf:sched_process_fork"],
} as const;
