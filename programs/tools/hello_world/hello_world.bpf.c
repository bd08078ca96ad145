// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 1: print a line to the kernel's trace_pipe whenever a process or thread is made. */
#include "gimlet.bpf.h"

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

/* One event, seen in three ways: gimlet takes the first that this kernel has. */

SEC("kprobe")
int on_clone_kprobe(void *ctx)
{
	return hello();
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
