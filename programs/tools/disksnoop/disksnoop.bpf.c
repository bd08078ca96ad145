// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 6: time each request to a disk. How its start and its end find each other is in block.bpf.h. */
#include "block.bpf.h"
#include "ring.bpf.h"

struct disk_event {
	u64 ts; /* when it was done, in ns since boot */
	u64 latency_ns;
	u64 sector;
	u32 dev; /* the disk, major << 20 | minor */
	u32 bytes;
	char op[8]; /* "W", "R" or "M" */
};

GIMLET_RING(events, struct disk_event);

static __always_inline void block_done(const struct block_io *io, u64 latency_ns)
{
	struct disk_event event = {
		.ts = io->issued + latency_ns,
		.latency_ns = latency_ns,
		.sector = io->sector,
		.dev = io->dev,
		.bytes = io->bytes,
		.op = { io->op[0] },
	};

	gimlet_ring_output(&events, &event, sizeof(event));
}
