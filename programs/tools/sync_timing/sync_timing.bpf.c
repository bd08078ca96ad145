// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 4: tell when two syncs come within a second. A map keeps the time of the last one: see sync.bpf.h. */
#include "gimlet.bpf.h"
#include "print.bpf.h"
#include "sync.bpf.h"
#include "syscall.bpf.h"

static __always_inline int on_sync(void)
{
	u64 delta;

	if (!gimlet_wants())
		return 0;
	if (since_last_sync(bpf_ktime_get_ns(), &delta) && delta < NS_PER_SECOND)
		gimlet_print("last %llu ms ago", delta / NS_PER_MS);
	return 0;
}

SEC("kprobe")
int on_sync_kprobe(void *ctx)
{
	return on_sync();
}

/* All system calls pass here: this program is run by each, and asks which one it is. */
SEC("tp_btf/sys_enter")
int BPF_PROG(on_sys_enter, struct pt_regs *regs, long number)
{
	return is_sync(number) ? on_sync() : 0;
}

SEC("tracepoint")
int on_sync_tracepoint(void *ctx)
{
	return on_sync();
}
