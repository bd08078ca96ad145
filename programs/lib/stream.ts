/** Where a tool's events come from: a ring buffer, a perf buffer or the trace_pipe; and how they become values. */

import type { EventSource } from "../../ffi/bpf/event_source.ts";
import type { LoadedObject } from "../../ffi/bpf/object.ts";
import { PerfBuffer } from "../../ffi/bpf/perf_buffer.ts";
import { RingBuffer } from "../../ffi/bpf/ring_buffer.ts";
import type { MapSpec, Skeleton } from "../../ffi/bpf/skeleton.ts";
import { onlineCpus } from "../../ffi/host/cpus.ts";
import type { Codec, ValueOf } from "../../ffi/wire/codec.ts";
import type { Shape } from "../../ffi/wire/shape.ts";
import { type Format, lines } from "./format.ts";
import type { FieldsOf, RecordShape } from "./record_shape.ts";
import { requireTracePipe, type TraceEvent, TraceStream } from "./trace_stream.ts";
import type { EventValue, Fields, LostValue, OutputValue } from "./value.ts";

/** A stream that is open: values instead of bytes. */
export interface OpenStream extends Disposable {
  /** The file descriptors that become readable when there is something. */
  readonly fds: readonly number[];
  /** As {@linkcode EventSource.drain}. */
  drain(limit: number, take: (event: EventValue | OutputValue) => boolean): number;
  /** What was lost of the lines that a program has printed, once nothing more can arrive. */
  losses?(printed: bigint): LostValue[];
}

/** A stream as a tool declares it. */
export interface Stream<S extends Skeleton = Skeleton> {
  /** The line above the events; `undefined` for none. */
  readonly header: string | undefined;
  /** What the JSON records of its events hold. */
  readonly shape: RecordShape;
  /** Looks whether it could be opened, without an object; throws a BpfError where it could not. */
  readonly require?: () => void;
  /** Opens it on a loaded object. */
  open(object: LoadedObject<S>): OpenStream;
}

/** The maps of a skeleton that carry events. */
export type EventMap<S extends Skeleton> = {
  [N in keyof S["maps"] & string]: S["maps"][N]["event"] extends Codec<infer _E> ? N : never;
}[keyof S["maps"] & string];

/** The type of a map's events. */
export type EventOf<S extends Skeleton, N extends EventMap<S>> = ValueOf<S["maps"][N]["event"]>;

/** How the JSON records of events are made, where they are not the events themselves: `shape` says what `fields` gives. */
export type RecordOptions<E, R extends RecordShape> =
  | { readonly shape: R; readonly fields: (event: E) => FieldsOf<R> }
  | { readonly shape?: undefined; readonly fields?: undefined };

/** How the events of a stream are shown. */
export type StreamOptions<E, R extends RecordShape> = RecordOptions<E, R> & {
  readonly format: Format<E>;
};

/** The size of a perf buffer, for each CPU. */
export const PERF_BYTES_PER_CPU = 1 << 20;

/**
 * The events of a ring or perf buffer. The JSON record of an event has the fields of its C struct, unless `fields` says
 * otherwise.
 */
export function bufferStream<
  S extends Skeleton,
  N extends EventMap<S>,
  const R extends RecordShape = RecordShape,
>(
  skeleton: S,
  map: N,
  { format, shape, fields = (event) => event as FieldsOf<R> }: StreamOptions<EventOf<S, N>, R>,
): Stream<S> {
  const { type, event: codec } = skeleton.maps[map] as MapSpec<unknown, unknown, EventOf<S, N>>;
  if (codec === undefined) throw new TypeError(`Cannot stream map ${map}: it has no event type`);
  return {
    header: format.header,
    shape: shape ?? fieldsOf(codec.shape),
    open(object) {
      const { fd, maxEntries } = object.bufferMap(map);
      const source = type === "ringbuf"
        ? new RingBuffer(fd, maxEntries, codec)
        : new PerfBuffer(fd, codec, { cpus: onlineCpus(), bytesPerCpu: PERF_BYTES_PER_CPU });
      return valuesOf(source, format, fields);
    },
  };
}

/**
 * The lines that a tool's program prints into the trace_pipe, from now on: those whose message matches. Where nothing else is said,
 * people see the kernel's lines as they are.
 */
export function traceStream<const R extends RecordShape = typeof TRACE_SHAPE>(
  message: RegExp,
  options: Partial<StreamOptions<TraceEvent, R>> = {},
): Stream {
  const { format = lines(({ raw }) => raw), shape = TRACE_SHAPE, fields = traceRecord } = options;
  return {
    header: format.header,
    shape,
    require: requireTracePipe,
    open() {
      const source = new TraceStream(message);
      const losses = (printed: bigint) => source.losses(printed);
      return { ...valuesOf(source, format, fields), losses };
    },
  };
}

/** The fields of a line of trace_pipe. */
export const TRACE_SHAPE = {
  ts: "u64",
  pid: "u32",
  comm: "string",
  cpu: "u32",
  flags: "string",
  message: "string",
} as const satisfies RecordShape;

/** A line of trace_pipe as a record. */
export function traceRecord(
  { ts, pid, comm, cpu, flags, message }: TraceEvent,
): FieldsOf<typeof TRACE_SHAPE> {
  return { ts, pid, comm, cpu, flags, message };
}

/** The events of a buffer are structs. */
function fieldsOf(shape: Shape): RecordShape {
  return typeof shape === "object" && "fields" in shape ? shape.fields : {};
}

function valuesOf<E>(
  source: EventSource<E>,
  { line }: Format<E>,
  fields: (event: E) => Fields,
): OpenStream {
  let first: E | undefined;
  return {
    fds: source.fds,
    drain: (limit, take) =>
      source.drain(limit, (event) => {
        const start = first ??= event;
        return take({ type: "event", fields: fields(event), line: () => line(event, start) });
      }),
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
}
