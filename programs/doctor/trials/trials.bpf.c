// SPDX-License-Identifier: MIT OR GPL-2.0
/* A program of each kind, as small as can be: whether it loads and attaches says whether its kind works here. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("kprobe")
int on_kprobe(void *ctx)
{
	return 0;
}

SEC("kprobe.multi")
int on_kprobe_multi(void *ctx)
{
	return 0;
}

/* A function that every kernel has, and that seldom runs. */
SEC("fentry/vfs_fsync")
int on_fentry(void *ctx)
{
	return 0;
}

SEC("tp_btf/sched_process_exec")
int on_tp_btf(void *ctx)
{
	return 0;
}

SEC("tp")
int on_tracepoint(void *ctx)
{
	return 0;
}

SEC("raw_tp")
int on_raw_tracepoint(void *ctx)
{
	return 0;
}

SEC("uprobe")
int on_uprobe(void *ctx)
{
	return 0;
}

SEC("perf_event")
int on_perf_event(void *ctx)
{
	return 0;
}

SEC("iter/task")
int on_task(void *ctx)
{
	return 0;
}
