// SPDX-License-Identifier: MIT OR GPL-2.0
/* A map of each type, and a program that uses those that user space alone cannot fill. */
#include "gimlet.bpf.h"

struct pair_t {
	u32 left;
	u64 right;
};

struct prefix_t {
	u32 length; /* in bits */
	u8 address[4];
};

struct note_t {
	u32 pid;
	char text[12];
};

#define MAP(name, kind, entries, key_type, value_type) \
	struct {                                       \
		__uint(type, BPF_MAP_TYPE_##kind);     \
		__uint(max_entries, entries);          \
		__type(key, key_type);                 \
		__type(value, value_type);             \
	} name SEC(".maps")

MAP(hash, HASH, 4096, u32, struct pair_t);
MAP(small_hash, HASH, 2, struct pair_t, u32);
MAP(list, ARRAY, 1500, u32, u64);
MAP(cpu_hash, PERCPU_HASH, 64, u32, u64);
MAP(cpu_array, PERCPU_ARRAY, 4, u32, u32);
MAP(lru, LRU_HASH, 64, u32, u64);
MAP(cpu_lru, LRU_PERCPU_HASH, 64, u32, u64);

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix_t);
	__type(value, u32);
} trie SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 3);
	__type(value, struct note_t);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 3);
	__type(value, u64);
} stack SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 100);
	__type(value, u32);
} bloom SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 12);
} ring SEC(".maps");
GIMLET_EVENT(ring, struct note_t);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 12);
} other_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} perf SEC(".maps");
GIMLET_EVENT(perf, struct note_t);

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 64);
	__uint(key_size, sizeof(u32));
	__uint(value_size, 20 * sizeof(u64));
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} tails SEC(".maps");

struct inner_t {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, u64);
} inner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 3);
	__type(key, u32);
	__array(values, struct inner_t);
} outer SEC(".maps") = { .values = { [1] = &inner } };

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 3);
	__type(key, u64);
	__array(values, struct inner_t);
} named SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, u64);
} tasks SEC(".maps");

const volatile u32 step = 1;
u64 calls = 0;
s64 stack_id = -1;
u32 tail_calls = 0;

/* The end of the other program, where `tails` has it. */
SEC("tracepoint/syscalls/sys_enter_getppid")
int on_tail(void *ctx)
{
	tail_calls++;
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_getppid")
int on_getppid(void *ctx)
{
	struct note_t note = { .text = "getppid" };
	u32 zero = 0;
	void *map;

	if (!gimlet_wants())
		return 0;
	calls += step;
	note.pid = gimlet_pid_tgid() >> 32;
	bpf_ringbuf_output(&ring, &note, sizeof(note), 0);
	bpf_ringbuf_output(&other_ring, &note, sizeof(note), 0);
	bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, &note, sizeof(note));
	bpf_map_push_elem(&queue, &note, BPF_EXIST);
	stack_id = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	map = bpf_map_lookup_elem(&outer, &zero);
	if (map) {
		u64 value = calls;

		bpf_map_update_elem(map, &zero, &value, BPF_ANY);
	}
	bpf_tail_call(ctx, &tails, 1);
	return 0;
}
