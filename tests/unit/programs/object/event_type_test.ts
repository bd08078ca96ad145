import type { DynamicSkeleton, MapSpec } from "../../../../ffi/bpf/skeleton.ts";
import { type Codec, u32, u64 } from "../../../../ffi/wire/codec.ts";
import { struct } from "../../../../ffi/wire/struct.ts";
import type { CValue } from "../../../../ffi/wire/value.ts";
import {
  type Buffer,
  buffersOf,
  lenient,
  structNames,
} from "../../../../programs/lib/object/event_type.ts";
import { streamShape } from "../../../../programs/lib/object/object_stream.ts";
import { assertEquals } from "../../../assert.ts";

function structOf(name: string, codec: Codec<CValue> = u32 as Codec<CValue>): Codec<CValue> {
  return struct(codec.size, [{ name, offset: 0, bits: [0, codec.size * 8], codec }]);
}

function ring(more: Partial<MapSpec<CValue, CValue, CValue>> = {}) {
  return {
    type: "ringbuf",
    key: undefined,
    value: undefined,
    event: undefined,
    maxEntries: 1,
    ...more,
  };
}

function skeleton(
  maps: DynamicSkeleton["maps"],
  types: Readonly<Record<string, Codec<CValue>>> = {},
): DynamicSkeleton {
  return { name: "x", programs: {}, maps, globals: {}, typeNamed: (name) => types[name] };
}

/** What says the type of the map `events`. */
function from(maps: DynamicSkeleton["maps"], types?: Readonly<Record<string, Codec<CValue>>>) {
  return buffersOf(skeleton(maps, types)).map(({ map, from }) => [map, from]);
}

Deno.test("GIMLET_EVENT comes first, then the map's values, then structs by their names", () => {
  const own = structOf("own");
  const types = { data_t: structOf("c"), event: structOf("b"), events_event: structOf("a") };
  assertEquals(structNames("events"), ["events_event", "event", "data_t"]);
  assertEquals(from({ events: ring({ event: own, value: own }) }, types), [
    ["events", "GIMLET_EVENT"],
  ]);
  assertEquals(from({ events: ring({ value: own }) }, types), [["events", "value"]]);
  assertEquals(from({ events: ring() }, types), [["events", "struct events_event"]]);
  assertEquals(from({ other: ring() }, types), [["other", "struct event"]]);
  assertEquals(from({ other: ring() }, { data_t: own }), [["other", "struct data_t"]]);
  assertEquals(from({ events: ring() }), [["events", undefined]]);
  // That an event array's values are descriptors says nothing of its records; other maps are no buffers.
  const number = u32 as Codec<CValue>;
  assertEquals(from({ events: ring({ type: "perf_event_array", value: number }) }), [
    ["events", undefined],
  ]);
  assertEquals(from({ events: ring({ type: "hash", value: own }) }, types), []);
});

Deno.test("a record that is shorter than its struct ends with zeros", () => {
  const codec = lenient(struct(8, [
    { name: "a", offset: 0, bits: [0, 32], codec: u32 as Codec<CValue> },
    { name: "b", offset: 4, bits: [32, 64], codec: u32 as Codec<CValue> },
  ]));
  const view = new DataView(Uint8Array.of(9, 1, 0, 0, 0, 2, 0, 0, 0).buffer);
  assertEquals(codec.decode(view, 1, 8), { a: 1, b: 2 });
  assertEquals(codec.decode(view, 1, 5), { a: 1, b: 2 });
  assertEquals(codec.decode(view, 1, 4), { a: 1, b: 0 });
  assertEquals(codec.decode(view, 1, 0), { a: 0, b: 0 });
});

Deno.test("several buffers have one shape: all fields, null where an event has none", () => {
  const buffer = (map: string, codec: Codec<CValue>): Buffer => ({
    map,
    kind: "ringbuf",
    codec,
    from: "value",
  });
  const one = buffer("one", structOf("a"));
  assertEquals(streamShape([one]), { a: "u32" });
  assertEquals(streamShape([one, buffer("two", structOf("b"))]), {
    buffer: "string",
    a: { nullable: "u32" },
    b: { nullable: "u32" },
  });
  const clash = structOf("a", u64 as unknown as Codec<CValue>);
  assertEquals(streamShape([one, buffer("two", clash)]), {
    buffer: "string",
    one_a: { nullable: "u32" },
    two_a: { nullable: "u64" },
  });
  assertEquals(streamShape([{ ...one, from: undefined }]), { hex: "string" });
});
