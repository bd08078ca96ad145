// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 14: count the strings that programs ask the length of, by a probe in user space. */
#include "gimlet.bpf.h"
#include <bpf/bpf_tracing.h>

struct key_t {
	char c[80]; /* the string's first bytes; the 80th is always its NUL */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 10240);
	__type(key, struct key_t);
	__type(value, u64);
} counts SEC(".maps");

/* The first argument of strlen() is in a register; what it points to is in the memory of the traced program. */
SEC("uprobe")
int BPF_KPROBE(on_strlen, const char *string)
{
	struct key_t key = {};
	u64 one = 1, *count;

	if (!gimlet_wants())
		return 0;
	if (bpf_probe_read_user_str(key.c, sizeof(key.c), string) < 0) {
		gimlet_count(GIMLET_READ_FAULT);
		return 0;
	}
	count = bpf_map_lookup_elem(&counts, &key);
	if (count) {
		*count += 1; /* this CPU's own counter */
		return 0;
	}
	/* BPF_ANY sets this CPU's counter only; those of others keep what they have. */
	if (bpf_map_update_elem(&counts, &key, &one, BPF_ANY))
		gimlet_count(GIMLET_MAP_FULL);
	return 0;
}
