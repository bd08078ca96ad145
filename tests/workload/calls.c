/* Does a known number of things: calls getppid|strlen N [STRING]. Nothing that it prints or starts adds to them. */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	/* Through a pointer that the compiler cannot see through: strlen must be called, not computed. */
	size_t (*volatile length)(const char *) = strlen;
	volatile size_t sum = 0;
	long n = argc > 2 ? atol(argv[2]) : 0;

	if (argc > 3 && argv[1][0] == 's') {
		for (long i = 0; i < n; i++)
			sum += length(argv[3]);
		return 0;
	}
	if (argc > 2 && argv[1][0] == 'g') {
		for (long i = 0; i < n; i++)
			syscall(SYS_getppid);
		return 0;
	}
	return 2;
}
