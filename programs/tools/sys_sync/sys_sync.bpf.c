// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 2: print a line whenever somebody calls sync(). */
#include "gimlet.bpf.h"
#include "print.bpf.h"
#include "syscall.bpf.h"

static __always_inline int on_sync(void)
{
	if (gimlet_wants())
		gimlet_print("sys_sync() called");
	return 0;
}

SEC("kprobe")
int on_sync_kprobe(void *ctx)
{
	return on_sync();
}

/* All system calls pass here: this program is run by each, and asks which one it is. */
SEC("raw_tp/sys_enter")
int on_sys_enter(struct sys_enter *ctx)
{
	return is_sync(ctx) ? on_sync() : 0;
}

SEC("tracepoint")
int on_sync_tracepoint(void *ctx)
{
	return on_sync();
}
