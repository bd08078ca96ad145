/*
 * Does a known number of things when it is told to:
 *
 *   waiter start request|strlen|stairs|server COUNT TEXT...   prints the number of a process that waits, and ends
 *   waiter wake PID                                           lets that process do its work, and ends when it has ended
 *
 * request: passes the probe node:http__server__request for each TEXT, COUNT times, as Node.js did, if somebody traces it.
 * strlen: calls strlen() on each TEXT. stairs: calls stairs(). server: receives an HTTP request for each TEXT, with a body that looks
 * like another one, now by read(), now by recv(). Nothing else that it does adds to these.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/* How many trace the probe: the kernel counts. */
volatile unsigned short semaphore __attribute__((section(".probes"), used));

/*
 * The probe: a nop, and a note that says where it is, and where its arguments are. That is all that <sys/sdt.h> does, whose macros
 * are not needed for one probe.
 */
static inline __attribute__((always_inline)) void
request_probe(void *request, void *connection, const char *remote, int port, const char *method,
	      const char *url, int fd)
{
	__asm__ __volatile__("990: nop\n"
			     ".pushsection .note.stapsdt, \"\", \"note\"\n"
			     ".balign 4\n"
			     ".4byte 992f - 991f, 994f - 993f, 3\n"
			     "991: .asciz \"stapsdt\"\n"
			     "992: .balign 4\n"
			     "993: .8byte 990b\n"
			     ".8byte _.stapsdt.base\n"
			     ".8byte semaphore\n"
			     ".asciz \"node\"\n"
			     ".asciz \"http__server__request\"\n"
			     ".asciz \"8@%0 8@%1 8@%2 -4@%3 8@%4 8@%5 -4@%6\"\n"
			     "994: .balign 4\n"
			     ".popsection\n"
			     :
			     : "nor"(request), "nor"(connection), "nor"(remote), "nor"(port),
			       "nor"(method), "nor"(url), "nor"(fd));
}

__asm__(".pushsection .stapsdt.base, \"aG\", \"progbits\", .stapsdt.base, comdat\n"
	".weak _.stapsdt.base\n"
	".hidden _.stapsdt.base\n"
	"_.stapsdt.base: .space 1\n"
	".size _.stapsdt.base, 1\n"
	".popsection\n");

/* A function whose instructions are known: each nop is one byte on x86-64, four on AArch64. */
__asm__(".pushsection .text\n"
	".globl stairs\n"
	".type stairs, %function\n"
	"stairs: nop\n"
	"nop\n"
	"nop\n"
	"ret\n"
	".size stairs, . - stairs\n"
	".popsection\n");
void stairs(void);

/* Two places of one probe, which have the same arguments in different ones. */
static void request(const char *url, long i)
{
	char local[256];
	void *volatile connection = &local;

	if (!semaphore)
		return;
	if (i % 2) {
		request_probe(&i, connection, "::1", 8080, "GET", url, 19);
	} else {
		const char *volatile copy = local;

		snprintf(local, sizeof(local), "%s", url);
		request_probe(NULL, connection, "127.0.0.1", (int)i, "POST", copy, -1);
	}
}

static void receive(int sockets[2], const char *path, long i)
{
	const char *body = "GET /not-a-request HTTP/1.1\r\n\r\n";
	char buffer[4096];
	size_t size = snprintf(buffer, sizeof(buffer),
			       "PUT %s HTTP/1.1\r\nHost: x\r\ncontent-length: %zu\r\n\r\n%s", path,
			       strlen(body), body);

	if (write(sockets[0], buffer, size) != (ssize_t)size)
		_exit(1);
	/* The body begins with a read of its own. */
	size -= strlen(body);
	if (i % 2) {
		recv(sockets[1], buffer, size, MSG_PEEK);
		recv(sockets[1], buffer, size, 0);
	} else if (read(sockets[1], buffer, size) != (ssize_t)size) {
		_exit(1);
	}
	if (read(sockets[1], buffer, sizeof(buffer)) != (ssize_t)strlen(body))
		_exit(1);
}

static void work(char what, long count, char **texts)
{
	/* Through a pointer that the compiler cannot see through: strlen must be called, not computed. */
	size_t (*volatile length)(const char *) = strlen;
	volatile size_t sum = 0;
	int sockets[2];

	if (what == 'h' && socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
		_exit(1);
	for (long i = 0; i < count; i++) {
		if (what == 's')
			stairs();
		for (char **text = texts; *text; text++) {
			if (what == 'r')
				request(*text, i);
			else if (what == 'l')
				sum += length(*text);
			else if (what == 'h')
				receive(sockets, *text, i);
		}
	}
}

static int start(char what, long count, char **texts)
{
	sigset_t wake;
	int signal;
	pid_t child;

	sigemptyset(&wake);
	sigaddset(&wake, SIGUSR1);
	sigprocmask(SIG_BLOCK, &wake, NULL);
	child = fork();
	if (child) {
		printf("%d\n", child);
		return child < 0;
	}
	/* Whoever waits for the output of the first process is not to wait for this one; nobody who forgets it keeps it. */
	freopen("/dev/null", "w", stdout);
	freopen("/dev/null", "w", stderr);
	alarm(600);
	sigwait(&wake, &signal);
	work(what, count, texts);
	_exit(0);
}

static int wake(pid_t pid)
{
	struct pollfd end = { .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };

	if (end.fd < 0 || kill(pid, SIGUSR1)) {
		perror("waiter");
		return 1;
	}
	return poll(&end, 1, -1) != 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "wake"))
		return wake(atoi(argv[2]));
	if (argc < 4 || strcmp(argv[1], "start"))
		return 2;
	if (!strcmp(argv[2], "strlen"))
		argv[2] = "length";
	if (!strcmp(argv[2], "server"))
		argv[2] = "http";
	return start(argv[2][0], atol(argv[3]), argv + 4);
}
