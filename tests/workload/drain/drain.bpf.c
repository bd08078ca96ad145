// SPDX-License-Identifier: MIT OR GPL-2.0
/* A million records at once, into a ring or a perf buffer: to see what emitting them costs, and what reading them does. */
#include "gimlet.bpf.h"

struct event_t {
	u32 pid;
	u64 ts; /* ns since boot */
	char comm[TASK_COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 26);
} ring SEC(".maps");
GIMLET_EVENT(ring, struct event_t);

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} perf SEC(".maps");
GIMLET_EVENT(perf, struct event_t);

static __always_inline void fill(struct event_t *event)
{
	event->pid = bpf_get_current_pid_tgid();
	event->ts = bpf_ktime_get_ns();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
}

static long emit(u32 i, void *context)
{
	struct event_t event = {};

	fill(&event);
	if (bpf_ringbuf_output(&ring, &event, sizeof(event), BPF_RB_NO_WAKEUP))
		gimlet_count(GIMLET_BUFFER_FULL);
	return 0;
}

/* By itself, as often as it is told: nothing but the program is paid for. */
SEC("syscall")
int fill_ring(u32 *count)
{
	bpf_loop(*count, emit, NULL, 0);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_getppid")
int into_perf(void *ctx)
{
	struct event_t event = {};

	if (!gimlet_wants())
		return 0;
	fill(&event);
	if (bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, &event, sizeof(event)))
		gimlet_count(GIMLET_BUFFER_FULL);
	return 0;
}
