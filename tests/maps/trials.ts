/** A trial for each type of map: what user space and a program do with one, and what must come of it. */

import {
  BpfError,
  type BpfMap,
  createBloomFilter,
  createMap,
  createMapOfMaps,
  createQueue,
  eventBatches,
  type LoadedObject,
  MAP_FLAG,
  mapInfo,
  openObject,
  openPinnedMap,
  openPinnedQueue,
  sumOf,
  u32,
  u64,
} from "../../mod.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { maps, noteCodec, pairCodec } from "../workload/maps/maps.gen.ts";

type Maps = LoadedObject<typeof maps>;

/** A trial: it gets a loaded object of its own and the path of a bpf file system, and throws where something is wrong. */
export interface Trial {
  readonly name: string;
  readonly run: (object: Maps, pins: string) => void | Promise<void>;
}

const CPUS = (object: Maps) => object.map("cpu_array").get(0)!.length;

/** Runs a trial; it throws where something is wrong. */
export async function runTrial({ run }: Trial, pins: string): Promise<void> {
  using object = openObject(maps).setGlobal("gimlet_tgid", Deno.pid).setGlobal("step", 2).load();
  await run(object, pins);
}

/** Lets the program run `calls` times: this process makes the system call that it waits for. */
function work(object: Maps, calls: number): void {
  using _link = object.program("on_getppid").attachTracepoint("syscalls", "sys_enter_getppid");
  object.setGlobal("gimlet_armed", true);
  for (let i = 0; i < calls; i++) void Deno.ppid;
  object.setGlobal("gimlet_armed", false);
}

/** The code of the error that something throws. */
function codeOf(action: () => unknown): string {
  const error = assertThrows(action, BpfError);
  return (error as BpfError).code;
}

const byKey = ([a]: readonly [number, unknown], [b]: readonly [number, unknown]) => a - b;

/** What every map with integer keys and u64 values has to do. */
function likeMap(map: BpfMap<number, bigint>): void {
  assertEquals([map.get(1), map.has(1), map.delete(1), map.size], [undefined, false, false, 0]);
  assertEquals(map.set(1, 10n).set(2, 20n).set(3, 2n ** 64n - 1n).get(3), 2n ** 64n - 1n);
  assertEquals([...map].sort(byKey), [[1, 10n], [2, 20n], [3, 2n ** 64n - 1n]]);
  assertEquals([...map.keys()].sort(), [1, 2, 3]);
  assertEquals([map.has(2), map.delete(2), map.has(2), map.size], [true, true, false, 2]);
  assertEquals([map.getOrInsert(1, 99n), map.getOrInsert(7, 70n), map.get(7)], [10n, 70n, 70n]);
  assertEquals(codeOf(() => map.set(1, 5n, { only: "new" })), "E_MAP");
  assertEquals(codeOf(() => map.set(2, 5n, { only: "existing" })), "E_MAP");
  assertEquals(map.set(1, 11n, { only: "existing" }).set(2, 22n, { only: "new" }).get(1), 11n);
  assertEquals([map.take(7), map.take(7)], [70n, undefined]);
  const seen: [number, bigint][] = [];
  map.forEach((value, key, same) => seen.push([key, same === map ? value : 0n]));
  assertEquals(seen.sort(byKey), [[1, 11n], [2, 22n], [3, 2n ** 64n - 1n]]);
  assertEquals([...map.values()].length, 3);
  assertEquals(map.deleteAll([1, 99, 3, 98]), 2);
  assertEquals(map.toJSON(), [[2, 22n]]);
  map.clear();
  assertEquals([map.size, [...map]], [0, []]);
}

/** The trials, one for each type of map and each way to get one. */
export const TRIALS: readonly Trial[] = [
  {
    name: "hash: a Map of structs, in batches",
    run(object) {
      const map = object.map("hash");
      const pair = (i: number) => ({ left: i, right: BigInt(i) << 32n });
      const entries = Array.from({ length: 3000 }, (_, i) => [i, pair(i)] as const);
      assertEquals(map.setAll(entries).size, 3000);
      assertEquals([...map].sort(byKey), entries);
      assertEquals(map.deleteAll([...Array(1500).keys(), 5000]), 1500);
      assertEquals(map.take(1500), pair(1500));
      assertEquals(map.takeAll().sort(byKey), entries.slice(1501));
      assertEquals([map.size, map.get(2999)], [0, undefined]);
      map.setAll(entries).clear();
      assertEquals([...map], []);
    },
  },
  {
    name: "hash: struct keys, a full map, console.log",
    run(object) {
      const map = object.map("small_hash");
      map.set({ left: 1, right: 2n }, 3).set({ left: 1, right: 3n }, 4);
      assertEquals([map.get({ left: 1, right: 3n }), map.get({ left: 2, right: 3n })], [
        4,
        undefined,
      ]);
      assertEquals(codeOf(() => map.set({ left: 9, right: 9n }, 1)), "E_MAP");
      assertEquals(map.delete({ left: 1, right: 2n }), true);
      assertEquals(
        Deno.inspect(map),
        "BpfMap small_hash (hash) Map(1) { { left: 1, right: 3n } => 4 }",
      );
    },
  },
  { name: "hash: created without an object", run: () => createdLike("hash") },
  {
    name: "lru_hash",
    run(object) {
      likeMap(object.map("lru"));
      // It makes room by itself.
      const map = object.map("lru").setAll(Array.from({ length: 500 }, (_, i) => [i, 1n]));
      assert(map.size <= 64 && map.size > 0);
    },
  },
  { name: "lru_hash: created without an object", run: () => createdLike("lru_hash") },
  {
    name: "array: every index is there, clear() sets zeros",
    run(object) {
      const map = object.map("list");
      assertEquals([map.size, map.get(0), map.get(1500), map.has(1499)], [
        1500,
        0n,
        undefined,
        true,
      ]);
      map.setAll(Array.from({ length: 1500 }, (_, i) => [i, BigInt(i * i)]));
      assertEquals([...map][1499], [1499, 1499n * 1499n]);
      assertEquals(codeOf(() => map.delete(3)), "E_MAP");
      assertEquals(codeOf(() => map.set(1500, 1n)), "E_MAP");
      map.clear();
      assertEquals([map.size, [...map.values()].every((value) => value === 0n)], [1500, true]);
    },
  },
  {
    name: "percpu_hash: a value for each CPU",
    run(object) {
      const map = object.map("cpu_hash");
      const counts = Array.from({ length: CPUS(object) }, (_, i) => BigInt(i + 1));
      map.set(4, counts).setAll([[5, counts], [6, counts]]);
      assertEquals([map.get(4), sumOf(map.get(5)), map.size], [counts, sumOf(counts), 3]);
      assertThrows(() => map.set(4, [...counts, 1n]), RangeError, "its length is");
      assertEquals(map.takeAll().length, 3);
    },
  },
  {
    name: "percpu_array",
    run(object) {
      const map = object.map("cpu_array");
      const counts = Array.from({ length: CPUS(object) }, (_, i) => i + 1);
      assertEquals([...map.set(2, counts)].map(([, values]) => values[0]), [0, 0, 1, 0]);
      map.clear();
      assertEquals(map.get(2)!.every((count) => count === 0), true);
    },
  },
  {
    name: "lru_percpu_hash",
    run(object) {
      const map = object.map("cpu_lru");
      const counts = Array.from({ length: CPUS(object) }, () => 7n);
      assertEquals([map.set(1, counts).get(1), map.delete(1), map.size], [counts, true, 0]);
      using own = createMap({ type: "lru_percpu_hash", key: u32, value: u64, maxEntries: 64 });
      assertEquals(own.set(3, counts).toJSON(), [[3, counts]]);
    },
  },
  {
    name: "lpm_trie: the longest prefix wins",
    run(object) {
      const map = object.map("trie");
      map.set({ length: 8, address: [10, 0, 0, 0] }, 1);
      map.set({ length: 24, address: [10, 1, 2, 0] }, 2);
      const at = (...address: number[]) => map.get({ length: 32, address });
      assertEquals([at(10, 1, 2, 9), at(10, 9, 9, 9), at(11, 0, 0, 1)], [2, 1, undefined]);
      assertEquals([...map.keys()].map(({ length }) => length).sort(), [24, 8]);
      map.clear();
      assertEquals(map.size, 0);
      using own = createMap({ type: "lpm_trie", key: u64, value: u32, maxEntries: 4 });
      assertEquals(own.set(8n, 5).get(8n), 5);
    },
  },
  {
    name: "queue: first in, first out",
    run(object) {
      const queue = object.queue("queue");
      const note = (pid: number) => ({ pid, text: `note ${pid}` });
      assertEquals([queue.pop(), queue.peek()], [undefined, undefined]);
      assertEquals([1, 2, 3, 4].map((pid) => queue.push(note(pid))), [true, true, true, false]);
      assertEquals(queue.push(note(5), { replaceOldest: true }), true);
      assertEquals([queue.peek(), queue.pop()], [note(2), note(2)]);
      assertEquals([...queue.drain()], [note(3), note(5)]);
      queue.push(note(6));
      queue.clear();
      assertEquals(queue.pop(), undefined);
      work(object, 2);
      assertEquals([...queue.drain()], Array(2).fill({ pid: Deno.pid, text: "getppid" }));
    },
  },
  {
    name: "stack: last in, first out",
    run(object) {
      const stack = object.queue("stack");
      for (const value of [1n, 2n, 3n]) stack.push(value);
      assertEquals([stack.push(4n), stack.peek(), [...stack.drain()]], [false, 3n, [3n, 2n, 1n]]);
      using own = createQueue({ type: "stack", value: u32, maxEntries: 2 });
      assertEquals([own.push(1), own.push(2), own.pop(), own.pop(), own.pop()], [
        true,
        true,
        2,
        1,
        undefined,
      ]);
    },
  },
  {
    name: "bloom_filter: what was added is there",
    run(object) {
      const bloom = object.bloomFilter("bloom");
      assertEquals([bloom.has(1), bloom.add(1).has(1)], [false, true]);
      using own = createBloomFilter({ value: u64, maxEntries: 10, hashes: 3 });
      assertEquals([own.has(9n), own.add(9n).has(9n)], [false, true]);
    },
  },
  {
    name: "ringbuf: events of one ring, in batches, and of two by one epoll",
    async run(object) {
      using ring = object.ringBuffer("ring");
      using other = object.ringBuffer("other_ring", { codec: noteCodec });
      using bytes = object.ringBuffer("other_ring");
      work(object, 3);
      assert(ring.unread > 0);
      const note = { pid: Deno.pid, text: "getppid" };
      const seen = [];
      for await (const event of ring.events()) if (seen.push(event) === 3) break;
      assertEquals([seen, ring.unread], [Array(3).fill(note), 0]);
      const raw: Uint8Array[] = [];
      bytes.drain(1, (event) => raw.push(event) > 0);
      assertEquals(raw[0]!.length, noteCodec.size);
      work(object, 2);
      const stop = new AbortController();
      const batches: number[] = [];
      for await (const batch of eventBatches([ring, other], { signal: stop.signal, batch: 4 })) {
        assertEquals(batch.every(({ pid }) => pid === Deno.pid), true);
        batches.push(batch.length);
        stop.abort(); // What has arrived is still read.
      }
      // Each ring has its turn: two events of each first. The reader of bytes took none out.
      assertEquals(batches, [4, 2, 1]);
    },
  },
  {
    name: "perf_event_array: events of all CPUs",
    async run(object) {
      using perf = object.perfBuffer("perf");
      work(object, 3);
      const seen = [];
      for await (const event of perf.events()) if (seen.push(event) === 3) break;
      assertEquals(seen, Array(3).fill({ pid: Deno.pid, text: "getppid" }));
      assertEquals(perf.lost, 0n);
    },
  },
  {
    name: "prog_array: a tail call",
    run(object) {
      const tails = object.programArray("tails");
      assertEquals([tails.has(1), [...tails.keys()]], [false, []]);
      work(object, 1);
      tails.set(1, object.program("on_tail"));
      assertEquals([tails.has(1), [...tails.keys()], tails.getId(1)! > 0], [true, [1], true]);
      work(object, 2);
      assertEquals([tails.delete(1), tails.delete(1), tails.has(1)], [true, false, false]);
      work(object, 1);
      assertEquals([object.global("tail_calls"), object.global("calls")], [2, 8n]);
    },
  },
  {
    name: "array_of_maps: a program writes into a map that user space puts in",
    run(object) {
      const outer = object.mapOfMaps("outer");
      assertEquals([outer.has(0), outer.get(0), [...outer.keys()]], [false, undefined, [1]]);
      using own = createMap({ type: "hash", key: u32, value: u64, maxEntries: 8 });
      outer.set(0, own);
      work(object, 1);
      using inside = outer.get(0)!;
      assertEquals([own.get(0), inside.get(0), [...outer.keys()]], [2n, 2n, [0, 1]]);
      // One that is defined in the object was put in by libbpf.
      object.map("inner").set(5, 6n);
      using defined = outer.get(1)!;
      assertEquals([defined.get(5), outer.delete(0), outer.has(0)], [6n, true, false]);
    },
  },
  {
    name: "hash_of_maps: in an object, and created",
    run(object) {
      const named = object.mapOfMaps("named").set(77n, object.map("inner"));
      assertEquals([[...named.keys()], named.has(78n)], [[77n], false]);
      named.clear();
      assertEquals([...named.keys()], []);
      using example = createMap({ type: "array", key: u32, value: u32, maxEntries: 2 });
      using own = createMapOfMaps({
        type: "hash_of_maps",
        key: u32,
        maxEntries: 2,
        inner: { example, key: u32, value: u32 },
      });
      using inside = own.set(9, example.set(1, 5)).get(9)!;
      assertEquals([...inside], [[0, 0], [1, 5]]);
    },
  },
  {
    name: "stack_trace: addresses of this process",
    run(object) {
      const stacks = object.stackTraces("stacks");
      assertEquals([[...stacks], stacks.get(-14)], [[], undefined]);
      work(object, 1);
      const id = Number(object.global("stack_id"));
      const stack = stacks.get(id)!;
      assert(id >= 0 && stack.length > 0 && stack.every((address) => address > 0n));
      assertEquals([[...stacks].length, stacks.delete(id), stacks.delete(id)], [1, true, false]);
      work(object, 1);
      stacks.clear();
      assertEquals([...stacks], []);
    },
  },
  {
    name: "task_storage: the key is a pidfd, and nothing can list them",
    run(object) {
      const map = object.map("tasks");
      assertEquals(codeOf(() => map.get(9999)), "E_MAP");
      assertEquals(codeOf(() => [...map]), "E_MAP");
    },
  },
  { name: "a map is pinned, opened by its path, and frozen", run: pinning },
  { name: "an object takes maps from elsewhere: by path, and by handle", run: reusing },
  {
    name: "a map of another kind, and one that is closed, are refused",
    run(object) {
      const wrong: [() => unknown, string][] = [
        [
          () => object.map("queue"),
          "Cannot use map queue by map(): it is a queue, so queue() opens",
        ],
        [() => object.map("ring"), "it is a ringbuf, so ringBuffer() opens it"],
        [() => object.queue("hash"), "it is a hash, so map() opens it"],
        [() => object.stackTraces("perf"), "it is a perf_event_array, so perfBuffer() opens it"],
      ];
      for (const [action, message] of wrong) assertThrows(action, TypeError, message);
      const [map, queue, ring] = [
        object.map("hash"),
        object.queue("queue"),
        object.ringBuffer("ring"),
      ];
      object[Symbol.dispose]();
      object[Symbol.dispose]();
      ring[Symbol.dispose]();
      ring[Symbol.dispose]();
      const uses = [
        () => map.get(1),
        () => map.set(1, { left: 1, right: 1n }),
        () => [...map],
        () => map.clear(),
        () => map.pin("/nowhere"),
        () => queue.pop(),
        () => ring.drain(1, () => true),
        () => ring.unread,
        () => object.map("hash"),
        () => object.ringBuffer("ring"),
        () => object.global("calls"),
        () => object.program("on_tail"),
      ];
      for (const use of uses) assertEquals([String(use), codeOf(use)], [String(use), "E_CLOSED"]);
      assertEquals(Deno.inspect(map), "BpfMap hash (hash, closed)");
    },
  },
];

/** Removes a pin that may not have been made: the error that tells why is the one to be seen. */
function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function createdLike(type: "hash" | "lru_hash"): void {
  using map = createMap({ type, key: u32, value: u64, maxEntries: 64, flags: 0 });
  likeMap(map);
  assertEquals(mapInfo(map.fd).maxEntries, 64);
  const unknown = () => createMap({ type: "hash", key: u32, value: u64, maxEntries: 0 });
  assertEquals(codeOf(unknown), "E_MAP");
}

function pinning(_: Maps, pins: string): void {
  const path = `${pins}/gimlet-${Deno.pid}-pinned`;
  const codecs = { key: u32, value: pairCodec };
  try {
    using map = createMap({ type: "hash", name: "pinned", ...codecs, maxEntries: 3 });
    map.set(1, { left: 2, right: 3n }).pin(path);
    map[Symbol.dispose]();
    using again = openPinnedMap(path, codecs);
    assertEquals([again.name, again.type, again.get(1)], ["pinned", "hash", {
      left: 2,
      right: 3n,
    }]);
    assertThrows(
      () => openPinnedMap(path, { key: u32, value: u32 }),
      RangeError,
      "they have 16 bytes",
    );
    assertThrows(() => openPinnedMap(path, { ...codecs, perCpu: true }), TypeError, "each CPU");
    assertThrows(() => openPinnedQueue(path, { value: u32 }), TypeError, "it is a hash");
    again.freeze();
    assertEquals(codeOf(() => again.set(1, { left: 0, right: 0n })), "E_PERMISSION");
    assertEquals(again.get(1)!.left, 2);
    const other = `${path}-too`;
    again.pin(other).unpin().unpin();
    assertEquals(codeOf(() => openPinnedMap(other, codecs)), "E_MAP");
  } finally {
    remove(path);
  }
  assertEquals(codeOf(() => openPinnedMap(path, codecs)), "E_MAP");
}

function reusing(_: Maps, pins: string): void {
  const path = `${pins}/gimlet-${Deno.pid}-reused`;
  using shared = createMap({ type: "hash", key: u32, value: pairCodec, maxEntries: 4096 });
  const example = { type: "hash", key: u32, value: u64, maxEntries: 8 } as const;
  using inner = createMap({ ...example, flags: 0 });
  const open = () => openObject(maps).reuseMap("hash", shared).setPinPath("lru", path);
  try {
    using first = open().setInnerMap("named", inner).setMaxEntries("list", 5).load();
    first.map("hash").set(1, { left: 7, right: 8n });
    first.map("lru").set(1, 2n);
    assertEquals([shared.get(1), first.map("list").size], [{ left: 7, right: 8n }, 5]);
    using second = open().load();
    assertEquals([second.map("lru").get(1), second.map("hash").size], [2n, 1]);
  } finally {
    remove(path);
  }
  using small = createMap({ ...example, flags: MAP_FLAG.NO_PREALLOC });
  const wrong =
    "it is a hash with keys of 4 and values of 8 bytes, should be a hash with keys of 4";
  using unused = openObject(maps);
  assertThrows(() => unused.reuseMap("hash", small), RangeError, wrong);
}
