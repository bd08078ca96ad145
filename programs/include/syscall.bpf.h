/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * System calls, seen where all of them pass: the raw tracepoints sys_enter and sys_exit. A program there is run by every system call
 * of the machine, and asks first which one it is. In return it begins and ends at once, and sees as many calls as it likes; the kernel
 * takes some 50 ms to let go of a tracepoint of a call's own.
 */
#ifndef __SYSCALL_BPF_H__
#define __SYSCALL_BPF_H__

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* The numbers are ABI. */
#define NO_SYSCALL 0x7fffffff /* where an architecture does not have the call */

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
#endif
#define SYS_CLONE3 435

/* What raw_tp/sys_enter is given. */
struct sys_enter {
	const struct pt_regs *regs; /* of the program that calls */
	long number;
};

#if defined(__TARGET_ARCH_x86)
#define USER32_CS 0x23 /* the code segment of 32-bit programs */
#define INT_80 0x80cd /* an instruction of theirs, which 64-bit programs can use as well */
#elif defined(__TARGET_ARCH_arm64)
#define PSR_MODE32 0x10
#endif

/*
 * Whether a call is one of 32-bit programs, to which the numbers mean other calls: the calls' own tracepoints leave these out, too. The
 * registers tell, which stand where they stand on every kernel: no BTF is needed.
 */
static __always_inline bool is_compat_syscall(const bpf_user_pt_regs_t *regs)
{
#if defined(__TARGET_ARCH_x86)
	u16 instruction = 0;

	if ((u16)regs->cs == USER32_CS)
		return true;
	if (regs->cx == regs->ip) /* so the instruction syscall leaves them */
		return false;
	bpf_probe_read_user(&instruction, sizeof(instruction), (void *)(regs->ip - sizeof(instruction)));
	return instruction == INT_80;
#else
	return regs->pstate & PSR_MODE32;
#endif
}

/* The number of the call that returns, which sys_exit is not given: here as tp_btf has the registers, which can be read at once. */
static __always_inline int syscall_returning(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return regs->orig_ax;
#else
	return regs->syscallno;
#endif
}

static __always_inline bool is_compat_enter(struct sys_enter *call)
{
	bpf_user_pt_regs_t regs = {};

	bpf_probe_read_kernel(&regs, sizeof(regs), call->regs);
	return is_compat_syscall(&regs);
}

/* Whether a call makes a process or thread. */
static __always_inline bool makes_task(struct sys_enter *call)
{
	int number = call->number;

	return (number == SYS_CLONE || number == SYS_CLONE3 || number == SYS_FORK || number == SYS_VFORK) &&
	       !is_compat_enter(call);
}

static __always_inline bool is_sync(struct sys_enter *call)
{
	return (int)call->number == SYS_SYNC && !is_compat_enter(call);
}

#endif
