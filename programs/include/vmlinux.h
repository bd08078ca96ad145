/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The kernel's types that gimlet's programs use, and nothing more.
 *
 * This file is written by hand: it is not the dump of some machine's BTF. Structs under preserve_access_index name only
 * the fields that are read; where those really lie is filled in by libbpf from the running kernel's BTF (CO-RE), so
 * their order and offsets here mean nothing. What stands outside of it is user-space ABI, which does not move.
 */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef signed short __s16;
typedef unsigned int __u32;
typedef signed int __s32;
typedef unsigned long long __u64;
typedef signed long long __s64;
typedef __u8 u8;
typedef __s8 s8;
typedef __u16 u16;
typedef __s16 s16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;
typedef _Bool bool;
enum { false, true };

#define TASK_COMM_LEN 16

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_PERF_EVENT_ARRAY = 4,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_STACK_TRACE = 7,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_LRU_PERCPU_HASH = 10,
	BPF_MAP_TYPE_LPM_TRIE = 11,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_HASH_OF_MAPS = 13,
	BPF_MAP_TYPE_QUEUE = 22,
	BPF_MAP_TYPE_STACK = 23,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
	BPF_MAP_TYPE_BLOOM_FILTER = 30,
};

#define BPF_F_NO_PREALLOC 1
#define BPF_F_USER_STACK (1ULL << 8)

enum { BPF_ANY, BPF_NOEXIST, BPF_EXIST };

enum {
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
	BPF_RB_AVAIL_DATA = 0,
	BPF_RB_RING_SIZE = 1,
};

#define BPF_F_CURRENT_CPU 0xffffffffULL

/* The registers of the traced function's call, as the kernel hands them to kprobe and uprobe programs. */
#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8;
	unsigned long ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
typedef struct pt_regs bpf_user_pt_regs_t;
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	__u64 regs[31];
	__u64 sp, pc, pstate;
};
typedef struct user_pt_regs bpf_user_pt_regs_t;

/* As the kernel has them, which is more: where these stand, CO-RE finds out. */
struct pt_regs {
	__s32 syscallno;
} __attribute__((preserve_access_index));
#else
#error "gimlet supports x86_64 and arm64"
#endif

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kiocb;
struct iov_iter;

struct gendisk {
	int major;
	int first_minor;
};

struct request_queue {
	struct gendisk *disk; /* since 5.15 */
};

struct request {
	struct request_queue *q;
	struct gendisk *rq_disk; /* up to 5.16 */
	unsigned int cmd_flags;
	unsigned int __data_len;
	__u64 __sector;
	__u64 start_time_ns;
};

/* From a task to its open files, and from a file to the device that it stands for. */

struct inode {
	u16 i_mode;
	u32 i_rdev;
	unsigned long i_ino;
};

struct file {
	struct inode *f_inode;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct task_struct {
	int pid;
	struct files_struct *files;
};

/* The arguments of the tracepoints syscalls:sys_enter_… and syscalls:sys_exit_…. */

struct syscall_trace_enter {
	unsigned long args[6];
};

struct syscall_trace_exit {
	long ret;
};

struct trace_event_raw_sched_switch {
	int prev_pid;
	int next_pid;
};

/* The arguments of tracepoint random:urandom_read, which Linux 5.18 took away, and stable updates of older kernels too. */
struct trace_event_raw_urandom_read {
	int got_bits;
};

/* The arguments of tracepoint block:block_rq_issue, which kernels ≥ 6.11 lay out in another way than older ones. */
struct trace_event_raw_block_rq {
	__u32 dev;
	__u64 sector;
	unsigned int nr_sector;
	unsigned int bytes;
	char rwbs[8]; /* 10 in newer kernels */
};

/* The arguments of tracepoint block:block_rq_complete, whose type has had two names. */
struct trace_event_raw_block_rq_completion {
	__u32 dev;
	__u64 sector;
};
struct trace_event_raw_block_rq_complete {
	__u32 dev;
	__u64 sector;
};

#pragma clang attribute pop

/* What bpf_get_ns_current_pid_tgid() fills in. */
struct bpf_pidns_info {
	__u32 pid;
	__u32 tgid;
};

#endif
