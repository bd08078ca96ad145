// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 1: print a line to the kernel's trace_pipe whenever a process or thread is made. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("tp_btf/sched_process_fork")
int hello(void *ctx)
{
	bpf_printk("Hello, World!");
	return 0;
}
