// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 5: count all syncs, quick and slow, under a second key of the map that keeps the last one's time. */
#include "gimlet.bpf.h"
#include "print.bpf.h"
#include "sync.bpf.h"
#include "syscall.bpf.h"

/* The number of syncs so far, this one included. */
static __always_inline u64 count_sync(void)
{
	u64 key = LAST_COUNT, zero = 0, *count;

	/* Who is first makes the key; for all others this fails, as it should. */
	bpf_map_update_elem(&last, &key, &zero, BPF_NOEXIST);
	count = bpf_map_lookup_elem(&last, &key);
	if (!count) {
		gimlet_count(GIMLET_MAP_FULL);
		return 0;
	}
	/* All CPUs share this counter, so it takes an atomic addition: a plain one could lose a sync of another CPU. */
	__sync_fetch_and_add(count, 1);
	return *count;
}

static __always_inline int on_sync(void)
{
	u64 delta, count;

	if (!gimlet_wants())
		return 0;
	count = count_sync();
	if (since_last_sync(bpf_ktime_get_ns(), &delta))
		gimlet_print("last %llu ms ago, count %llu", delta / NS_PER_MS, count);
	else
		gimlet_print("first sync, count %llu", count);
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
