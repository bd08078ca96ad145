// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 11: how long reads take, by two probes: where the kernel's vfs_read() begins, and where it returns. */
#include "gimlet.bpf.h"
#include "hist.bpf.h"
#include "syscall.bpf.h"

#define NS_PER_US 1000ULL

/* When the read that a thread is in began. A thread reads one thing at a time, so its id is the key. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, u64);
	__type(value, u64);
} start SEC(".maps");

GIMLET_LOG2_HIST(dist); /* powers of two, of µs */

static __always_inline int begin(void)
{
	u64 id = bpf_get_current_pid_tgid(), now;

	if (!gimlet_wants())
		return 0;
	/* A kretprobe has room for a few calls at a time only. A return that it has missed shows here. */
	if (bpf_map_lookup_elem(&start, &id))
		gimlet_count(GIMLET_RETURN_MISSED);
	now = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&start, &id, &now, BPF_ANY))
		gimlet_count(GIMLET_MAP_FULL);
	return 0;
}

/* Whether a read is wanted was asked when it began: what is not in the map is somebody else's, or older than the tracer. */
static __always_inline int end(void)
{
	u64 id = bpf_get_current_pid_tgid();
	u64 *began = bpf_map_lookup_elem(&start, &id);

	if (!began)
		return 0;
	gimlet_hist_add(&dist, gimlet_log2_slot((bpf_ktime_get_ns() - *began) / NS_PER_US));
	bpf_map_delete_elem(&start, &id);
	return 0;
}

SEC("kprobe")
int on_read_kprobe(void *ctx)
{
	return begin();
}

SEC("kretprobe")
int on_return_kretprobe(void *ctx)
{
	return end();
}

/* The same two places through BTF: the kernel calls these programs directly, which costs a fraction of a kprobe. */

SEC("fentry/vfs_read")
int on_read_fentry(void *ctx)
{
	return begin();
}

SEC("fexit/vfs_read")
int on_return_fexit(void *ctx)
{
	return end();
}

/* The system calls that lead there: first where all of them pass, each program asking which one it is. */

static __always_inline bool is_read(int number)
{
	return number == SYS_READ || number == SYS_PREAD64;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_sys_enter, struct pt_regs *regs, long number)
{
	return is_read(number) && !is_compat_syscall((void *)regs) ? begin() : 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long result)
{
	return is_read(syscall_returning(regs)) ? end() : 0;
}

SEC("tracepoint")
int on_read_tracepoint(void *ctx)
{
	return begin();
}

SEC("tracepoint")
int on_return_tracepoint(void *ctx)
{
	return end();
}
