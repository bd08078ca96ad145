/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Block I/O, from the moment a request is handed to the disk's driver until the disk is done with it. These are the programs of
 * lessons 6 and 10: each of those tools includes them, and says in block_done() what becomes of a request that is done.
 *
 * A request is issued in one place and done in another, mostly in an interrupt, when some other task runs. So what is known
 * at its start waits in a hash map, under a key that both ends can tell. The filters hold where it is issued: there the
 * current task is, as a rule, the one that wants the I/O.
 */
#ifndef __BLOCK_BPF_H__
#define __BLOCK_BPF_H__

#include "gimlet.bpf.h"
#include "block_issue.bpf.h"
#include "block_key.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define REQ_WRITE 1 /* the lowest bit of a request's operation: data goes to the disk */

/* What is known of a request when it is issued. On completion many kernels have already counted its size down to 0. */
struct block_io {
	u64 issued; /* ns since boot */
	u64 born; /* when its struct request was taken into use; 0 where that is not known */
	u64 sector;
	u32 dev; /* the disk, major << 20 | minor */
	u32 bytes;
	char op[8]; /* "W" for writing, "R" for reading, "M" for what moves no data, such as a flush */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, struct block_key);
	__type(value, struct block_io);
} in_flight SEC(".maps");

/* The tool's own part. It is called with what was kept at the start, and with the time since then. */
static __always_inline void block_done(const struct block_io *io, u64 latency_ns);

static __always_inline int block_issue(struct block_key *key, struct block_io *io, bool write)
{
	struct block_io *old;

	io->op[0] = write ? 'W' : io->bytes ? 'R' : 'M';
	io->issued = bpf_ktime_get_ns();
	/* A request that the driver could not take is issued again: the last time counts. Any other was done, and not seen so. */
	old = bpf_map_lookup_elem(&in_flight, key);
	if (old && old->born != io->born)
		gimlet_count(GIMLET_RETURN_MISSED);
	if (bpf_map_update_elem(&in_flight, key, io, BPF_ANY))
		gimlet_count(GIMLET_MAP_FULL);
	return 0;
}

/* What was issued before the tool was armed, or is filtered out, is not in the map. */
static __always_inline int block_complete(struct block_key *key, u64 born)
{
	struct block_io *io = bpf_map_lookup_elem(&in_flight, key);

	if (!io)
		return 0;
	/* A struct request is used again and again: where the end of an earlier use was missed, this is not the one. */
	if (io->born == born)
		block_done(io, bpf_ktime_get_ns() - io->issued);
	else
		gimlet_count(GIMLET_RETURN_MISSED);
	bpf_map_delete_elem(&in_flight, key);
	return 0;
}

/* Two ways to see the struct request itself: as the argument of a function, and as that of a tracepoint. */

static __always_inline u32 block_request_dev(struct request *request)
{
	struct gendisk *disk = bpf_core_field_exists(request->rq_disk) ?
				       BPF_CORE_READ(request, rq_disk) :
				       BPF_CORE_READ(request, q, disk);

	return BPF_CORE_READ(disk, major) << 20 | BPF_CORE_READ(disk, first_minor);
}

static __always_inline int block_request_issue(struct request *request)
{
	/* Two requests that live at the same time never share an address. */
	struct block_key key = { .id = (u64)request };
	struct block_io io = {};

	if (!gimlet_wants())
		return 0;
	io.born = BPF_CORE_READ(request, start_time_ns);
	io.sector = BPF_CORE_READ(request, __sector);
	if (io.sector == NO_SECTOR)
		io.sector = 0; /* as the tracepoint says it */
	io.dev = block_request_dev(request);
	io.bytes = BPF_CORE_READ(request, __data_len);
	return block_issue(&key, &io, BPF_CORE_READ(request, cmd_flags) & REQ_WRITE);
}

static __always_inline int block_request_complete(struct request *request)
{
	struct block_key key = { .id = (u64)request };

	return block_complete(&key, BPF_CORE_READ(request, start_time_ns));
}

/* blk_mq_start_request(struct request *), and blk_start_request() of old. */
SEC("kprobe")
int BPF_KPROBE(on_start_request, struct request *request)
{
	return block_request_issue(request);
}

/* __blk_account_io_done(struct request *, …), or what else there is at the end. */
SEC("kprobe")
int BPF_KPROBE(on_request_done, struct request *request)
{
	return block_request_complete(request);
}

SEC("tp_btf/block_rq_issue")
int on_rq_issue(u64 *ctx)
{
	return block_request_issue(issued_request(ctx));
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(on_rq_complete, struct request *request)
{
	return block_request_complete(request);
}

/* What needs no struct request: the tracepoints' own fields. Two requests for one place, at one time, look the same here. */

SEC("tracepoint/block/block_rq_issue")
int on_rq_issue_tracepoint(struct trace_event_raw_block_rq *ctx)
{
	struct block_key key = block_issued_key(ctx);
	struct block_io io = {};
	char rwbs[2] = {};

	if (!gimlet_wants())
		return 0;
	io.sector = ctx->sector;
	io.dev = ctx->dev;
	io.bytes = ctx->bytes;
	/* Such as "WS", "FWFS" or "RA". The first letter tells what is done, but for a flush before it; D is discard. */
	bpf_core_read(rwbs, sizeof(rwbs), &ctx->rwbs);
	if (rwbs[0] == 'F')
		rwbs[0] = rwbs[1];
	return block_issue(&key, &io, rwbs[0] == 'W' || rwbs[0] == 'D');
}

SEC("tracepoint/block/block_rq_complete")
int on_rq_complete_tracepoint(struct trace_event_raw_block_rq_completion *ctx)
{
	struct block_key key = block_completed_key(ctx);

	return block_complete(&key, 0);
}

#endif
