// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 7: hand a struct to user space, through a perf buffer of our own, whenever a process or thread is made. */
#include "vmlinux.h"
#include "event.bpf.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct data_t {
	u32 pid; /* of the thread, as the kernel counts */
	u64 ts; /* ns since boot */
	char comm[TASK_COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} events SEC(".maps");
GIMLET_EVENT(events, struct data_t);

SEC("tp_btf/sched_process_fork")
int hello(void *ctx)
{
	struct data_t data = {};

	data.pid = bpf_get_current_pid_tgid();
	data.ts = bpf_ktime_get_ns();
	bpf_get_current_comm(&data.comm, sizeof(data.comm));
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &data, sizeof(data));
	return 0;
}
