/*
 * A process whose stack is known: on each SIGUSR1 it calls climb_outer(), that climb_middle(), that climb_inner(), and that one getppid().
 *
 * It prints a line for each address that a test asks for, "NAME HEX", then "ready". Memory of no file holds a copy of a function, as a
 * run-time compiler leaves it.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Frame pointers, by which the kernel finds the callers; no tail call, or the caller would be gone. */
#define STEP __attribute__((noinline, noclone, optimize("no-omit-frame-pointer", "no-optimize-sibling-calls")))

/* Calls nothing: what calls it has a frame of its own, even where compilers leave out those of functions that call nothing. */
STEP void climb_rest(void)
{
	__asm__ volatile("");
}

STEP long climb_inner(void)
{
	long result;

	climb_rest();
#if defined(__x86_64__)
	__asm__ volatile("syscall" : "=a"(result) : "0"(SYS_getppid) : "rcx", "r11", "memory");
#else
	register long x8 __asm__("x8") = SYS_getppid;
	register long x0 __asm__("x0");

	__asm__ volatile("svc 0" : "=r"(x0) : "r"(x8) : "memory");
	result = x0;
#endif
	return result;
}

STEP long climb_middle(void)
{
	return climb_inner() + 1;
}

STEP long climb_outer(void)
{
	return climb_middle() + 1;
}

int climb_count = 7;

static void *compiled(void)
{
	void *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memcpy(code, climb_inner, 64);
}

int main(void)
{
	volatile long sum = 0;
	sigset_t wake;
	int signal;

	sigemptyset(&wake);
	sigaddset(&wake, SIGUSR1);
	sigprocmask(SIG_BLOCK, &wake, NULL);
	printf("climb_inner %lx\n", (unsigned long)climb_inner);
	printf("climb_count %lx\n", (unsigned long)&climb_count);
	printf("compiled %lx\n", (unsigned long)compiled());
	printf("vdso %lx\n", getauxval(AT_SYSINFO_EHDR));
	printf("ready\n");
	fflush(stdout);
	alarm(600);
	while (!sigwait(&wake, &signal))
		sum += climb_outer();
	return 1;
}
