/*
 * What somebody would write by hand with libbpf: map ENTRIES ROUNDS BATCH fills a hash (u32 to u64), reads all of it by batches into
 * structs, and prints for each round how many ns of CPU an entry took.
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct entry {
	unsigned int key;
	unsigned long long value;
};

static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static int fill(int fd, unsigned int entries, unsigned int *keys, unsigned long long *values)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);

	for (unsigned int i = 0; i < entries; i++) {
		keys[i] = i;
		values[i] = i;
	}
	return bpf_map_update_batch(fd, keys, values, &entries, &options);
}

int main(int argc, char **argv)
{
	unsigned int entries = argc > 3 ? atoi(argv[1]) : 0, rounds = argc > 3 ? atoi(argv[2]) : 0;
	unsigned int batch = argc > 3 ? atoi(argv[3]) : 0;
	unsigned int *keys = calloc(entries + 1, sizeof(*keys));
	unsigned long long *values = calloc(entries + 1, sizeof(*values));
	struct entry *all = calloc(entries + 1, sizeof(*all));
	int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "numbers", sizeof(*keys), sizeof(*values), entries, NULL);

	if (!keys || !values || !all || fd < 0 || fill(fd, entries, keys, values))
		return 1;
	for (unsigned int round = 0; round < rounds; round++) {
		double start = cpu_ns();
		unsigned int place = 0, *from = NULL, read = 0;
		int error = 0;

		while (!error) {
			unsigned int count = batch;

			error = bpf_map_lookup_batch(fd, from, &place, keys, values, &count, NULL);
			for (unsigned int i = 0; i < count && read < entries; i++)
				all[read++] = (struct entry){ .key = keys[i], .value = values[i] };
			from = &place;
		}
		if (read != entries)
			return 2;
		printf("%.1f\n", (cpu_ns() - start) / entries);
	}
	return 0;
}
