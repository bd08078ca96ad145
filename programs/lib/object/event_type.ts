/** The convention that says what the records of a ring or perf buffer are, in objects that come without a declaration. */

import type { DynamicSkeleton } from "../../../ffi/bpf/skeleton.ts";
import type { Codec } from "../../../ffi/wire/codec.ts";
import type { CValue } from "../../../ffi/wire/value.ts";
import { record } from "../../../ffi/wire/wide.ts";

/** A buffer, and how its records are read. */
export interface Buffer {
  readonly map: string;
  readonly kind: "ringbuf" | "perf_event_array";
  /** How a record is read; a whole record as bytes where its type is not known. */
  readonly codec: Codec<CValue>;
  /** What said so: a GIMLET_EVENT, the type of the map's values, a struct by its name, or nothing did. */
  readonly from: "GIMLET_EVENT" | "value" | `struct ${string}` | undefined;
}

/** The buffers of an object, by the names of their maps. */
export function buffersOf(skeleton: DynamicSkeleton): Buffer[] {
  return Object.entries(skeleton.maps).flatMap(([map, { type: kind }]) =>
    kind === "ringbuf" || kind === "perf_event_array"
      ? [{ map, kind, ...recordsOf(skeleton, map) }]
      : []
  );
}

function recordsOf(
  { maps, typeNamed }: DynamicSkeleton,
  map: string,
): Pick<Buffer, "codec" | "from"> {
  const { event, value } = maps[map]!;
  if (event !== undefined) return { codec: lenient(event), from: "GIMLET_EVENT" };
  if (isStruct(value)) return { codec: lenient(value), from: "value" };
  for (const name of structNames(map)) {
    const codec = typeNamed(name);
    if (isStruct(codec)) return { codec: lenient(codec), from: `struct ${name}` };
  }
  return { codec: record, from: undefined };
}

/** The names that the struct of a map's records may have, the best first: of `events`, `events_event` and `event`. */
export function structNames(map: string): string[] {
  return [`${map}_event`, "event", "data_t"];
}

function isStruct(codec: Codec<CValue> | undefined): codec is Codec<CValue> {
  return typeof codec?.shape === "object" && "fields" in codec.shape;
}

/** Programs may send the start of a struct only: what is missing is read as zeros. */
export function lenient(codec: Codec<CValue>): Codec<CValue> {
  const whole = new DataView(new ArrayBuffer(codec.size));
  return {
    size: 0,
    get shape() {
      return codec.shape;
    },
    decode(view, at, length = codec.size) {
      if (length >= codec.size) return codec.decode(view, at, length);
      const bytes = new Uint8Array(whole.buffer);
      bytes.fill(0).set(new Uint8Array(view.buffer, view.byteOffset + at, length));
      return codec.decode(whole, 0, codec.size);
    },
    encode: (view, at, value, what) => codec.encode(view, at, value, what),
  };
}
