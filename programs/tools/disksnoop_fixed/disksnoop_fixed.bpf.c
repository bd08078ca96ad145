// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 13: disksnoop by two tracepoints, whose arguments the kernel promises to keep; no struct request is looked into. */
#include "block_key.bpf.h"
#include "gimlet.bpf.h"
#include "ring.bpf.h"

struct disk_event {
	u64 ts; /* in the map when it was issued, in the ring when it was done; ns since boot */
	u64 latency_ns;
	u64 sector;
	u32 dev; /* the disk, major << 20 | minor */
	u32 bytes;
	char rwbs[16]; /* the kernel's letters: R read, W write, D discard, F flush, S synchronous, M metadata, … */
};

/* The tracepoints do not tell which struct request it is: the place on the disk is the next best name of a request. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, struct block_key);
	__type(value, struct disk_event);
} start SEC(".maps");

GIMLET_RING(events, struct disk_event);

/* ctx holds the fields that /sys/kernel/tracing/events/block/block_rq_issue/format lists; CO-RE finds where each is. */
SEC("tracepoint/block/block_rq_issue")
int on_rq_issue(struct trace_event_raw_block_rq *ctx)
{
	struct block_key key = block_issued_key(ctx);
	struct disk_event event = {};

	if (!gimlet_wants())
		return 0;
	event.sector = ctx->sector;
	event.dev = ctx->dev;
	event.bytes = ctx->bytes; /* the other tracepoint has no such field */
	bpf_core_read_str(event.rwbs, sizeof(event.rwbs), &ctx->rwbs);
	event.ts = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&start, &key, &event, BPF_ANY))
		gimlet_count(GIMLET_MAP_FULL);
	return 0;
}

SEC("tracepoint/block/block_rq_complete")
int on_rq_complete(struct trace_event_raw_block_rq_completion *ctx)
{
	struct block_key key = block_completed_key(ctx);
	struct disk_event event, *issued = bpf_map_lookup_elem(&start, &key);

	if (!issued)
		return 0; /* issued before this tool was armed, or filtered out */
	event = *issued;
	bpf_map_delete_elem(&start, &key);
	event.latency_ns = bpf_ktime_get_ns() - event.ts;
	event.ts += event.latency_ns;
	gimlet_ring_output(&events, &event, sizeof(event));
	return 0;
}
