// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 14: count the strings that programs ask the length of, by a probe in user space. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct key_t {
	char c[80];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 10240);
	__type(key, struct key_t);
	__type(value, u64);
} counts SEC(".maps");

SEC("uprobe")
int BPF_KPROBE(on_strlen, const char *string)
{
	struct key_t key = {};
	u64 one = 1, *count;

	if (bpf_probe_read_user_str(key.c, sizeof(key.c), string) < 0)
		return 0;
	count = bpf_map_lookup_elem(&counts, &key);
	if (count)
		*count += 1; /* this CPU's own counter */
	else
		bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
	return 0;
}
