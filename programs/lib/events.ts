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
  raw_syscalls: ["raw_tp:sys_enter"],
  tp_btf: ["tp_btf:sched_process_fork"],
} as const;

/** A call of sync(). It takes no argument, so its function is not in lists of what can be traced; it can be. */
export const SYNC = {
  kprobe: ["syscall:sync"],
  tracepoint: ["tracepoint:syscalls:sys_enter_sync"],
  raw_syscalls: ["raw_tp:sys_enter"],
} as const;

/** A request that is handed to a disk's driver. The programs get its `struct request`, but for that of the tracepoint. */
export const BLOCK_ISSUE = {
  kprobe: ["kprobe:blk_mq_start_request", "kprobe:blk_start_request?"],
  tp_btf: ["tp_btf:block_rq_issue"],
  tracepoint: ["tracepoint:block:block_rq_issue"],
} as const;

/**
 * A request that the disk is done with. On many kernels no function at that place can be probed: those that account for it are
 * inlined, or left out of tracing.
 */
export const BLOCK_DONE = {
  kprobe: ["kprobe:__blk_account_io_done|blk_account_io_done"],
  tp_btf: ["tp_btf:block_rq_complete"],
  tracepoint: ["tracepoint:block:block_rq_complete"],
  kprobe_end: ["kprobe:blk_mq_end_request"],
} as const;

/** From issue to completion: the plans for the programs of `block.bpf.h`. */
export const BLOCK_IO = {
  kprobe: { on_start_request: BLOCK_ISSUE.kprobe, on_request_done: BLOCK_DONE.kprobe },
  tp_btf: { on_rq_issue: BLOCK_ISSUE.tp_btf, on_rq_complete: BLOCK_DONE.tp_btf },
  tracepoint: {
    on_rq_issue_tracepoint: BLOCK_ISSUE.tracepoint,
    on_rq_complete_tracepoint: BLOCK_DONE.tracepoint,
  },
  kprobe_end: { on_start_request: BLOCK_ISSUE.kprobe, on_request_done: BLOCK_DONE.kprobe_end },
} as const;

/** What people have to know of these plans. */
export const BLOCK_IO_NOTES = {
  kprobe_end: "plan kprobe_end misses what disks complete in batches: on NVMe, most requests",
} as const;
