// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 16: count how often a CPU goes from one task to another, for each pair of tasks. */
#include "gimlet.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* The kernel's pids: user space says thread ids. 0 is a CPU with nothing to do. */
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

static __always_inline int count(u32 prev_pid, u32 curr_pid)
{
	struct key_t key = { .prev_pid = prev_pid, .curr_pid = curr_pid };
	u64 one = 1, *val;

	if (!gimlet_wants())
		return 0;
	val = bpf_map_lookup_elem(&stats, &key);
	if (val)
		*val += 1; /* this CPU's own counter */
	else if (bpf_map_update_elem(&stats, &key, &one, BPF_ANY))
		gimlet_count(GIMLET_MAP_FULL);
	return 0;
}

/* The new task runs already, and finds out from whom it got the CPU: that is this function's argument. */
SEC("kprobe")
int BPF_KPROBE(on_switched, struct task_struct *prev)
{
	return count(BPF_CORE_READ(prev, pid), bpf_get_current_pid_tgid());
}

/* A moment earlier: the old task is still the current one. */

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	return count(prev->pid, next->pid);
}

SEC("tracepoint")
int on_switch_tracepoint(struct trace_event_raw_sched_switch *ctx)
{
	return count(ctx->prev_pid, ctx->next_pid);
}
