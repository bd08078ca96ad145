/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Ring buffers: one buffer for all CPUs, whose records arrive in the order in which they were made. */
#ifndef __RING_BPF_H__
#define __RING_BPF_H__

#include "gimlet.bpf.h"

#define GIMLET_RING_BYTES (1 << 23)
/* So many unread bytes wake the reader; and so many more do it again, should the first call have been missed. */
#define GIMLET_RING_FULL_ENOUGH (GIMLET_RING_BYTES / 8)
#define GIMLET_RING_CALL_AGAIN (GIMLET_RING_BYTES / 64)
/* What a record takes at most beside its bytes: its header, and what makes it a multiple of 8. */
#define GIMLET_RING_OVERHEAD 15

/* A ring buffer that carries records of this type. */
#define GIMLET_RING(name, record)                       \
	struct {                                        \
		__uint(type, BPF_MAP_TYPE_RINGBUF);     \
		__uint(max_entries, GIMLET_RING_BYTES); \
	} name SEC(".maps");                            \
	GIMLET_EVENT(name, record)

/*
 * Waking the reader costs more than the record. It looks by itself every few ms, so it is woken only when the ring fills up
 * faster than that, and then not by every record.
 */
static __always_inline u64 gimlet_ring_flags(void *ring, u64 size)
{
	u64 unread = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);

	if (unread < GIMLET_RING_FULL_ENOUGH)
		return BPF_RB_NO_WAKEUP;
	return unread % GIMLET_RING_CALL_AGAIN < size + GIMLET_RING_OVERHEAD ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

/* Puts a record into a ring. A full one refuses it: it is lost then, and counted. */
static __always_inline void gimlet_ring_output(void *ring, void *record, u64 size)
{
	if (bpf_ringbuf_output(ring, record, size, gimlet_ring_flags(ring, size)))
		gimlet_count(GIMLET_BUFFER_FULL);
}

#endif
