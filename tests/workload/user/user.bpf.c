// SPDX-License-Identifier: MIT OR GPL-2.0
/* Counts what passes probes in user space: to see that each is where it should be, and tells its arguments. */
#include "gimlet.bpf.h"
#include <bpf/usdt.bpf.h>

struct hit_t {
	char text[48];
	s64 number;
	u32 tgid;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 10240);
	__type(key, struct hit_t);
	__type(value, u64);
} hits SEC(".maps");

/* Which arguments of the probe are text and number, from 0; 255 for none. */
const volatile u8 text_argument = 255;
const volatile u8 number_argument = 255;

static __always_inline void count(struct hit_t *hit)
{
	u64 one = 1, *count;

	hit->tgid = gimlet_pid_tgid() >> 32;
	count = bpf_map_lookup_elem(&hits, hit);
	if (count)
		*count += 1;
	else if (bpf_map_update_elem(&hits, hit, &one, BPF_ANY))
		gimlet_count(GIMLET_MAP_FULL);
}

SEC("usdt")
int on_usdt(struct pt_regs *ctx)
{
	struct hit_t hit = {};
	long text, number;

	if (!gimlet_wants())
		return 0;
	if (text_argument != 255 &&
	    (bpf_usdt_arg(ctx, text_argument, &text) ||
	     bpf_probe_read_user_str(hit.text, sizeof(hit.text), (void *)text) < 0))
		gimlet_count(GIMLET_READ_FAULT);
	if (number_argument != 255) {
		if (bpf_usdt_arg(ctx, number_argument, &number))
			gimlet_count(GIMLET_READ_FAULT);
		hit.number = number;
	}
	count(&hit);
	return 0;
}

SEC("uprobe")
int on_uprobe(void *ctx)
{
	struct hit_t hit = {};

	if (gimlet_wants())
		count(&hit);
	return 0;
}
