// SPDX-License-Identifier: MIT OR GPL-2.0
/* Programs that do nothing: to see what attaching them costs. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("tracepoint")
int on_tracepoint(void *ctx)
{
	return 0;
}

SEC("kprobe")
int on_function(void *ctx)
{
	return 0;
}

SEC("kprobe.multi")
int on_functions(void *ctx)
{
	return 0;
}
