// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 9: a histogram of the sizes of block I/O, summed up in the kernel: no event travels. */
#include "vmlinux.h"
#include "hist.bpf.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

const volatile u32 disk = 0; /* major << 20 | minor, as the kernel has it; 0 for all */

GIMLET_LOG2_HIST(dist); /* powers of two, of KiB */

SEC("tracepoint/block/block_rq_issue")
int on_issue(struct trace_event_raw_block_rq *ctx)
{
	if (ctx->bytes && (!disk || ctx->dev == disk)) /* a flush moves no data */
		gimlet_hist_add(&dist, gimlet_log2_slot(ctx->bytes / 1024));
	return 0;
}
