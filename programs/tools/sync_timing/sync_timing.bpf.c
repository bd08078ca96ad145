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
SEC("raw_tp/sys_enter")
int on_sys_enter(struct sys_enter *ctx)
{
	return is_sync(ctx) ? on_sync() : 0;
}

SEC("tracepoint")
int on_sync_tracepoint(void *ctx)
{
	return on_sync();
}
