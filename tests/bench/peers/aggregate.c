/*
 * What somebody would write by hand with libbpf: aggregate OBJECT PROGRAM all|others [FILE OFFSET...] loads one program of
 * aggregate.bpf.c and lets it count all processes, or all but this one, at these places of the file or where its section says,
 * until SIGINT; says "ready" once it does.
 */
#include <bpf/libbpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void on_signal(int number)
{
	(void)number;
}

/* The object has one constant. */
static int leave_out_self(struct bpf_object *object)
{
	unsigned int self = getpid();
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
		if (strstr(bpf_map__name(map), ".rodata"))
			return bpf_map__set_initial_value(map, &self, sizeof(self));
	return -1;
}

int main(int argc, char **argv)
{
	struct bpf_object *object = argc > 3 ? bpf_object__open(argv[1]) : NULL;
	struct bpf_program *program, *wanted = NULL;

	if (!object)
		return 2;
	bpf_object__for_each_program(program, object) {
		if (strcmp(bpf_program__name(program), argv[2]))
			bpf_program__set_autoload(program, false);
		else
			wanted = program;
	}
	if (!wanted || (!strcmp(argv[3], "others") && leave_out_self(object)) || bpf_object__load(object))
		return 3;
	if (argc <= 4 && !bpf_program__attach(wanted))
		return 4;
	for (int i = 5; i < argc; i++)
		if (!bpf_program__attach_uprobe(wanted, false, -1, argv[4], strtoul(argv[i], NULL, 0)))
			return 4;
	signal(SIGINT, on_signal);
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
