// SPDX-License-Identifier: MIT OR GPL-2.0
/* A TCP congestion control of programs: it lets all through, and counts the connections that it was asked for. */
#include "gimlet.bpf.h"
#include <bpf/bpf_tracing.h>

struct sock;

struct tcp_congestion_ops {
	void (*init)(struct sock *sk);
	u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, u32 ack, u32 acked);
	u32 (*undo_cwnd)(struct sock *sk);
	char name[16];
};

volatile u64 connections = 0;

SEC("struct_ops/gimlet_init")
void BPF_PROG(gimlet_init, struct sock *sk)
{
	__sync_fetch_and_add(&connections, 1);
}

SEC("struct_ops/gimlet_ssthresh")
u32 BPF_PROG(gimlet_ssthresh, struct sock *sk)
{
	return 2;
}

SEC("struct_ops/gimlet_cong_avoid")
void BPF_PROG(gimlet_cong_avoid, struct sock *sk, u32 ack, u32 acked)
{
}

SEC("struct_ops/gimlet_undo_cwnd")
u32 BPF_PROG(gimlet_undo_cwnd, struct sock *sk)
{
	return 10;
}

SEC(".struct_ops")
struct tcp_congestion_ops congestion = {
	.init = (void *)gimlet_init,
	.ssthresh = (void *)gimlet_ssthresh,
	.cong_avoid = (void *)gimlet_cong_avoid,
	.undo_cwnd = (void *)gimlet_undo_cwnd,
	.name = "gimlet_test",
};
