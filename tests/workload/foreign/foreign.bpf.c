// SPDX-License-Identifier: MIT OR GPL-2.0
/* An object as others write them, with nothing of gimlet.bpf.h: for `gimlet run`. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct call {
	u64 number;
	u32 tgid;
	char comm[TASK_COMM_LEN];
	u8 bytes[3];
};

struct totals {
	u64 calls;
	u32 last;
};

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

const volatile char wanted[TASK_COMM_LEN] = "";
const volatile u64 first_number = 1;
const volatile struct {
	u32 every;
	bool silent;
} choice = { .every = 1 };

u64 calls = 0;
u64 untouched = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
	__type(value, struct call);
} events SEC(".maps");

/* Nothing says what its records are. */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} raw SEC(".maps");

/* How many entries it has is left to who loads it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, u64);
	__type(value, struct totals);
} by_parity SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} counts SEC(".maps");

static __always_inline bool is_wanted(void)
{
	char comm[TASK_COMM_LEN] = {};

	bpf_get_current_comm(comm, sizeof(comm));
	for (int i = 0; i < TASK_COMM_LEN; i++) {
		if (comm[i] != wanted[i])
			return false;
	}
	return true;
}

static __always_inline void count(u32 slot)
{
	u64 *value = bpf_map_lookup_elem(&counts, &slot);

	if (value)
		*value += 1;
}

SEC("tracepoint/syscalls/sys_enter_getppid")
int on_getppid(void *ctx)
{
	struct totals none = {}, *totals;
	struct call *event;
	u64 parity;

	if (!is_wanted())
		return 0;
	calls++;
	parity = calls & 1;
	bpf_map_update_elem(&by_parity, &parity, &none, BPF_NOEXIST);
	totals = bpf_map_lookup_elem(&by_parity, &parity);
	if (totals) {
		totals->calls++;
		totals->last = 7;
	}
	count(1);
	if (choice.silent || (choice.every > 1 && calls % choice.every))
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return 0;
	event->number = first_number + calls - 1;
	event->tgid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	event->bytes[0] = 1;
	event->bytes[1] = 2;
	event->bytes[2] = 255;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("?tracepoint/syscalls/sys_enter_getpgid")
int on_getpgid(void *ctx)
{
	u8 bytes[4] = { 0xde, 0xad, 0xbe, 0xef };

	if (is_wanted())
		bpf_perf_event_output(ctx, &raw, BPF_F_CURRENT_CPU, bytes, sizeof(bytes));
	return 0;
}

SEC("?uprobe")
int on_step(void *ctx)
{
	count(2);
	return 0;
}

SEC("?iter/task")
int on_task(struct bpf_iter__task *ctx)
{
	static const char line[] = "first\nsecond\n";

	/* The iterator runs in the task that reads it. */
	if (ctx->task == (void *)bpf_get_current_task_btf())
		bpf_seq_write(ctx->meta->seq, line, sizeof(line) - 1);
	return 0;
}

SEC("?syscall")
int by_hand(void *ctx)
{
	return 0;
}

SEC("?tracepoint/syscalls/sys_enter_no_such_call")
int nowhere(void *ctx)
{
	bpf_printk("never");
	return 0;
}
