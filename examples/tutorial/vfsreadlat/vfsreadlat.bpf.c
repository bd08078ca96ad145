// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 11: how long reads take, a histogram for each program, by two probes: where a read begins, and where it returns. */
#include "vmlinux.h"
#include "hist.bpf.h"
#include <bpf/bpf_helpers.h>

#define NS_PER_US 1000ULL

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct key_t {
	char comm[TASK_COMM_LEN];
	u32 slot; /* the last field of a key is the slot of the histogram */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, u64);
	__type(value, u64);
} start SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, struct key_t);
	__type(value, u64);
} dist SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_read")
int on_enter(void *ctx)
{
	u64 id = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();

	bpf_map_update_elem(&start, &id, &now, BPF_ANY);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_read")
int on_exit(void *ctx)
{
	u64 id = bpf_get_current_pid_tgid(), zero = 0, *count, *began = bpf_map_lookup_elem(&start, &id);
	struct key_t key = {};

	if (!began)
		return 0;
	key.slot = gimlet_log2_slot((bpf_ktime_get_ns() - *began) / NS_PER_US);
	bpf_get_current_comm(&key.comm, sizeof(key.comm));
	bpf_map_delete_elem(&start, &id);
	bpf_map_update_elem(&dist, &key, &zero, BPF_NOEXIST);
	count = bpf_map_lookup_elem(&dist, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}
