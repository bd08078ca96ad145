/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What the tracepoints of block I/O tell of a request, so that its start and its end find each other. */
#ifndef __BLOCK_KEY_BPF_H__
#define __BLOCK_KEY_BPF_H__

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define NO_SECTOR (~0ULL) /* a flush has no place on the disk */

/* What tells a request in flight from all others. It has no holes: they would be part of the key, and nobody sets them. */
struct block_key {
	u64 id; /* its first sector; or the address of its struct request, where that is known */
	u64 dev; /* the disk of that sector, major << 20 | minor */
};

static __always_inline struct block_key block_issued_key(struct trace_event_raw_block_rq *ctx)
{
	struct block_key key = { .dev = ctx->dev, .id = ctx->sector };

	/* A flush is issued at sector 0 and completed at -1, by these tracepoints. It is no neighbour of what goes to sector 0. */
	if (!ctx->nr_sector)
		key.id = NO_SECTOR;
	return key;
}

/* The type of these fields has two names: the kernels that have the first do not have the second. */
static __always_inline struct block_key
block_completed_key(struct trace_event_raw_block_rq_completion *ctx)
{
	struct trace_event_raw_block_rq_complete *old = (void *)ctx;
	struct block_key key = {};

	if (bpf_core_type_exists(struct trace_event_raw_block_rq_completion)) {
		key.id = BPF_CORE_READ(ctx, sector);
		key.dev = BPF_CORE_READ(ctx, dev);
	} else {
		key.id = BPF_CORE_READ(old, sector);
		key.dev = BPF_CORE_READ(old, dev);
	}
	return key;
}

#endif
