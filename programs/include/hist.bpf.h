/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Histograms: arrays of counters, one array for each CPU, so that counting neither waits nor loses. */
#ifndef __HIST_BPF_H__
#define __HIST_BPF_H__

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define GIMLET_LOG2_SLOTS 65 /* slot i counts 2^(i-1) … 2^i - 1; slot 1 counts 0 as well */
#define GIMLET_LINEAR_SLOTS 65 /* slot i counts the value i; the last one all that are larger */

#define GIMLET_HIST(name, slots)                         \
	struct {                                         \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); \
		__uint(max_entries, slots);              \
		__type(key, __u32);                      \
		__type(value, __u64);                    \
	} name SEC(".maps")

#define GIMLET_LOG2_HIST(name) GIMLET_HIST(name, GIMLET_LOG2_SLOTS)
#define GIMLET_LINEAR_HIST(name) GIMLET_HIST(name, GIMLET_LINEAR_SLOTS)

/* The slot of a value: the number of its binary digits, and 1 for 0. */
static __always_inline __u32 gimlet_log2_slot(__u64 value)
{
	__u32 slot = 1;

	if (value >> 32) { value >>= 32; slot += 32; }
	if (value >> 16) { value >>= 16; slot += 16; }
	if (value >> 8) { value >>= 8; slot += 8; }
	if (value >> 4) { value >>= 4; slot += 4; }
	if (value >> 2) { value >>= 2; slot += 2; }
	if (value >> 1) slot += 1;
	return slot;
}

static __always_inline __u32 gimlet_linear_slot(__u64 value)
{
	return value < GIMLET_LINEAR_SLOTS - 1 ? value : GIMLET_LINEAR_SLOTS - 1;
}

static __always_inline void gimlet_hist_add(void *hist, __u32 slot)
{
	__u64 *count = bpf_map_lookup_elem(hist, &slot);

	if (count)
		*count += 1;
}

#endif
