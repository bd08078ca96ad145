/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * What all of gimlet's programs share: when they may run (armed), for whom (filters), and what they could not deliver
 * (losses). User space sets the constants before loading, so the verifier removes the tests of filters not in use.
 */
#ifndef __GIMLET_BPF_H__
#define __GIMLET_BPF_H__

#include "event.bpf.h"
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Set once every probe is attached: all of them start together, and no event is seen by half. */
volatile bool gimlet_armed = false;

/* The filters; a zero, an empty string or false is "everyone". The ids are those of the tracer's own pid namespace. */
const volatile __u32 gimlet_self = 0; /* the tracer's tgid: it does not trace itself */
const volatile __u32 gimlet_pid = 0; /* a thread, the kernel's pid */
const volatile __u32 gimlet_tgid = 0; /* a process, the kernel's tgid */
const volatile bool gimlet_has_uid = false;
const volatile __u32 gimlet_uid = 0;
const volatile char gimlet_comm[TASK_COMM_LEN] __attribute__((aligned(8))) = "";
const volatile __u64 gimlet_cgroup = 0; /* the cgroup v2 id, the inode number of its directory */

/* The tracer's pid namespace, where that is not the machine's first one (then both are 0). */
const volatile __u64 gimlet_pidns_dev = 0;
const volatile __u64 gimlet_pidns_ino = 0;

/* What was lost, and why. Each CPU counts for itself; user space sums up. */
enum gimlet_loss {
	GIMLET_BUFFER_FULL, /* a ring or perf buffer had no room */
	GIMLET_MAP_FULL, /* a map had no room for another key */
	GIMLET_READ_FAULT, /* memory of the traced program could not be read */
	GIMLET_PRINT_FAILED, /* trace_pipe took no line */
	GIMLET_RETURN_MISSED, /* a call was seen to begin, and not to return */
	GIMLET_PRINTED, /* no loss: lines given to trace_pipe, to be compared with the lines that arrive */
	GIMLET_LOSSES,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, GIMLET_LOSSES);
	__type(key, __u32);
	__type(value, __u64);
} gimlet_losses SEC(".maps");

static __always_inline void gimlet_count(__u32 what)
{
	__u64 *count = bpf_map_lookup_elem(&gimlet_losses, &what);

	if (count)
		*count += 1;
}

/* The current task, (tgid << 32 | pid), in the tracer's pid namespace; 0 where the task is not in it. */
static __always_inline __u64 gimlet_pid_tgid(void)
{
	struct bpf_pidns_info ids = {};

	if (!gimlet_pidns_ino)
		return bpf_get_current_pid_tgid();
	if (bpf_get_ns_current_pid_tgid(gimlet_pidns_dev, gimlet_pidns_ino, &ids, sizeof(ids)))
		return 0;
	return (__u64)ids.tgid << 32 | ids.pid;
}

static __always_inline bool gimlet_comm_matches(void)
{
	const volatile u64 *wanted = (const volatile u64 *)gimlet_comm;
	u64 comm[TASK_COMM_LEN / sizeof(u64)] = {}; /* Linux 6.1 writes nothing behind the name's end */

	bpf_get_current_comm(comm, sizeof(comm));
	return comm[0] == wanted[0] && comm[1] == wanted[1];
}

/* Whether the event that is happening is to be traced: the first thing that every program asks. */
static __always_inline bool gimlet_wants(void)
{
	if (!gimlet_armed)
		return false;
	if (gimlet_self || gimlet_pid || gimlet_tgid) {
		__u64 pid_tgid = gimlet_pid_tgid();

		if (gimlet_self && pid_tgid >> 32 == gimlet_self)
			return false;
		if (gimlet_pid && (__u32)pid_tgid != gimlet_pid)
			return false;
		if (gimlet_tgid && pid_tgid >> 32 != gimlet_tgid)
			return false;
	}
	if (gimlet_has_uid && (__u32)bpf_get_current_uid_gid() != gimlet_uid)
		return false;
	if (gimlet_cgroup && bpf_get_current_cgroup_id() != gimlet_cgroup)
		return false;
	if (gimlet_comm[0] && !gimlet_comm_matches())
		return false;
	return true;
}

#endif
