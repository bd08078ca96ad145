/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* The arguments of the raw tracepoint block_rq_issue, which have changed. */
#ifndef __BLOCK_ISSUE_BPF_H__
#define __BLOCK_ISSUE_BPF_H__

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* As the kernel's BTF describes what the tracepoint calls: CO-RE compares it with this, argument by argument. */
typedef void (*btf_trace_block_rq_issue)(void *, struct request *);

/* Until 5.10 the queue stood in front of the request. Which it is, is known when the program is loaded: the other way is cut out. */
static __always_inline struct request *issued_request(u64 *ctx)
{
	void *argument = (void *)ctx[0];

	barrier_var(argument); /* the verifier wants to see where an argument is, not have it computed */
	if (!bpf_core_type_exists(btf_trace_block_rq_issue))
		argument = (void *)ctx[1];
	return argument;
}

#endif
