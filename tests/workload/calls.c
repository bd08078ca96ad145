/* Does a known number of things: calls DEED N [MORE]. Nothing that it prints or starts adds to them. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* strlen() of a string. The pointer is one that the compiler cannot see through: the call must be made, not computed. */
static int strlen_times(long n, const char *string)
{
	size_t (*volatile length)(const char *) = strlen;
	volatile size_t sum = 0;

	for (long i = 0; i < n; i++)
		sum += length(string);
	return 0;
}

static int getppid_times(long n)
{
	for (long i = 0; i < n; i++)
		syscall(SYS_getppid);
	return 0;
}

#ifdef __x86_64__
/* A system call of 32-bit programs, to which the numbers mean other calls. */
static int compat_times(long n, long number)
{
	for (long i = 0; i < n; i++) {
		long result;

		__asm__ volatile("int $0x80"
				 : "=a"(result)
				 : "a"(number), "b"(0), "c"(0), "d"(0)
				 : "memory", "r8", "r9", "r10", "r11");
		if (result == -ENOSYS)
			return 1;
	}
	return 0;
}
#endif

/* At most so many a second, in steps of a millisecond. Says on stderr how many ns it took. */
static int pace_times(long n, long rate)
{
	struct timespec start, next, end;
	long step = rate / 1000 ? rate / 1000 : 1;

	clock_gettime(CLOCK_MONOTONIC, &start);
	next = start;
	for (long i = 0; i < n; i++) {
		syscall(SYS_getppid);
		if ((i + 1) % step)
			continue;
		next.tv_nsec += 1000000000L / (rate / step);
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	return fprintf(stderr, "%ld\n", (end.tv_sec - start.tv_sec) * 1000000000L + end.tv_nsec - start.tv_nsec) < 0;
}

/* Of a process by its number: then the security modules are asked. */
static int getpgid_times(long n)
{
	pid_t self = getpid();

	for (long i = 0; i < n; i++)
		syscall(SYS_getpgid, self);
	return 0;
}

/*
 * System calls that fail at once, and whose arguments stand where a tracepoint has its fields: for programs that are to run more
 * often than their own event happens. Here the sizes of requests, 4 KiB to 1 MiB, as in block:block_rq_issue, ...
 */
static int lseek_times(long n)
{
	for (long i = 0; i < n; i++)
		syscall(SYS_lseek, -1, (i % 256 + 1) * 4096 << 32, SEEK_SET);
	return 0;
}

/* ... and here pairs of pids, as in sched:sched_switch. */
static int sendto_times(long n)
{
	for (long i = 0; i < n; i++)
		syscall(SYS_sendto, -1, (void *)(i % 64 + 1), 0, 0, NULL, i % 32 + 1);
	return 0;
}

/* A function to be found by its name. */
__attribute__((noinline)) long step(long i)
{
	__asm__ volatile("" : "+r"(i));
	return i + 1;
}

/* Another. */
__attribute__((noinline)) long stride(long i)
{
	__asm__ volatile("" : "+r"(i));
	return i;
}

static int step_times(long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++)
		sum = stride(step(sum));
	return sum != n;
}

/* Packets to a port of this machine, where nobody needs to listen. */
static int udp_times(long n, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (long i = 0; i < n; i++)
		if (fd < 0 || sendto(fd, "gimlet", 6, 0, (struct sockaddr *)&to, sizeof(to)) != 6)
			return 1;
	return 0;
}

/* Connections of this process to itself, by a congestion control. */
static int connect_times(long n, const char *control)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	socklen_t size = sizeof(to);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&to, size) || listen(listener, n) ||
	    getsockname(listener, (struct sockaddr *)&to, &size))
		return 1;
	for (long i = 0; i < n; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, control, strlen(control)) ||
		    connect(fd, (struct sockaddr *)&to, size) || close(fd) || close(accept(listener, NULL, NULL)))
			return 1;
	}
	return 0;
}

/* Pages of memory at an address of which each is new, and faults. */
static int fault_times(long n, void *address)
{
	long size = sysconf(_SC_PAGESIZE);
	volatile char *pages = mmap(address, n * size, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (pages != address || madvise(address, n * size, MADV_NOHUGEPAGE))
		return 1;
	for (long i = 0; i < n; i++)
		pages[i * size] = 1;
	return 0;
}

/* Says on stderr how many syncs began within a second of the one before: a disk may take its time. */
static int sync_times(long n)
{
	struct timespec now, before = {};
	long quick = 0;

	for (long i = 0; i < n; i++) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (i && (now.tv_sec - before.tv_sec) * 1000000000L + now.tv_nsec - before.tv_nsec < 1000000000L)
			quick++;
		before = now;
		sync();
	}
	return fprintf(stderr, "%ld\n", quick) < 0;
}

/* Reads of a pipe that has something in it. */
static int read_times(long n)
{
	char byte = 0;
	int ends[2];

	if (pipe(ends))
		return 1;
	for (long i = 0; i < n; i++)
		if (write(ends[1], &byte, 1) != 1 || read(ends[0], &byte, 1) != 1)
			return 1;
	return 0;
}

/* Reads of /dev/urandom; then reads of /dev/zero through the same file descriptor, which no one should take for them. */
static int urandom_times(long n, size_t size)
{
	char *buffer = malloc(size);
	int fd = open("/dev/urandom", O_RDONLY), zero = open("/dev/zero", O_RDONLY);

	if (!buffer || fd < 0 || zero < 0)
		return 1;
	for (long i = 0; i < n; i++)
		if (read(fd, buffer, size) != (ssize_t)size)
			return 1;
	if (dup2(zero, fd) != fd || read(fd, buffer, size) != (ssize_t)size)
		return 1;
	return 0;
}

static int getrandom_times(long n, size_t size)
{
	char *buffer = malloc(size);

	for (long i = 0; i < n; i++)
		if (!buffer || getrandom(buffer, size, 0) != (ssize_t)size)
			return 1;
	return 0;
}

/* One CPU for this process and its children, in real time: each runs until it waits or yields, then the next in the queue does. */
static int take_turns(void)
{
	struct sched_param param = { .sched_priority = sched_get_priority_max(SCHED_FIFO) };
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	return sched_setaffinity(0, sizeof(cpu), &cpu) || sched_setscheduler(0, SCHED_FIFO, &param);
}

/* Two reads of each of N children: the first ones all wait at the same time. */
static int crowd_of(long n)
{
	char byte;
	int ends[2];

	if (take_turns() || pipe(ends))
		return 1;
	for (long i = 0; i < n; i++) {
		pid_t child = fork();

		if (child < 0)
			return 1;
		if (child)
			continue;
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) || read(ends[0], &byte, 1));
	}
	sched_yield(); /* every child is before us in the queue: when we run again, all wait in their reads */
	close(ends[1]);
	for (long i = 0; i < n; i++) {
		int status;

		if (wait(&status) < 0 || status)
			return 1;
	}
	return 0;
}

/* Waits for a byte. */
static void take(int pipe[2])
{
	char byte;

	if (read(pipe[0], &byte, 1) != 1)
		_exit(1);
}

static void give(int pipe[2])
{
	if (write(pipe[1], "x", 1) != 1)
		_exit(1);
}

static void end(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/*
 * Two children go back and forth: N switches from the first to the second and N back, no more and no less, since all take turns.
 * They do not end by themselves, for who ends may have to wait: they are ended one after the other.
 */
static int switch_times(long n)
{
	int go[2], there[2], back[2], done[2];
	pid_t first, second;

	if (take_turns() || pipe(go) || pipe(there) || pipe(back) || pipe(done))
		return 1;
	first = fork();
	if (!first) {
		take(go);
		for (long i = 0; i < n; i++) {
			give(there);
			take(back);
		}
		give(done);
		pause();
	}
	second = fork();
	if (!second) {
		for (long i = 0; i < n; i++) {
			take(there);
			give(back);
		}
		pause();
	}
	if (first < 0 || second < 0)
		return 1;
	give(go);
	take(done);
	end(first);
	end(second);
	return 0;
}

int main(int argc, char **argv)
{
	const char *deed = argc > 2 ? argv[1] : "";
	const char *more = argc > 3 ? argv[3] : "";
	long n = argc > 2 ? atol(argv[2]) : 0;

	if (!strcmp(deed, "strlen"))
		return strlen_times(n, more);
	if (!strcmp(deed, "getppid"))
		return getppid_times(n);
#ifdef __x86_64__
	if (!strcmp(deed, "compat"))
		return compat_times(n, atol(more));
#endif
	if (!strcmp(deed, "pace"))
		return pace_times(n, atol(more));
	if (!strcmp(deed, "getpgid"))
		return getpgid_times(n);
	if (!strcmp(deed, "lseek"))
		return lseek_times(n);
	if (!strcmp(deed, "sendto"))
		return sendto_times(n);
	if (!strcmp(deed, "step"))
		return step_times(n);
	if (!strcmp(deed, "udp"))
		return udp_times(n, atoi(more));
	if (!strcmp(deed, "connect"))
		return connect_times(n, more);
	if (!strcmp(deed, "fault"))
		return fault_times(n, (void *)strtoul(more, NULL, 0));
	if (!strcmp(deed, "sync"))
		return sync_times(n);
	if (!strcmp(deed, "read"))
		return read_times(n);
	if (!strcmp(deed, "urandom"))
		return urandom_times(n, atol(more));
	if (!strcmp(deed, "getrandom"))
		return getrandom_times(n, atol(more));
	if (!strcmp(deed, "crowd"))
		return crowd_of(n);
	if (!strcmp(deed, "switch"))
		return switch_times(n);
	return 2;
}
