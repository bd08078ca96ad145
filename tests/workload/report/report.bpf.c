// SPDX-License-Identifier: MIT OR GPL-2.0
/* One record for each getppid() of the processes that are asked for: to see what reporting every call costs. */
#include "ring.bpf.h"

struct call_t {
	u64 ts; /* ns since boot */
	u32 pid;
	char comm[TASK_COMM_LEN];
};

GIMLET_RING(calls, struct call_t);

SEC("tracepoint/syscalls/sys_enter_getppid")
int on_getppid(void *ctx)
{
	struct call_t call = {};

	if (!gimlet_wants())
		return 0;
	call.ts = bpf_ktime_get_ns();
	call.pid = gimlet_pid_tgid();
	bpf_get_current_comm(call.comm, sizeof(call.comm));
	gimlet_ring_output(&calls, &call, sizeof(call));
	return 0;
}
