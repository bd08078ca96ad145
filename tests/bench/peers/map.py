"""BCC's way to read a map: map.py ENTRIES ROUNDS fills a hash (u32 to u64), takes its items(), and prints for each round how many ns of
CPU an entry took."""

import ctypes
import sys
import time

from bcc import BPF

entries, rounds = int(sys.argv[1]), int(sys.argv[2])
table = BPF(text="BPF_HASH(numbers, u32, u64, %d);" % entries)["numbers"]
keys, values = (table.Key * entries)(*range(entries)), (table.Leaf * entries)(*range(entries))
table.items_update_batch(keys, values)
for _ in range(rounds):
    start = time.process_time_ns()
    read = len(table.items())
    ns = time.process_time_ns() - start
    if read != entries:
        sys.exit("%d items, should be %d" % (read, entries))
    print("%.1f" % (ns / entries), flush=True)
