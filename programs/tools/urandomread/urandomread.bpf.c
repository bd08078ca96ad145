// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 12: tell who gets random numbers from the kernel, and how many bits. */
#include "gimlet.bpf.h"
#include "file.bpf.h"
#include "ring.bpf.h"
#include "syscall.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

struct data_t {
	u64 ts; /* ns since boot */
	u64 got_bits;
	u32 pid; /* of the thread, as the kernel counts */
	u32 tgid; /* of its process */
	char comm[TASK_COMM_LEN];
};

GIMLET_RING(events, struct data_t);

static __always_inline void tell(u64 got_bits)
{
	u64 pid_tgid = gimlet_pid_tgid();
	struct data_t data = {
		.ts = bpf_ktime_get_ns(),
		.got_bits = got_bits,
		.pid = pid_tgid,
		.tgid = pid_tgid >> 32,
	};

	bpf_get_current_comm(&data.comm, sizeof(data.comm));
	gimlet_ring_output(&events, &data, sizeof(data));
}

/* What a function or system call has returned: how many bytes, or an error below 0. */
static __always_inline int tell_bytes(long bytes)
{
	if (bytes > 0)
		tell(8 * (u64)bytes);
	return 0;
}

/* The tutorial's tracepoint. A kernel that does not have it does not know its type either: then nothing of it is read. */
SEC("tracepoint")
int on_urandom_read(struct trace_event_raw_urandom_read *ctx)
{
	if (gimlet_wants() && bpf_core_type_exists(struct trace_event_raw_urandom_read))
		tell(ctx->got_bits);
	return 0;
}

/* The function behind /dev/urandom returns the number of bytes. */

SEC("kretprobe")
int BPF_KRETPROBE(on_return_kretprobe, long bytes)
{
	return gimlet_wants() ? tell_bytes(bytes) : 0;
}

SEC("fexit/urandom_read_iter")
int BPF_PROG(on_return_fexit, struct kiocb *call, struct iov_iter *to, long bytes)
{
	return gimlet_wants() ? tell_bytes(bytes) : 0;
}

/* Without a probe in that function: the system calls that read, where the file is /dev/urandom. */

#define S_IFCHR 0020000
#define DEV_URANDOM (1 << 20 | 9) /* character device 1:9, as the kernel packs the two numbers */

/* The threads that are reading /dev/urandom now. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, u64);
	__type(value, u8);
} reading SEC(".maps");

/* Whether a file descriptor of the current process stands for /dev/urandom. */
static __always_inline bool is_urandom(u32 fd)
{
	struct inode *inode = file_inode(fd);

	/* The number alone is not enough: block device 1:9 is a RAM disk. */
	return BPF_CORE_READ(inode, i_rdev) == DEV_URANDOM &&
	       (BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFCHR;
}

static __always_inline int begin(u32 fd)
{
	u64 id = bpf_get_current_pid_tgid();
	u8 yes = 1;

	if (!gimlet_wants() || !is_urandom(fd))
		return 0;
	if (bpf_map_update_elem(&reading, &id, &yes, BPF_ANY))
		gimlet_count(GIMLET_MAP_FULL);
	return 0;
}

static __always_inline int end(long bytes)
{
	u64 id = bpf_get_current_pid_tgid();

	/* Deleting tells whether it was there. It was only put there where it is wanted. */
	return bpf_map_delete_elem(&reading, &id) ? 0 : tell_bytes(bytes);
}

/* Where all system calls pass: these programs are run by each, and ask which one it is. */

static __always_inline bool reads(int number)
{
	return number == SYS_READ || number == SYS_PREAD64 || number == SYS_READV;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_sys_enter, struct pt_regs *regs, long number)
{
	if (!reads(number) || is_compat_syscall((void *)regs))
		return 0;
	return begin(PT_REGS_PARM1_CORE_SYSCALL(regs));
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long result)
{
	int number = syscall_returning(regs);

	if (number == SYS_GETRANDOM)
		return !is_compat_syscall((void *)regs) && gimlet_wants() ? tell_bytes(result) : 0;
	return reads(number) ? end(result) : 0;
}

/* Or by a tracepoint for each of the calls. */

SEC("tracepoint")
int on_read(struct syscall_trace_enter *ctx)
{
	return begin(ctx->args[0]);
}

SEC("tracepoint")
int on_read_return(struct syscall_trace_exit *ctx)
{
	return end(ctx->ret);
}

SEC("tracepoint")
int on_getrandom_return(struct syscall_trace_exit *ctx)
{
	return gimlet_wants() ? tell_bytes(ctx->ret) : 0;
}
