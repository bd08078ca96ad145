// SPDX-License-Identifier: MIT OR GPL-2.0
/* What somebody would write by hand in place of bitehist, task_switch and strlen_count: the same maps, and nothing that is not needed. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define SLOTS 65

const volatile u32 self = 0; /* the process that is not to be counted: the tracer; 0 for none */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, u32);
	__type(value, u64);
} dist SEC(".maps"), dist_linear SEC(".maps");

struct pair {
	u32 from;
	u32 to;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 10240);
	__type(key, struct pair);
	__type(value, u64);
} stats SEC(".maps");

struct text {
	char c[80];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 10240);
	__type(key, struct text);
	__type(value, u64);
} counts SEC(".maps");

static __always_inline void add(void *map, const void *key)
{
	u64 one = 1, *count = bpf_map_lookup_elem(map, key);

	if (count)
		*count += 1;
	else
		bpf_map_update_elem(map, key, &one, BPF_ANY);
}

static __always_inline bool is_self(void)
{
	return self && bpf_get_current_pid_tgid() >> 32 == self;
}

static __always_inline u32 log2_of(u64 value)
{
	u32 digits = (value > 0xffffffff) << 5, more;

	value >>= digits;
	more = (value > 0xffff) << 4;
	value >>= more;
	digits |= more;
	more = (value > 0xff) << 3;
	value >>= more;
	digits |= more;
	more = (value > 0xf) << 2;
	value >>= more;
	digits |= more;
	more = (value > 0x3) << 1;
	value >>= more;
	digits |= more;
	return digits | value >> 1;
}

SEC("tracepoint/syscalls/sys_enter_lseek")
int bitehist(struct trace_event_raw_block_rq *ctx)
{
	u64 kib = ctx->bytes / 1024;
	u32 slot = log2_of(kib) + 1;

	if (is_self())
		return 0;
	add(&dist, &slot);
	slot = kib < SLOTS - 1 ? kib : SLOTS - 1;
	add(&dist_linear, &slot);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_sendto")
int task_switch(struct trace_event_raw_sched_switch *ctx)
{
	struct pair pair = { .from = ctx->prev_pid, .to = ctx->next_pid };

	if (!is_self())
		add(&stats, &pair);
	return 0;
}

SEC("uprobe")
int BPF_KPROBE(strlen_count, const char *string)
{
	struct text text = {};

	if (!is_self() && bpf_probe_read_user_str(text.c, sizeof(text.c), string) >= 0)
		add(&counts, &text);
	return 0;
}
