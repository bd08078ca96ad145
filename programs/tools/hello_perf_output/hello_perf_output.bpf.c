// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 7: hand a struct to user space, through a perf buffer of our own, whenever a process or thread is made. */
#include "gimlet.bpf.h"
#include "syscall.bpf.h"

/* What travels. The build reads this struct and writes its decoder: nobody types an offset. */
struct data_t {
	u32 pid; /* of the thread that calls clone, as the kernel counts: user space says tid */
	u32 tgid; /* of its process: user space says pid */
	u64 ts; /* ns since boot */
	char comm[TASK_COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} events SEC(".maps");
GIMLET_EVENT(events, struct data_t);

static __always_inline int hello(void *ctx)
{
	struct data_t data = {};
	u64 pid_tgid;

	if (!gimlet_wants())
		return 0;
	pid_tgid = gimlet_pid_tgid();
	data.pid = pid_tgid;
	data.tgid = pid_tgid >> 32;
	data.ts = bpf_ktime_get_ns();
	bpf_get_current_comm(&data.comm, sizeof(data.comm));
	/* A full buffer refuses the record. It is lost then, and counted. */
	if (bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &data, sizeof(data)))
		gimlet_count(GIMLET_BUFFER_FULL);
	return 0;
}

SEC("kprobe")
int on_clone_kprobe(void *ctx)
{
	return hello(ctx);
}

/* All system calls pass here: this program is run by each, and asks which one it is. */
SEC("raw_tp/sys_enter")
int on_sys_enter(struct sys_enter *ctx)
{
	return makes_task(ctx) ? hello(ctx) : 0;
}

SEC("tracepoint")
int on_clone_tracepoint(void *ctx)
{
	return hello(ctx);
}

SEC("tp_btf/sched_process_fork")
int on_fork(void *ctx)
{
	return hello(ctx);
}
