// SPDX-License-Identifier: MIT OR GPL-2.0
/* Keeps the stacks of one process's getppid(), as the kernel and as the process have them. */
#include "gimlet.bpf.h"

#define DEPTH 32

struct stacks_t {
	s64 kernel;
	s64 user;
};

typedef u64 trace_t[DEPTH];

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, trace_t);
} traces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, struct stacks_t);
} stacks SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_getppid")
int on_getppid(void *ctx)
{
	struct stacks_t ids = {};
	u32 tgid = gimlet_pid_tgid() >> 32;

	if (!gimlet_wants())
		return 0;
	ids.kernel = bpf_get_stackid(ctx, &traces, 0);
	ids.user = bpf_get_stackid(ctx, &traces, BPF_F_USER_STACK);
	if (bpf_map_update_elem(&stacks, &tgid, &ids, BPF_ANY))
		gimlet_count(GIMLET_MAP_FULL);
	return 0;
}
