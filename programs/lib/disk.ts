/** How a request to a disk is shown. */

import { column, type Format, table } from "./format.ts";
import type { FieldsOf, RecordShape } from "./record_shape.ts";
import { seconds } from "./text.ts";

/** A request that a disk is done with. */
export interface DiskEvent {
  /** When it was done, in ns since boot. */
  readonly ts: bigint;
  /** From issue to completion. */
  readonly latency_ns: bigint;
  readonly sector: bigint;
  /** The disk as the kernel counts: major << 20 | minor. */
  readonly dev: number;
  readonly bytes: number;
}

/** The letter for what a request does: W, R, or M for what moves no data. */
export type Operation<E> = (event: E) => string;

/** The table of BCC's disksnoop. */
export function diskTable<E extends DiskEvent>(operation: Operation<E>): Format<E> {
  return table<E>([
    column("TIME(s)", 18, ({ ts }) => seconds(ts)),
    column("T", 2, operation),
    column("BYTES", 7, ({ bytes }) => String(bytes)),
    column("LAT(ms)".padStart(8), 8, ({ latency_ns }) => milliseconds(latency_ns).padStart(8)),
  ]);
}

/** The fields of its JSON records; `disk` is MAJOR:MINOR, as lsblk and /sys/dev/block have it. */
export const DISK_SHAPE = {
  ts: "u64",
  dev: "u32",
  disk: "string",
  sector: "u64",
  bytes: "u32",
  op: "string",
  latency_ns: "u64",
} as const satisfies RecordShape;

/** A request as a record. */
export function diskFields<E extends DiskEvent>(
  event: E,
  operation: Operation<E>,
): FieldsOf<typeof DISK_SHAPE> {
  const { ts, dev, sector, bytes, latency_ns } = event;
  const disk = `${dev >>> 20}:${dev & 0xf_ffff}`;
  return { ts, dev, disk, sector, bytes, op: operation(event), latency_ns };
}

/** What the kernel's letters for a request (`WS`, `FWFS`, `RA`) come to: the first tells what it does, but for a flush before it. */
export function rwbsOperation(rwbs: string, bytes: number): string {
  if (/^F?[WD]/.test(rwbs)) return "W";
  return bytes === 0 ? "M" : "R";
}

function milliseconds(ns: bigint): string {
  return (Number(ns) / 1e6).toFixed(2);
}
