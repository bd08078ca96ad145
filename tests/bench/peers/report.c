/*
 * What somebody would write by hand with libbpf: report OBJECT > FILE loads the same object as gimlet, and prints a line for each
 * record until SIGINT. Says "ready" on stderr, and at the end how many it has printed.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct call_t {
	unsigned long long ts;
	unsigned int pid;
	char comm[16];
};

static volatile sig_atomic_t stop;
static unsigned long long printed;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static int on_record(void *context, void *data, size_t size)
{
	const struct call_t *call = data;

	(void)context;
	(void)size;
	printf("%llu.%09llu %-16s %u\n", call->ts / 1000000000, call->ts % 1000000000, call->comm, call->pid);
	printed++;
	return 0;
}

/* Sets a variable of the object by its place in its section. */
static int set(struct bpf_object *object, const char *section, size_t offset, const void *value, size_t size)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		size_t bytes = 0;
		char *data = NULL;

		if (!strstr(bpf_map__name(map), section))
			continue;
		data = (char *)bpf_map__initial_value(map, &bytes); /* const in some versions */
		if (!data || offset + size > bytes)
			return -1;
		memcpy(data + offset, value, size);
		return 0;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct bpf_object *object = argc > 2 ? bpf_object__open(argv[1]) : NULL;
	size_t comm = 0, armed = 0;
	char yes = 1, name[16] = "calls";
	struct ring_buffer *ring;
	struct bpf_link *link;

	if (!object || sscanf(argv[2], "%zu,%zu", &comm, &armed) != 2)
		return 2;
	if (set(object, ".rodata", comm, name, sizeof(name)) || set(object, ".bss", armed, &yes, 1))
		return 3;
	if (bpf_object__load(object))
		return 4;
	link = bpf_program__attach(bpf_object__find_program_by_name(object, "on_getppid"));
	ring = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "calls"), on_record, NULL, NULL);
	if (!link || !ring)
		return 5;
	signal(SIGINT, on_signal);
	fprintf(stderr, "ready\n");
	while (!stop)
		ring_buffer__poll(ring, 20);
	bpf_link__destroy(link);
	ring_buffer__consume(ring);
	fflush(stdout);
	fprintf(stderr, "%llu\n", printed);
	return 0;
}
