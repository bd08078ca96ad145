// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 3: the line of lesson 1 once more; this time user space takes it apart. */
#include "gimlet.bpf.h"
#include "print.bpf.h"
#include "syscall.bpf.h"

/* Not a program but a part of them: it has no SEC(), and is built into each of those that call it. */
static __always_inline int hello(void)
{
	if (gimlet_wants())
		gimlet_print("Hello, World!");
	return 0;
}

/* The programs: what the kernel runs, and each gets the context of its event. */

SEC("kprobe")
int on_clone_kprobe(void *ctx)
{
	return hello();
}

/* All system calls pass here: this program is run by each, and asks which one it is. */
SEC("raw_tp/sys_enter")
int on_sys_enter(struct sys_enter *ctx)
{
	return makes_task(ctx) ? hello() : 0;
}

SEC("tracepoint")
int on_clone_tracepoint(void *ctx)
{
	return hello();
}

SEC("tp_btf/sched_process_fork")
int on_fork(void *ctx)
{
	return hello();
}
