// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 8: lesson 4 over a perf buffer: a struct travels, and nobody has to take a line apart. */
#include "gimlet.bpf.h"
#include "sync.bpf.h"
#include "syscall.bpf.h"

struct data_t {
	u32 pid; /* of the thread, as the kernel counts */
	u32 tgid; /* of its process */
	u32 uid;
	char comm[TASK_COMM_LEN];
	u64 ts; /* ns since boot */
	u64 delta; /* ns since the last sync */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} events SEC(".maps");
GIMLET_EVENT(events, struct data_t);

static __always_inline int on_sync(void *ctx)
{
	struct data_t data = {};
	u64 pid_tgid;

	if (!gimlet_wants())
		return 0;
	data.ts = bpf_ktime_get_ns();
	if (!since_last_sync(data.ts, &data.delta) || data.delta >= NS_PER_SECOND)
		return 0;
	pid_tgid = gimlet_pid_tgid();
	data.pid = pid_tgid;
	data.tgid = pid_tgid >> 32;
	data.uid = bpf_get_current_uid_gid(); /* the lower half; the upper one is the group */
	bpf_get_current_comm(&data.comm, sizeof(data.comm));
	if (bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &data, sizeof(data)))
		gimlet_count(GIMLET_BUFFER_FULL);
	return 0;
}

SEC("kprobe")
int on_sync_kprobe(void *ctx)
{
	return on_sync(ctx);
}

/* All system calls pass here: this program is run by each, and asks which one it is. */
SEC("raw_tp/sys_enter")
int on_sys_enter(struct sys_enter *ctx)
{
	return is_sync(ctx) ? on_sync(ctx) : 0;
}

SEC("tracepoint")
int on_sync_tracepoint(void *ctx)
{
	return on_sync(ctx);
}
