// SPDX-License-Identifier: MIT OR GPL-2.0
/* One record for each getppid() of the processes that are asked for, into a ring or a perf buffer: to see what gets through. */
#include "gimlet.bpf.h"

struct record_t {
	u64 number; /* counts on each CPU by itself */
	u64 ts; /* ns since boot */
	u32 cpu;
	u32 pid;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} ring SEC(".maps");
GIMLET_EVENT(ring, struct record_t);

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} perf SEC(".maps");
GIMLET_EVENT(perf, struct record_t);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} produced SEC(".maps");

static __always_inline bool fill(struct record_t *record)
{
	u32 zero = 0;
	u64 *count = bpf_map_lookup_elem(&produced, &zero);

	if (!count)
		return false;
	record->number = (*count)++;
	record->ts = bpf_ktime_get_ns();
	record->cpu = bpf_get_smp_processor_id();
	record->pid = gimlet_pid_tgid();
	return true;
}

SEC("tracepoint/syscalls/sys_enter_getppid")
int into_ring(void *ctx)
{
	struct record_t record = {};

	if (!gimlet_wants() || !fill(&record))
		return 0;
	if (bpf_ringbuf_output(&ring, &record, sizeof(record), 0))
		gimlet_count(GIMLET_BUFFER_FULL);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_getppid")
int into_perf(void *ctx)
{
	struct record_t record = {};

	if (!gimlet_wants() || !fill(&record))
		return 0;
	if (bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, &record, sizeof(record)))
		gimlet_count(GIMLET_BUFFER_FULL);
	return 0;
}
