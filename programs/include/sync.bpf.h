/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* How long ago the last sync was: what lessons 4, 5 and 8 share. */
#ifndef __SYNC_BPF_H__
#define __SYNC_BPF_H__

#include "gimlet.bpf.h"

#define NS_PER_MS 1000000ULL
#define NS_PER_SECOND 1000000000ULL

/* The keys of the map. */
#define LAST_TIME 0ULL /* when the last sync was, in ns since boot */
#define LAST_COUNT 1ULL /* how many there have been: lesson 5 */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2);
	__type(key, u64);
	__type(value, u64);
} last SEC(".maps");

/* Puts the ns since the last sync into `delta`, and remembers this one. False for the first: there is none before. */
static __always_inline bool since_last_sync(u64 now, u64 *delta)
{
	u64 key = LAST_TIME;
	u64 *before = bpf_map_lookup_elem(&last, &key);

	if (before) /* without this test the verifier refuses to read *before */
		*delta = now > *before ? now - *before : 0; /* another CPU may have been quicker */
	if (bpf_map_update_elem(&last, &key, &now, BPF_ANY))
		gimlet_count(GIMLET_MAP_FULL);
	return before;
}

#endif
