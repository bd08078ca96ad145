/** Where a tool's events come from: a ring buffer, a perf buffer or the trace_pipe; and how they become values. */

import type { EventSource } from "../../ffi/bpf/event_source.ts";
import type { LoadedObject } from "../../ffi/bpf/object.ts";
import { PerfBuffer } from "../../ffi/bpf/perf_buffer.ts";
import { RingBuffer } from "../../ffi/bpf/ring_buffer.ts";
import type { MapSpec, Skeleton } from "../../ffi/bpf/skeleton.ts";
import { onlineCpus } from "../../ffi/host/cpus.ts";
import type { TraceLine } from "../../ffi/host/trace_pipe.ts";
import type { Codec, ValueOf } from "../../ffi/wire/codec.ts";
import { type Column, eventLine, headerLine } from "./columns.ts";
import { type TraceEvent, TraceStream } from "./trace_stream.ts";
import type { EventValue, Fields, LostValue } from "./value.ts";

/** A stream that is open: values instead of bytes. */
export interface OpenStream extends Disposable {
  readonly fds: readonly number[];
  /** As {@linkcode EventSource.drain}. */
  drain(limit: number, take: (event: EventValue) => boolean): number;
  /** What the stream itself knows to be lost since the last call; `atEnd` once nothing more can arrive. */
  losses?(printed: bigint, atEnd: boolean): LostValue[];
}

/** A stream as a tool declares it. */
export interface Stream<S extends Skeleton = Skeleton> {
  /** The line above the events; `undefined` for none. */
  readonly header: string | undefined;
  open(object: LoadedObject<S>): OpenStream;
}

/** The maps of a skeleton that carry events. */
export type EventMap<S extends Skeleton> = {
  [N in keyof S["maps"] & string]: S["maps"][N]["event"] extends Codec<infer _E> ? N : never;
}[keyof S["maps"] & string];

/** The type of a map's events. */
export type EventOf<S extends Skeleton, N extends EventMap<S>> = ValueOf<S["maps"][N]["event"]>;

const PERF_BYTES_PER_CPU = 1 << 20;

/**
 * The events of a ring or perf buffer, as a table. The JSON record of an event has the fields of its C struct, unless
 * `fields` says otherwise.
 */
export function bufferStream<S extends Skeleton, N extends EventMap<S>>(
  skeleton: S,
  map: N,
  { columns, fields = (event) => event as Fields }: {
    readonly columns: readonly Column<EventOf<S, N>>[];
    readonly fields?: (event: EventOf<S, N>) => Fields;
  },
): Stream<S> {
  const { type, event: codec } = skeleton.maps[map] as MapSpec<unknown, unknown, EventOf<S, N>>;
  if (codec === undefined) throw new TypeError(`Cannot stream map ${map}: it has no event type`);
  return {
    header: headerLine(columns),
    open(object) {
      const { fd, maxEntries } = object.bufferMap(map);
      const source = type === "ringbuf"
        ? new RingBuffer(fd, maxEntries, codec)
        : new PerfBuffer(fd, codec, { cpus: onlineCpus(), bytesPerCpu: PERF_BYTES_PER_CPU });
      return tableOf(source, columns, fields);
    },
  };
}

/**
 * The lines that a tool's program prints into the trace_pipe: those with `message`, from now on. Without columns the text is the
 * kernel's line as it is.
 */
export function traceStream(message: string, columns?: readonly Column<TraceLine>[]): Stream {
  return {
    header: columns && headerLine(columns),
    open() {
      const source = new TraceStream(message);
      const raw = [column("", ({ raw }) => raw)];
      const stream = tableOf(source, columns ?? raw, traceFields);
      return { ...stream, losses: (printed, atEnd) => source.losses(printed, atEnd) };
    },
  };
}

function column(heading: string, cell: (event: TraceEvent) => string): Column<TraceEvent> {
  return { heading, width: 0, cell };
}

function traceFields({ ts, pid, comm, cpu, flags, message }: TraceEvent): Fields {
  return { ts, pid, comm, cpu, flags, message };
}

function tableOf<E>(
  source: EventSource<E>,
  columns: readonly Column<E>[],
  fields: (event: E) => Fields,
): OpenStream {
  let first: E | undefined;
  return {
    fds: source.fds,
    drain: (limit, take) =>
      source.drain(limit, (event) => {
        const start = first ??= event;
        return take({
          type: "event",
          fields: fields(event),
          line: () => eventLine(columns, event, start),
        });
      }),
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
}
