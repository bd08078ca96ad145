// SPDX-License-Identifier: MIT OR GPL-2.0
/* A program for each place that programs attach to: each counts what passes there. */
#include "gimlet.bpf.h"
#include <bpf/usdt.bpf.h>

#define NR_GETPGID_X86 121
#define NR_GETPGID_ARM64 155
#define UDP 17
#define ETH_IPV4 8 /* 0x0800 in network byte order, read as it lies */
#define ETH_SIZE 14
#define IP_SIZE 20
#define PAGE 4096
#define PACKET_HOST 0

#if defined(__TARGET_ARCH_x86)
#define NR_GETPGID NR_GETPGID_X86
#else
#define NR_GETPGID NR_GETPGID_ARM64
#endif

/* The contexts of programs that see packets: user-space ABI, which does not move. */
struct __sk_buff {
	u32 len, pkt_type;
};

struct xdp_md {
	u32 data, data_end;
};

struct bpf_sk_lookup {
	u64 sk;
	u32 family, protocol, remote_ip4, remote_ip6[4], remote_port, local_ip4, local_ip6[4], local_port;
};

struct bpf_perf_event_data {
	bpf_user_pt_regs_t regs;
	u64 sample_period, addr;
};

struct seq_file;
struct bpf_map;

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key, *value;
} __attribute__((preserve_access_index));

struct kernfs_node {
	u64 id;
} __attribute__((preserve_access_index));

struct cgroup {
	struct kernfs_node *kn;
} __attribute__((preserve_access_index));

struct bpf_iter__cgroup {
	struct bpf_iter_meta *meta;
	struct cgroup *cgroup;
} __attribute__((preserve_access_index));

volatile u64 hits = 0;
volatile u64 cookie = 0;
const volatile u16 port = 0;
const volatile u64 memory = 0; /* where pages fault that are counted, */
const volatile u64 pages = 0; /* and how many */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 5);
	__type(key, u32);
	__type(value, u64);
} numbers SEC(".maps");

static __always_inline void count(void)
{
	__sync_fetch_and_add(&hits, 1);
}

/* What happens to the workload, and the cookie of the link by which it was seen. */
static __always_inline int count_with_cookie(void *ctx)
{
	if (!gimlet_wants())
		return 0;
	cookie = bpf_get_attach_cookie(ctx);
	count();
	return 0;
}

static __always_inline int count_without_cookie(void)
{
	if (gimlet_wants())
		count();
	return 0;
}

SEC("kprobe")
int on_kprobe(void *ctx)
{
	return count_with_cookie(ctx);
}

SEC("kprobe/security_task_getpgid")
int on_kprobe_section(void *ctx)
{
	return count_with_cookie(ctx);
}

SEC("kprobe.multi")
int on_kprobe_multi(void *ctx)
{
	return count_with_cookie(ctx);
}

SEC("ksyscall")
int on_ksyscall(void *ctx)
{
	return count_with_cookie(ctx);
}

SEC("tp/syscalls/sys_enter_getpgid")
int on_tracepoint(void *ctx)
{
	return count_with_cookie(ctx);
}

SEC("raw_tp")
int on_raw_tracepoint(u64 *ctx)
{
	return ctx[1] == NR_GETPGID ? count_without_cookie() : 0;
}

SEC("raw_tp")
int on_raw_tracepoint_cookie(u64 *ctx)
{
	return ctx[1] == NR_GETPGID ? count_with_cookie(ctx) : 0;
}

SEC("tp_btf/sys_enter")
int on_tp_btf(u64 *ctx)
{
	return ctx[1] == NR_GETPGID ? count_without_cookie() : 0;
}

SEC("tp_btf/sys_enter")
int on_tp_btf_cookie(u64 *ctx)
{
	return ctx[1] == NR_GETPGID ? count_with_cookie(ctx) : 0;
}

SEC("fentry/security_task_getpgid")
int on_fentry(void *ctx)
{
	return count_with_cookie(ctx);
}

SEC("fexit")
int on_fexit(void *ctx)
{
	return count_with_cookie(ctx);
}

SEC("fmod_ret/security_task_getpgid")
int on_fmod_ret(void *ctx)
{
	return count_without_cookie();
}

SEC("lsm/task_getpgid")
int on_lsm(void *ctx)
{
	return count_without_cookie();
}

SEC("uprobe")
int on_uprobe(void *ctx)
{
	return count_with_cookie(ctx);
}

SEC("usdt")
int on_usdt(struct pt_regs *ctx)
{
	if (!gimlet_wants())
		return 0;
	cookie = bpf_usdt_cookie(ctx);
	count();
	return 0;
}

SEC("perf_event")
int on_perf_event(struct bpf_perf_event_data *ctx)
{
	if (ctx->addr < memory || ctx->addr >= memory + pages * PAGE)
		return 0;
	return count_with_cookie(ctx);
}

SEC("iter/task")
int on_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task)
		BPF_SEQ_PRINTF(ctx->meta->seq, "%d\n", task->pid);
	return 0;
}

SEC("iter/cgroup")
int on_cgroup_entry(struct bpf_iter__cgroup *ctx)
{
	struct cgroup *cgroup = ctx->cgroup;

	if (cgroup)
		BPF_SEQ_PRINTF(ctx->meta->seq, "%llu\n", cgroup->kn->id);
	return 0;
}

SEC("iter/bpf_map_elem")
int on_map_entry(struct bpf_iter__bpf_map_elem *ctx)
{
	u32 *key = ctx->key;
	u64 *value = ctx->value;

	if (key && value)
		BPF_SEQ_PRINTF(ctx->meta->seq, "%d: %llu\n", *key, *value);
	return 0;
}

/* Whether a packet is one of the workload's: `at` is where its IP header lies. */
static __always_inline bool is_ours(struct __sk_buff *skb, u32 at)
{
	u8 protocol = 0, to[2] = {};

	if (bpf_skb_load_bytes(skb, at + 9, &protocol, sizeof(protocol)) || protocol != UDP)
		return false;
	if (bpf_skb_load_bytes(skb, at + IP_SIZE + 2, to, sizeof(to)))
		return false;
	return (to[0] << 8 | to[1]) == port;
}

/* A packet of this machine to itself passes twice, as it goes out and as it comes in. */
SEC("socket")
int on_socket(struct __sk_buff *skb)
{
	if (skb->pkt_type != PACKET_HOST || !is_ours(skb, ETH_SIZE))
		return 0;
	count();
	return skb->len;
}

SEC("tc")
int on_tc(struct __sk_buff *skb)
{
	if (is_ours(skb, ETH_SIZE))
		count();
	return -1; /* TC_ACT_UNSPEC: what the next one says */
}

SEC("cgroup_skb/egress")
int on_cgroup(struct __sk_buff *skb)
{
	if (is_ours(skb, 0))
		count();
	return 1;
}

SEC("sk_lookup")
int on_sk_lookup(struct bpf_sk_lookup *ctx)
{
	if (ctx->protocol == UDP && ctx->local_port == port)
		count();
	return 1; /* SK_PASS */
}

/* What to do with a packet: another program can take the place of this function. */
__attribute__((noinline)) int verdict(struct xdp_md *ctx)
{
	u8 *packet = (void *)(long)ctx->data;
	volatile int pass = 2; /* XDP_PASS; volatile, or the compiler tells the caller what this always returns */

	if (packet + ETH_SIZE + IP_SIZE + 8 > (u8 *)(long)ctx->data_end)
		return pass;
	if (*(u16 *)(packet + 12) != ETH_IPV4 || packet[ETH_SIZE + 9] != UDP)
		return pass;
	if ((packet[ETH_SIZE + IP_SIZE + 2] << 8 | packet[ETH_SIZE + IP_SIZE + 3]) == port)
		count();
	return pass;
}

SEC("xdp")
int on_xdp(struct xdp_md *ctx)
{
	return verdict(ctx);
}

SEC("freplace")
int in_place_of_verdict(struct xdp_md *ctx)
{
	return 1; /* XDP_DROP */
}

/* Run by testRun() only: it answers in its context. */
SEC("syscall")
int on_test_run(u64 *ctx)
{
	ctx[1] = ctx[0] + 1;
	return 41;
}
