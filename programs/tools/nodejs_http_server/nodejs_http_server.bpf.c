// SPDX-License-Identifier: MIT OR GPL-2.0
/* Lesson 15: tell the path of each request that a Node.js server gets, by a probe that Node's authors left in it. */
#include "gimlet.bpf.h"
#include "file.bpf.h"
#include "ring.bpf.h"
#include "syscall.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/usdt.bpf.h>

struct data_t {
	u64 ts; /* ns since boot */
	u32 pid; /* of the thread, as the kernel counts */
	u32 tgid; /* of its process */
	char comm[TASK_COMM_LEN];
	char method[16];
	char path[128]; /* what does not fit is cut off */
};

GIMLET_RING(events, struct data_t);

static __always_inline void begin(struct data_t *data)
{
	u64 pid_tgid = gimlet_pid_tgid();

	data->ts = bpf_ktime_get_ns();
	data->pid = pid_tgid;
	data->tgid = pid_tgid >> 32;
	bpf_get_current_comm(&data->comm, sizeof(data->comm));
}

/* Each argument of the probe lies where the compiler happened to have it: libbpf has told this program where to look. */
SEC("usdt")
int on_request(struct pt_regs *ctx)
{
	struct data_t data = {};
	long method, path;

	if (!gimlet_wants())
		return 0;
	begin(&data);
	/* Arguments count from 0 here, and from 1 in BCC: this is its argument 6. */
	if (bpf_usdt_arg(ctx, 4, &method) || bpf_usdt_arg(ctx, 5, &path) ||
	    bpf_probe_read_user_str(data.method, sizeof(data.method), (void *)method) < 0 ||
	    bpf_probe_read_user_str(data.path, sizeof(data.path), (void *)path) < 0) {
		gimlet_count(GIMLET_READ_FAULT);
		return 0;
	}
	gimlet_ring_output(&events, &data, sizeof(data));
	return 0;
}

/*
 * Without that probe: what the server reads from its sockets. A connection is one stream of bytes, wherever the reads cut it: request
 * line, header lines, an empty line, body, the next request line. To find the request lines and nothing else, the bytes are
 * followed in these states, up to the body, whose length the headers tell: it is skipped.
 */
enum state {
	START, /* before a request line */
	METHOD,
	TARGET,
	VERSION,
	HEADER, /* in a header's name */
	LENGTH, /* in the value of Content-Length */
	OTHER, /* in the value of another header */
	CHUNK, /* in the line before a chunk of the body */
	LOST, /* in something else: the next read is looked at afresh */
};

struct connection {
	u64 body; /* bytes of it that are still to come */
	u64 length; /* as read so far */
	u32 state;
	u32 at; /* bytes of the current word that were read */
	bool is_length, is_encoding; /* whether this can still be such a header */
	bool chunked;
	char method[16];
	char path[128];
};

/* By the inode of the socket. A connection that is over needs no end: the least recently used one makes room. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, u64);
	__type(value, struct connection);
} connections SEC(".maps");

/* Where a thread's read is going to put what it reads. */
struct reading {
	u64 socket;
	u64 buffer;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, u64);
	__type(value, struct reading);
} reads SEC(".maps");

/* So many bytes look_on() takes at a time. The verifier follows them one by one, and starting the tool waits for it. */
#define WINDOW 32

/* What one CPU is looking at: a part of a read, and the state of its connection. */
struct scan {
	u64 buffer;
	u64 count;
	u64 at; /* bytes of the buffer that are done with */
	u8 window[WINDOW];
	struct connection connection;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scan);
} scans SEC(".maps");

#define S_IFSOCK 0140000

/* The inode number of an open socket of the current process; 0 where the file descriptor is anything else. */
static __always_inline u64 socket_of(u32 fd)
{
	struct inode *inode = file_inode(fd);

	return (BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFSOCK ? BPF_CORE_READ(inode, i_ino) : 0;
}

static __always_inline int enter(u32 fd, u64 buffer)
{
	u64 id = bpf_get_current_pid_tgid();
	struct reading reading = { .buffer = buffer };

	if (!gimlet_wants())
		return 0;
	reading.socket = socket_of(fd);
	if (reading.socket && bpf_map_update_elem(&reads, &id, &reading, BPF_ANY))
		gimlet_count(GIMLET_MAP_FULL);
	return 0;
}

#define MSG_PEEK 2 /* what is only peeked at will be read again */

/* Where all system calls pass: this program is run by each, and asks which one it is. */
SEC("tp_btf/sys_enter")
int BPF_PROG(on_sys_enter, struct pt_regs *regs, long number)
{
	if (!(number == SYS_READ || (number == SYS_RECVFROM && !(PT_REGS_PARM4_CORE_SYSCALL(regs) & MSG_PEEK))))
		return 0;
	return is_compat_syscall((void *)regs) ? 0 : enter(PT_REGS_PARM1_CORE_SYSCALL(regs), PT_REGS_PARM2_CORE_SYSCALL(regs));
}

SEC("tracepoint")
int on_read(struct syscall_trace_enter *ctx)
{
	return enter(ctx->args[0], ctx->args[1]);
}

SEC("tracepoint")
int on_recvfrom(struct syscall_trace_enter *ctx)
{
	return ctx->args[3] & MSG_PEEK ? 0 : enter(ctx->args[0], ctx->args[1]);
}

static const struct {
	char version[8], content_length[16], transfer_encoding[32];
} words = { "HTTP/1.", "content-length", "transfer-encoding" };

static __always_inline void tell(struct connection *connection)
{
	struct data_t data = {};

	begin(&data);
	__builtin_memcpy(data.method, connection->method, sizeof(data.method));
	__builtin_memcpy(data.path, connection->path, sizeof(data.path));
	gimlet_ring_output(&events, &data, sizeof(data));
}

static __always_inline void enter_state(struct connection *connection, u32 state)
{
	connection->state = state;
	connection->at = 0;
	connection->is_length = true;
	connection->is_encoding = true;
}

/* An empty line: the headers are over, or the lines behind the last chunk. */
static __always_inline void end_headers(struct connection *connection)
{
	if (connection->chunked) {
		enter_state(connection, CHUNK);
	} else {
		connection->body = connection->length;
		enter_state(connection, START);
	}
	connection->length = 0;
}

static __always_inline void end_chunk_line(struct connection *connection)
{
	if (connection->length) {
		connection->body = connection->length + 2; /* and the end of its last line */
		enter_state(connection, CHUNK);
	} else {
		connection->chunked = false;
		enter_state(connection, HEADER);
	}
	connection->length = 0;
}

/* Takes one byte of what is no body. */
static __always_inline void step(struct connection *connection, u8 byte)
{
	u32 at = connection->at;
	u8 lower = byte | 0x20;
	bool digit = byte >= '0' && byte <= '9';

	switch (connection->state) {
	case START:
		if (byte == '\r' || byte == '\n')
			return;
		connection->chunked = false;
		connection->length = 0;
		enter_state(connection, METHOD);
		at = 0;
		/* fall through */
	case METHOD:
		connection->method[at & 15] = byte;
		if ((byte >= 'A' && byte <= 'Z') || (byte == '-' && at))
			connection->at = at + 1;
		else if (byte == ' ' && at)
			enter_state(connection, TARGET);
		else
			connection->state = LOST;
		if (byte == ' ')
			connection->method[at & 15] = 0;
		if (at >= 15)
			connection->state = LOST;
		return;
	case TARGET:
		if (at < sizeof(connection->path))
			connection->path[at & 127] = byte == ' ' || at == 127 ? 0 : byte;
		connection->at = at + 1;
		if (byte == ' ' && at)
			enter_state(connection, VERSION);
		else if (byte <= ' ' || byte == 0x7f)
			connection->state = LOST;
		return;
	case VERSION:
		connection->at = at + 1;
		if (at < 7 ? byte == words.version[at & 7] : at == 7 ? digit : byte == '\r')
			return;
		connection->state = LOST;
		if (at > 7 && byte == '\n') {
			tell(connection);
			enter_state(connection, HEADER);
		}
		return;
	case HEADER:
		if (byte == '\r')
			return;
		connection->at = at + 1;
		if (byte == ':' && connection->is_length && at == 14) {
			connection->length = 0;
			connection->state = LENGTH;
		} else if (byte == ':') {
			/* There is no other encoding of a request's body than chunks. */
			if (connection->is_encoding && at == 17)
				connection->chunked = true;
			connection->state = OTHER;
		} else if (byte == '\n' && !at) {
			end_headers(connection);
		} else if (byte == '\n') {
			enter_state(connection, HEADER);
		} else {
			if (at >= 14 || lower != words.content_length[at & 15])
				connection->is_length = false;
			if (at >= 17 || lower != words.transfer_encoding[at & 31])
				connection->is_encoding = false;
		}
		return;
	case LENGTH:
		if (digit)
			connection->length = connection->length * 10 + (byte - '0');
		/* fall through */
	case OTHER:
		if (byte == '\n')
			enter_state(connection, HEADER);
		return;
	case CHUNK:
		if (byte == '\n') {
			end_chunk_line(connection);
			return;
		}
		/* What stands behind the number is not part of it. */
		if (connection->at)
			return;
		if (digit)
			connection->length = connection->length * 16 + (byte - '0');
		else if (lower >= 'a' && lower <= 'f')
			connection->length = connection->length * 16 + (lower - 'a' + 10);
		else
			connection->at = 1;
		return;
	}
}

/*
 * Looks at the next bytes; false where there is nothing more to look at. The verifier follows every way through a program, turn after
 * turn of a loop. A global function is not followed anew with every call: it is verified once, by itself, whatever its callers do.
 */
__noinline int look_on(void)
{
	u32 zero = 0;
	struct scan *scan = bpf_map_lookup_elem(&scans, &zero);
	struct connection *connection;
	u64 rest, size;

	if (!scan)
		return false;
	connection = &scan->connection;
	rest = scan->count - scan->at;
	if (connection->body >= rest) {
		connection->body -= rest;
		return false;
	}
	scan->at += connection->body;
	size = scan->count - scan->at;
	connection->body = 0;
	if (size > WINDOW)
		size = WINDOW;
	if (bpf_probe_read_user(scan->window, size, (void *)(scan->buffer + scan->at))) {
		gimlet_count(GIMLET_READ_FAULT);
		connection->state = LOST;
		return false;
	}
	for (u64 i = 0; i < WINDOW; i++) {
		if (scan->at >= scan->count || connection->body)
			break;
		scan->at++;
		step(connection, scan->window[i]);
		if (connection->state == LOST)
			return false;
	}
	return scan->at < scan->count;
}

/* Node.js reads 64 KiB at most: half as many windows. The rest is for those that end early because a body begins. */
#define LOOKS 64
#define MAX_LOOKS (LOOKS * LOOKS)

/* Looks on many times. By itself once more, for the verifier would follow MAX_LOOKS turns of a single loop one by one, too. */
__noinline int look_far(void)
{
	bool more = true;

	for (int i = 0; more && i < LOOKS; i++)
		more = look_on();
	return more;
}

static const struct connection fresh = {};

static __always_inline int leave(long result)
{
	u32 zero = 0;
	u64 id = bpf_get_current_pid_tgid(), socket;
	struct reading *reading = bpf_map_lookup_elem(&reads, &id);
	struct scan *scan = bpf_map_lookup_elem(&scans, &zero);
	struct connection *connection;
	bool more = true;

	if (!reading || !scan)
		return 0;
	socket = reading->socket;
	scan->buffer = reading->buffer;
	scan->count = result;
	scan->at = 0;
	bpf_map_delete_elem(&reads, &id);
	if (result <= 0)
		return 0;
	connection = bpf_map_lookup_elem(&connections, &socket);
	scan->connection = connection ? *connection : fresh;
	if (scan->connection.state == LOST)
		enter_state(&scan->connection, START);
	for (int i = 0; more && i < MAX_LOOKS / LOOKS; i++)
		more = look_far();
	if (more)
		scan->connection.state = LOST;
	if (bpf_map_update_elem(&connections, &socket, &scan->connection, BPF_ANY))
		gimlet_count(GIMLET_MAP_FULL);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long result)
{
	int number = syscall_returning(regs);

	return number == SYS_READ || number == SYS_RECVFROM ? leave(result) : 0;
}

SEC("tracepoint")
int on_return(struct syscall_trace_exit *ctx)
{
	return leave(ctx->ret);
}
