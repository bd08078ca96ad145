// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 1: print a line to the kernel's trace_pipe whenever a process or thread is made. */
#include "gimlet.bpf.h"
#include "syscall.bpf.h"

static __always_inline int hello(void)
{
	if (!gimlet_wants())
		return 0;
	/* The line goes to a buffer that every program of the machine shares. It has our text and what the kernel adds. */
	if (bpf_printk("Hello, World!") < 0)
		gimlet_count(GIMLET_PRINT_FAILED);
	else
		gimlet_count(GIMLET_PRINTED);
	return 0;
}

/* One event, seen in four ways: gimlet takes the first that this kernel has. */

SEC("kprobe")
int on_clone_kprobe(void *ctx)
{
	return hello();
}

/* All system calls pass here: this program is run by each, and asks which one it is. */
SEC("raw_tp/sys_enter")
int on_sys_enter(struct sys_enter *ctx)
{
	return makes_task(ctx) ? hello() : 0;
}

SEC("tracepoint")
int on_clone_tracepoint(void *ctx)
{
	return hello();
}

SEC("tp_btf/sched_process_fork")
int on_fork(void *ctx)
{
	return hello();
}
