/*
 * Runs a command, and tells what that took: `spent run FILE COMMAND…` prints the ns until `spent now FILE`, which the command starts,
 * said that it runs (0 where it never did); those until the command ended; the ns of CPU time; and the peak of memory in KiB.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long ns(struct timeval time)
{
	return time.tv_sec * 1000000000LL + time.tv_usec * 1000LL;
}

static int say_now(const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return 1;
	fprintf(file, "%lld\n", now());
	return fclose(file) != 0;
}

static long long said(const char *path)
{
	FILE *file = fopen(path, "r");
	long long time = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%lld", &time) != 1)
		time = 0;
	fclose(file);
	return time;
}

static int run(const char *path, char **command)
{
	struct rusage usage;
	long long start, end, armed;
	int status;
	pid_t pid;

	unlink(path);
	start = now();
	pid = fork();
	if (pid == 0) {
		/* What it prints is none of ours. */
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		execvp(command[0], command);
		perror(command[0]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return 1;
	end = now();
	armed = said(path);
	printf("%lld %lld %lld %ld\n", armed ? armed - start : 0, end - start,
	       ns(usage.ru_utime) + ns(usage.ru_stime), usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "now"))
		return say_now(argv[2]);
	if (argc > 3 && !strcmp(argv[1], "run"))
		return run(argv[2], argv + 3);
	fprintf(stderr, "usage: spent now FILE | spent run FILE COMMAND...\n");
	return 2;
}
