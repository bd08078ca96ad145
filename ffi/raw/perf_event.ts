/** `perf_event_open(2)`, as far as gimlet needs it. */

import { Fd } from "./fd.ts";
import { libc, succeeded } from "./libc.ts";

const SYS_PERF_EVENT_OPEN = { x86_64: 298n, aarch64: 241n } as const;
const PERF_TYPE_SOFTWARE = 1;
/** Events of the processor's breakpoints. */
export const PERF_TYPE_BREAKPOINT = 5;
/** What of memory is watched: `HW_BREAKPOINT_R` and its like. */
export const HW_BREAKPOINT = { r: 1, w: 2, rw: 3, x: 4 } as const;
const PERF_COUNT_SW_BPF_OUTPUT = 10n;
const PERF_SAMPLE_TIME = 1n << 2n;
const PERF_SAMPLE_RAW = 1n << 10n;
const PERF_FLAG_FD_CLOEXEC = 8n;
const PERF_EVENT_IOC_ENABLE = 0x2400n;
const ATTR_SIZE = 96; // PERF_ATTR_SIZE_VER3
const ATTR_FREQUENCY = 1n << 10n;
const ATTR_WATERMARK = 1n << 14n;
const ATTR_USE_CLOCKID = 1n << 25n;
const CLOCK_MONOTONIC = 1;

/** What to count: `type` and `config` as in `struct perf_event_attr`. */
export interface PerfCounter {
  readonly type: number;
  readonly config: bigint;
}

/** What the processor watches: `length` bytes (1, 2, 4 or 8) at an `address` that it divides; `access` is `HW_BREAKPOINT_…`. */
export interface Breakpoint {
  readonly address: bigint;
  readonly length: bigint;
  readonly access: number;
}

/** What to sample. */
export interface PerfEvent extends PerfCounter {
  /** Of events of type {@linkcode PERF_TYPE_BREAKPOINT}. */
  readonly breakpoint?: Breakpoint;
  /** Every how many events, or how often in Hz, a sample is taken. */
  readonly sample: { readonly period: bigint } | { readonly frequency: bigint };
}

/** Whose events: `pid` -1 for everybody, `cpu` -1 for all, of which one only may be. */
export interface PerfEventPlace {
  readonly pid: number;
  readonly cpu: number;
}

/**
 * Opens a perf event. It counts once a program is attached to it.
 *
 * @throws {LibcError} ENODEV where the CPU is offline, ENOENT where the machine has no such event
 */
export function openPerfEvent(
  { type, config, sample, breakpoint }: PerfEvent,
  place: PerfEventPlace,
): Fd {
  const view = attributes(type, config);
  if (breakpoint !== undefined) setBreakpoint(view, breakpoint);
  const byFrequency = "frequency" in sample;
  view.setBigUint64(16, byFrequency ? sample.frequency : sample.period, true);
  view.setBigUint64(40, byFrequency ? ATTR_FREQUENCY : 0n, true);
  return open(view, place);
}

/**
 * Opens an event for each time that this process writes to memory: `length` is 1, 2, 4 or 8 bytes at an `address` that it
 * divides.
 *
 * @throws {LibcError} ENOENT or EOPNOTSUPP where the machine has no such breakpoints
 */
export function openWatchpoint({ address, length }: { address: bigint; length: bigint }): Fd {
  const view = attributes(PERF_TYPE_BREAKPOINT, 0n);
  view.setBigUint64(16, 1n, true); // sample_period
  setBreakpoint(view, { address, length, access: HW_BREAKPOINT.w });
  return open(view, { pid: 0, cpu: -1 });
}

function setBreakpoint(view: DataView, { address, length, access }: Breakpoint): void {
  view.setUint32(52, access, true); // bp_type
  view.setBigUint64(56, address, true); // bp_addr
  view.setBigUint64(64, length, true); // bp_len
}

/**
 * Opens a perf event that counts from now on, and takes no samples.
 *
 * @throws {LibcError} as {@linkcode openPerfEvent}
 */
export function openPerfCounter({ type, config }: PerfCounter, place: PerfEventPlace): Fd {
  return open(attributes(type, config), place);
}

/**
 * Opens and enables the event of one CPU that carries what BPF programs put out. Readers are woken once `watermark` bytes
 * are waiting. Each sample has its time on the clock of `bpf_ktime_get_ns()` in front of its raw data.
 *
 * @throws {LibcError} ENODEV where the CPU is offline
 */
export function openBpfOutput(cpu: number, watermark: number): Fd {
  const view = attributes(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_BPF_OUTPUT);
  view.setBigUint64(16, 1n, true); // sample_period
  view.setBigUint64(24, PERF_SAMPLE_TIME | PERF_SAMPLE_RAW, true);
  view.setBigUint64(40, ATTR_WATERMARK | ATTR_USE_CLOCKID, true);
  view.setUint32(48, watermark, true);
  view.setInt32(92, CLOCK_MONOTONIC, true);
  const fd = open(view, { pid: -1, cpu });
  succeeded("PERF_EVENT_IOC_ENABLE", libc().ioctl(fd.number, PERF_EVENT_IOC_ENABLE, 0n));
  return fd;
}

function attributes(type: number, config: bigint): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(ATTR_SIZE));
  view.setUint32(0, type, true);
  view.setUint32(4, ATTR_SIZE, true);
  view.setBigUint64(8, config, true);
  return view;
}

function open(attr: DataView<ArrayBuffer>, { pid, cpu }: PerfEventPlace): Fd {
  const number = SYS_PERF_EVENT_OPEN[Deno.build.arch];
  const result = libc().perf_event_open(number, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
  return new Fd(succeeded("perf_event_open", result));
}
