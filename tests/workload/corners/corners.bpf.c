// SPDX-License-Identifier: MIT OR GPL-2.0
/* Maps that programs read what user space puts in: counters, cgroups, sockets. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define BPF_MAP_TYPE_CGROUP_ARRAY 8
#define BPF_MAP_TYPE_SOCKHASH 18
#define BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB 4

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* The contexts of these programs: user-space ABI, which does not move. */
struct bpf_sock_ops {
	u32 op, args[4], family, remote_ip4, local_ip4, remote_ip6[4], local_ip6[4], remote_port, local_port;
};

struct sk_msg_md;

const volatile u32 tgid = 0; /* who makes the system call that the programs wait for */
const volatile u32 port = 0;

u64 counter;
s64 under;
u32 messages;

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} groups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, u64);
} sockets SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_getppid")
int on_getppid(void *ctx)
{
	if (bpf_get_current_pid_tgid() >> 32 != tgid)
		return 0;
	counter = bpf_perf_event_read(&counters, BPF_F_CURRENT_CPU);
	under = bpf_current_task_under_cgroup(&groups, 0);
	return 0;
}

SEC("sockops")
int on_socket(struct bpf_sock_ops *ctx)
{
	u32 key = 0;

	if (ctx->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB && __builtin_bswap32(ctx->remote_port) == port)
		bpf_sock_hash_update(ctx, &sockets, &key, BPF_ANY);
	return 1;
}

SEC("sk_msg")
int on_message(struct sk_msg_md *ctx)
{
	__sync_fetch_and_add(&messages, 1);
	return 1; /* SK_PASS */
}
