/**
 * gimlet as a library: BPF objects, programs, maps and event buffers for Deno, through the system's libbpf.
 *
 * ```ts ignore
 * import { openObject } from "./mod.ts";
 * using object = openObject(skeleton).load();
 * using link = object.program("on_fork").attachTrace("tp_btf:sched_process_fork");
 * ```
 *
 * @module
 */

export {
  BpfError,
  type BpfErrorParts,
  type ErrorCode,
  FormatError,
  type Step,
} from "./ffi/errors.ts";
export {
  array,
  bool,
  chars,
  type Codec,
  s16,
  s32,
  s64,
  s8,
  u16,
  u32,
  u64,
  u8,
  type ValueOf,
} from "./ffi/wire/codec.ts";
export { struct, type StructField } from "./ffi/wire/struct.ts";
export { bytes, f32, f64, s128, u128 } from "./ffi/wire/wide.ts";
export type { CValue } from "./ffi/wire/value.ts";
export { type Census, census } from "./ffi/bpf/census.ts";
export { Epoll } from "./ffi/bpf/epoll.ts";
export type { EventSource } from "./ffi/bpf/event_source.ts";
export { Link, type LinkInfo, openPinnedLink } from "./ffi/bpf/link.ts";
export { BloomFilter } from "./ffi/bpf/bloom_filter.ts";
export {
  createBloomFilter,
  createMap,
  createMapOfMaps,
  createQueue,
  type EntryCodecs,
  MAP_FLAG,
  type NewKeyedMap,
  type NewMap,
  openPinnedMap,
  openPinnedQueue,
} from "./ffi/bpf/create_map.ts";
export { eventBatches, events, type ReadOptions } from "./ffi/bpf/events.ts";
export { BpfMap, type PerCpuMap, type SetOptions, sumOf } from "./ffi/bpf/map.ts";
export { type KernelMapInfo, mapInfo } from "./ffi/bpf/map_info.ts";
export { BpfQueue } from "./ffi/bpf/queue.ts";
export { type HasFd, MapOfMaps, ProgramArray } from "./ffi/bpf/reference_maps.ts";
export { StackTraces } from "./ffi/bpf/stack_traces.ts";
export {
  LoadedObject,
  type ObjectSource,
  OpenObject,
  openObject,
  type OpenOptions,
} from "./ffi/bpf/object.ts";
export { PerfBuffer, type PerfBufferOptions } from "./ffi/bpf/perf_buffer.ts";
export { Program } from "./ffi/bpf/program.ts";
export { enableStats, type ProgramInfo, type ProgramStats } from "./ffi/bpf/program_info.ts";
export type { TestRunOptions, TestRunResult } from "./ffi/bpf/test_run.ts";
export { PacketSocket } from "./ffi/bpf/packet_socket.ts";
export type { AttachFunction } from "./ffi/bpf/attach_type.ts";
export type { CookieOptions } from "./ffi/bpf/attach/attachable.ts";
export type { ProgramFunction } from "./ffi/bpf/attach/extension.ts";
export type { CgroupOrder, IteratorTarget } from "./ffi/bpf/attach/iterator.ts";
export type {
  KernelFunction,
  KernelFunctions,
  KprobeOptions,
} from "./ffi/bpf/attach/kernel_function.ts";
export type { Direction, Interface, XdpMode } from "./ffi/bpf/attach/network.ts";
export {
  PERF_EVENTS,
  type PerfEventName,
  type PerfEventTarget,
} from "./ffi/bpf/attach/perf_event.ts";
export type { Bytes } from "./ffi/raw/memory.ts";
export type { TcOptions } from "./ffi/bpf/attach/tc.ts";
export type { UprobeTarget, UsdtTarget } from "./ffi/bpf/attach/user.ts";
export { RingBuffer } from "./ffi/bpf/ring_buffer.ts";
export type { DynamicSkeleton, GlobalSpec, MapSpec, Skeleton } from "./ffi/bpf/skeleton.ts";
export { libbpfVersion } from "./ffi/bpf/version.ts";
export { onlineCpus } from "./ffi/host/cpus.ts";
export type { Kallsyms, KernelSymbol } from "./ffi/host/kallsyms.ts";
export {
  type DynamicLocation,
  readTracepointFormat,
  type TracepointField,
  type TracepointFormat,
} from "./ffi/host/tracepoint_format.ts";
export { demangle } from "./ffi/symbols/demangle.ts";
export { type Frame, frameText, type FrameTextOptions } from "./ffi/symbols/frame.ts";
export { kernelFrame, kernelSymbols, ksym, ksymname } from "./ffi/symbols/kernel.ts";
export { sym, type SymOptions, userFrames } from "./ffi/symbols/process.ts";
export {
  stackFrames,
  type StackOptions,
  stackTrace,
  type StackTraceMap,
} from "./ffi/symbols/stack.ts";
export { AttachedPlan, attachFirst, type Plan, type Plans } from "./ffi/probes/plan.ts";
export { openKprobeCount, syscallFunction } from "./ffi/probes/kernel_function.ts";
export {
  kprobeFunctions,
  type ListOptions,
  listProbes,
  type ProbeList,
  tracepoints,
} from "./ffi/probes/list.ts";
export { LISTED_TYPES, type ListedType } from "./ffi/probes/list/pattern.ts";
export {
  type ExplainOptions,
  explainProbe,
  type ProbeAnswer,
  type Reason,
  REASON_CODES,
  type ReasonCode,
} from "./ffi/probes/why.ts";
export { findUserFunction, type UserFunction } from "./ffi/probes/user_function.ts";
export { type Outcome, type RunOptions, runTool, type Sink } from "./programs/lib/session.ts";
export { watched } from "./programs/lib/expectations.ts";
export { ExpectError } from "./programs/lib/expect/diagnostic.ts";
export { Expectation, expectation, expectNone } from "./programs/lib/expect/evaluate.ts";
export { shapeOf, type ToolShape } from "./programs/lib/record_shape.ts";
export {
  ExpectationError,
  type ExpectedEvents,
  expectEvents,
} from "./programs/lib/expect_events.ts";
export { defineTool, type Tool, type ToolSpec } from "./programs/lib/tool.ts";
export { jsonLine } from "./programs/lib/json.ts";
export {
  type HistCount,
  type HistMap,
  linearHistLines,
  linearHists,
  log2HistLines,
  log2Hists,
  type MapHistOptions,
  type PrintHistOptions,
  printLinearHist,
  printLog2Hist,
  type SectionHist,
} from "./programs/lib/map_histogram.ts";
export {
  traceFields,
  type TraceOptions,
  tracePrint,
  type TracePrintOptions,
} from "./programs/lib/trace_print.ts";
export type { TraceEvent } from "./programs/lib/trace_stream.ts";
export { textLines } from "./programs/lib/text.ts";
export type { Fields, HistValue, Plain, Value } from "./programs/lib/value.ts";
export { VERSION } from "./programs/lib/version.ts";
