/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * System calls, seen where all of them pass: tp_btf/sys_enter and tp_btf/sys_exit. A program there is run by every system call of the
 * machine and asks first which one it is. In return it can be had at once, and given up at once, and sees as many of them as it
 * likes; a tracepoint of its own for each call takes the kernel some 50 ms to let go of.
 */
#ifndef __SYSCALL_BPF_H__
#define __SYSCALL_BPF_H__

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* The numbers are ABI. A call that an architecture does not have is none. */
#define NO_SYSCALL (-1)

#if defined(__TARGET_ARCH_x86)
enum {
	SYS_READ = 0,
	SYS_PREAD64 = 17,
	SYS_READV = 19,
	SYS_RECVFROM = 45,
	SYS_CLONE = 56,
	SYS_FORK = 57,
	SYS_VFORK = 58,
	SYS_SYNC = 162,
	SYS_GETRANDOM = 318,
};
#define TS_COMPAT 2 /* in thread_info.status */
#elif defined(__TARGET_ARCH_arm64)
enum {
	SYS_FORK = NO_SYSCALL,
	SYS_VFORK = NO_SYSCALL,
	SYS_READ = 63,
	SYS_READV = 65,
	SYS_PREAD64 = 67,
	SYS_SYNC = 81,
	SYS_RECVFROM = 207,
	SYS_CLONE = 220,
	SYS_GETRANDOM = 278,
};
#define TIF_32BIT (1 << 22) /* in thread_info.flags */
#endif
#define SYS_CLONE3 435

/* Whether the current call is one of a 32-bit program, whose numbers mean other calls: the tracepoints leave these out, too. */
static __always_inline bool is_compat_syscall(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

#if defined(__TARGET_ARCH_x86)
	return BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;
#else
	return BPF_CORE_READ(task, thread_info.flags) & TIF_32BIT;
#endif
}

/* The number of the call that returns, which sys_exit is not given. */
static __always_inline int syscall_returning(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return regs->orig_ax;
#else
	return regs->syscallno;
#endif
}

/* Whether a call makes a process or thread. */
static __always_inline bool makes_task(int number)
{
	return (number == SYS_CLONE || number == SYS_CLONE3 || number == SYS_FORK || number == SYS_VFORK) &&
	       !is_compat_syscall();
}

static __always_inline bool is_sync(int number)
{
	return number == SYS_SYNC && !is_compat_syscall();
}

#endif
