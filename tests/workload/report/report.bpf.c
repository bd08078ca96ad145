// SPDX-License-Identifier: MIT OR GPL-2.0
/* One record for each getppid() of the processes that are asked for: to see what reporting every call costs. */
#include "ring.bpf.h"
#include "syscall.bpf.h"

#if defined(__TARGET_ARCH_x86)
#define SYS_GETPPID 110
#else
#define SYS_GETPPID 173
#endif

struct call_t {
	u64 ts; /* ns since boot */
	u32 pid;
	char comm[TASK_COMM_LEN];
};

GIMLET_RING(calls, struct call_t);

SEC("tp_btf/sys_enter")
int BPF_PROG(on_getppid, struct pt_regs *regs, long number)
{
	struct call_t call = {};

	if (number != SYS_GETPPID || is_compat_syscall((void *)regs) || !gimlet_wants())
		return 0;
	call.ts = bpf_ktime_get_ns();
	call.pid = gimlet_pid_tgid();
	bpf_get_current_comm(call.comm, sizeof(call.comm));
	gimlet_ring_output(&calls, &call, sizeof(call));
	return 0;
}
