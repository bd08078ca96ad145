/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Ring buffers: one buffer for all CPUs, whose records arrive in the order in which they were made. */
#ifndef __RING_BPF_H__
#define __RING_BPF_H__

#include "gimlet.bpf.h"

#define GIMLET_RING_BYTES (1 << 20)

/* A ring buffer that carries records of this type. */
#define GIMLET_RING(name, record)                       \
	struct {                                        \
		__uint(type, BPF_MAP_TYPE_RINGBUF);     \
		__uint(max_entries, GIMLET_RING_BYTES); \
	} name SEC(".maps");                            \
	GIMLET_EVENT(name, record)

/*
 * Waking the reader costs more than the record. It looks by itself every few ms, so it is woken only when the ring fills up
 * faster than that.
 */
static __always_inline u64 gimlet_ring_flags(void *ring)
{
	u64 unread = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);

	return unread < GIMLET_RING_BYTES / 4 ? BPF_RB_NO_WAKEUP : BPF_RB_FORCE_WAKEUP;
}

/* Puts a record into a ring. A full one refuses it: it is lost then, and counted. */
static __always_inline void gimlet_ring_output(void *ring, void *record, u64 size)
{
	if (bpf_ringbuf_output(ring, record, size, gimlet_ring_flags(ring)))
		gimlet_count(GIMLET_BUFFER_FULL);
}

#endif
