// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 4: tell when two syncs come within a second. A map keeps the time of the last one. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define NS_PER_MS 1000000ULL
#define NS_PER_SECOND 1000000000ULL

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} last SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_sync")
int on_sync(void *ctx)
{
	u32 key = 0;
	u64 now = bpf_ktime_get_ns(), *before = bpf_map_lookup_elem(&last, &key);

	if (before && now - *before < NS_PER_SECOND)
		bpf_printk("multiple syncs detected, last %llu ms ago", (now - *before) / NS_PER_MS);
	bpf_map_update_elem(&last, &key, &now, BPF_ANY);
	return 0;
}
