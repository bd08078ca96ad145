// SPDX-License-Identifier: MIT OR GPL-2.0
/* A program that every verifier refuses: it reads a map's value without a test for null. */
#include "gimlet.bpf.h"

SEC("tracepoint/syscalls/sys_enter_clone")
int refused(void *ctx)
{
	u32 slot = bpf_get_current_pid_tgid(); /* not constant: newer kernels know that a constant slot is there */
	u64 *count = bpf_map_lookup_elem(&gimlet_losses, &slot);

	return *count;
}
