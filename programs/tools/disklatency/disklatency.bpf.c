// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 10: a histogram of the time that disks take. Lesson 6 times the requests, lesson 9 counts them in the kernel. */
#include "block.bpf.h"
#include "hist.bpf.h"

const volatile u64 ns_per_unit = 1000000; /* set by user space before loading: a constant for the verifier */

GIMLET_LOG2_HIST(dist);

static __always_inline void block_done(const struct block_io *io, u64 latency_ns)
{
	gimlet_hist_add(&dist, gimlet_log2_slot(latency_ns / ns_per_unit));
}
