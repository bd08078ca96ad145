// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 9: two histograms of the sizes of block I/O, summed up in the kernel: no event travels. */
#include "gimlet.bpf.h"
#include "block_issue.bpf.h"
#include "hist.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

GIMLET_LOG2_HIST(dist); /* powers of two, of KiB */
GIMLET_LINEAR_HIST(dist_linear); /* single KiB, up to 63 */

/* The size is read when the request is issued: on completion many kernels have already counted it down to 0. */
static __always_inline int count(u64 bytes)
{
	if (!bytes || !gimlet_wants()) /* a flush moves no data */
		return 0;
	gimlet_hist_add(&dist, gimlet_log2_slot(bytes / 1024));
	gimlet_hist_add(&dist_linear, gimlet_linear_slot(bytes / 1024));
	return 0;
}

/* struct request * is the first argument of blk_mq_start_request(). */
SEC("kprobe")
int BPF_KPROBE(on_start_request, struct request *request)
{
	return count(BPF_CORE_READ(request, __data_len));
}

SEC("tp_btf/block_rq_issue")
int on_rq_issue(u64 *ctx)
{
	return count(issued_request(ctx)->__data_len);
}

SEC("tracepoint/block/block_rq_issue")
int on_rq_issue_tracepoint(struct trace_event_raw_block_rq *ctx)
{
	return count(ctx->bytes);
}
