/** The events of all buffers of an object, as one stream. */

import type { EventSource } from "../../../ffi/bpf/event_source.ts";
import type { LoadedObject } from "../../../ffi/bpf/object.ts";
import { PerfBuffer } from "../../../ffi/bpf/perf_buffer.ts";
import { RingBuffer } from "../../../ffi/bpf/ring_buffer.ts";
import type { Skeleton } from "../../../ffi/bpf/skeleton.ts";
import { onlineCpus } from "../../../ffi/host/cpus.ts";
import type { Shape } from "../../../ffi/wire/shape.ts";
import type { CValue } from "../../../ffi/wire/value.ts";
import type { FieldShape, RecordShape } from "../record_shape.ts";
import { type OpenStream, PERF_BYTES_PER_CPU, type Stream } from "../stream.ts";
import type { Fields, LostValue } from "../value.ts";
import type { Buffer } from "./event_type.ts";
import { fieldsText, hexOf, plainFields, plainOf } from "./plain.ts";

/** The field that says which of several buffers an event came from. */
const BUFFER = "buffer";

/** The stream of an object's buffers; `undefined` where it has none. */
export function objectStream(
  buffers: readonly Buffer[],
  { countsLosses }: { readonly countsLosses: boolean },
): Stream | undefined {
  if (buffers.length === 0) return undefined;
  const shape = streamShape(buffers);
  const fieldsOf = recordMaker(buffers, shape);
  return {
    header: undefined,
    shape,
    open: (object) => openAll(object, { buffers, fieldsOf, countsLosses }),
  };
}

/**
 * What the records hold. Of one buffer they are its struct; of several they have all fields of all of them, null where the event is of
 * another buffer, and `buffer` in front.
 */
export function streamShape(buffers: readonly Buffer[]): RecordShape {
  const [first, ...more] = buffers;
  if (first !== undefined && more.length === 0) return ownShape(first);
  const names = ownNames(buffers);
  const all = buffers.flatMap((buffer) =>
    Object.entries(ownShape(buffer)).map(([name, shape]) =>
      [names(buffer, name), { nullable: shape as Shape | "string" }] as const
    )
  );
  return { [BUFFER]: "string", ...Object.fromEntries(all) };
}

/** The fields of one buffer's events. */
function ownShape({ codec: { shape }, from }: Buffer): RecordShape {
  if (from === undefined) return { hex: "string" };
  return typeof shape === "object" && "fields" in shape ? shape.fields : { value: shape };
}

function ownFields({ from }: Buffer, value: CValue): Fields {
  if (value instanceof Uint8Array) {
    return from === undefined ? { hex: hexOf(value) } : { value: plainOf(value) };
  }
  if (typeof value !== "object" || Array.isArray(value)) return { value: plainOf(value) };
  return plainFields(value as { readonly [field: string]: CValue });
}

/** A name that means different types in two buffers is told with that of its buffer. */
function ownNames(buffers: readonly Buffer[]): (buffer: Buffer, field: string) => string {
  const types = new Map<string, Set<string>>();
  for (const buffer of buffers) {
    for (const [name, shape] of Object.entries(ownShape(buffer))) {
      const known = types.get(name) ?? new Set();
      types.set(name, known.add(typeText(shape)));
    }
  }
  const clashes = (name: string) => name === BUFFER || (types.get(name)?.size ?? 0) > 1;
  return ({ map }, name) => clashes(name) ? `${map}_${name}` : name;
}

function typeText(shape: FieldShape): string {
  return typeof shape === "string" && shape.startsWith("char[") ? "string" : JSON.stringify(shape);
}

type FieldsOf = (buffer: Buffer, value: CValue) => Fields;

function recordMaker(buffers: readonly Buffer[], shape: RecordShape): FieldsOf {
  if (buffers.length === 1) return ownFields;
  const names = ownNames(buffers);
  const blank = Object.fromEntries(Object.keys(shape).map((name) => [name, null]));
  return (buffer, value) => {
    const own = Object.entries(ownFields(buffer, value));
    const named = own.map(([name, item]) => [names(buffer, name), item] as const);
    return { ...blank, [BUFFER]: buffer.map, ...Object.fromEntries(named) };
  };
}

interface Opening {
  readonly buffers: readonly Buffer[];
  readonly fieldsOf: FieldsOf;
  /** Whether the programs count what they cannot deliver. */
  readonly countsLosses: boolean;
}

/** A buffer that is open. */
interface OpenBuffer {
  readonly buffer: Buffer;
  readonly source: EventSource<CValue>;
}

function openAll(
  object: LoadedObject<Skeleton>,
  { buffers, fieldsOf, countsLosses }: Opening,
): OpenStream {
  const open: OpenBuffer[] = [];
  const close = () => open.forEach(({ source }) => source[Symbol.dispose]());
  try {
    for (const buffer of buffers) open.push({ buffer, source: openBuffer(object, buffer) });
  } catch (error) {
    close();
    throw error;
  }
  return {
    fds: open.flatMap(({ source }) => source.fds),
    drain: (limit, take) => {
      let taken = 0;
      let goOn = true;
      // Each gets its turn, however much another one has.
      const share = Math.max(1, Math.floor(limit / open.length));
      for (const { buffer, source } of open) {
        if (!goOn) break;
        taken += source.drain(share, (value) => {
          const fields = fieldsOf(buffer, value);
          const line = () =>
            eventLine(buffer, buffers.length === 1 ? "" : `${buffer.map}: `, value);
          return goOn = take({ type: "event", fields, line });
        });
      }
      return taken;
    },
    losses: () => countsLosses ? [] : perfLosses(open),
    [Symbol.dispose]: close,
  };
}

function eventLine(buffer: Buffer, prefix: string, value: CValue): string {
  return `${prefix}${fieldsText(ownFields(buffer, value))}`;
}

function openBuffer(
  object: LoadedObject<Skeleton>,
  { map, kind, codec }: Buffer,
): EventSource<CValue> {
  const { fd, maxEntries } = object.bufferMap(map);
  return kind === "ringbuf"
    ? new RingBuffer(fd, maxEntries, codec)
    : new PerfBuffer(fd, codec, { cpus: onlineCpus(), bytesPerCpu: PERF_BYTES_PER_CPU });
}

/** What the kernel says itself; of ring buffers it says nothing. */
function perfLosses(open: readonly OpenBuffer[]): LostValue[] {
  const lost = open.reduce(
    (sum, { source }) => source instanceof PerfBuffer ? sum + source.lost : sum,
    0n,
  );
  return lost > 0n ? [{ type: "lost", reason: "buffer_full", count: lost }] : [];
}
