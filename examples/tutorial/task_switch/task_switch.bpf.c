// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 16: count how often a CPU goes from one task to another, for each pair of tasks. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct key_t {
	u32 prev_pid;
	u32 curr_pid;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 10240);
	__type(key, struct key_t);
	__type(value, u64);
} stats SEC(".maps");

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct key_t key = { .prev_pid = prev->pid, .curr_pid = next->pid };
	u64 one = 1, *count = bpf_map_lookup_elem(&stats, &key);

	if (count)
		*count += 1; /* this CPU's own counter */
	else
		bpf_map_update_elem(&stats, &key, &one, BPF_ANY);
	return 0;
}
