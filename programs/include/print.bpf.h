/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Lines for the kernel's trace_pipe, which is one for the whole machine. */
#ifndef __PRINT_BPF_H__
#define __PRINT_BPF_H__

#include "gimlet.bpf.h"

/* As bpf_printk(), and counts: user space compares how many lines were printed with how many it could read. */
#define gimlet_print(...) \
	gimlet_count(bpf_printk(__VA_ARGS__) < 0 ? GIMLET_PRINT_FAILED : GIMLET_PRINTED)

#endif
