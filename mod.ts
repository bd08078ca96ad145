/**
 * gimlet as a library: BPF objects, programs, maps and event buffers for Deno, through the system's libbpf.
 *
 * What is opened is disposed of by who opened it, best by `using`; an object takes its links, maps and programs with it. What the
 * kernel, libbpf or the machine refuses is a {@linkcode BpfError} with a code, a cause and often a hint; what the caller got wrong
 * is a `TypeError` or a `RangeError`. Sizes are in bytes, times in nanoseconds unless their names say `Ms`, and 64-bit integers
 * are bigints.
 *
 * @example Count the calls of `strlen()` by their strings
 * ```ts
 * // As root, with an object of one's own:
 * import { openObject } from "./mod.ts";
 *
 * using object = openObject(new URL("./strlen.bpf.o", import.meta.url)).load();
 * using _link = object.program("on_strlen").attachUprobe({ path: "libc.so.6", symbol: "strlen" });
 * await new Promise((resolve) => setTimeout(resolve, 10_000));
 * for (const [string, count] of object.map<string, bigint>("counts")) console.log(count, string);
 * ```
 *
 * @module
 */

// Errors
export {
  BpfError,
  type BpfErrorParts,
  type ErrorCode,
  FormatError,
  type Step,
} from "./ffi/errors.ts";

// Objects: opened, changed, loaded
export {
  LoadedObject,
  type ObjectSource,
  OpenObject,
  openObject,
  type OpenOptions,
} from "./ffi/bpf/object.ts";
export type { GlobalValue } from "./ffi/bpf/loaded_object.ts";
export type { Names, ObjectHandle } from "./ffi/bpf/object_handle.ts";
export type {
  BufferOptions,
  InnerMapOf,
  MapOf,
  MapOfMapsOf,
  ObjectMaps,
  PerfOptions,
} from "./ffi/bpf/object_maps.ts";
export type {
  AnyGlobalSpec,
  AnyMapSpec,
  DynamicSkeleton,
  GlobalSpec,
  MapSpec,
  Skeleton,
} from "./ffi/bpf/skeleton.ts";

// C to objects, where clang is installed
export {
  compile,
  CompileError,
  type CompileOptions,
  type CompileSource,
} from "./programs/lib/compile.ts";
export type { Diagnostic } from "./ffi/clang/diagnostics.ts";
export type { BpfArch } from "./ffi/clang/flags.ts";

// Programs, and what they are attached to
export { Program } from "./ffi/bpf/program.ts";
export type { AttachFunction } from "./ffi/bpf/attach_type.ts";
export type { CookieOptions } from "./ffi/bpf/attach/attachable.ts";
export type { ProgramFunction } from "./ffi/bpf/attach/extension.ts";
export type { CgroupOrder, IteratorTarget } from "./ffi/bpf/attach/iterator.ts";
export type {
  KernelFunction,
  KernelFunctions,
  KprobeOptions,
} from "./ffi/bpf/attach/kernel_function.ts";
export type { Direction, Interface, SockmapHook, XdpMode } from "./ffi/bpf/attach/network.ts";
export {
  PERF_EVENTS,
  type PerfEventName,
  type PerfEventTarget,
} from "./ffi/bpf/attach/perf_event.ts";
export type { TcOptions } from "./ffi/bpf/attach/tc.ts";
export type { UprobesTarget, UprobeTarget, UsdtTarget } from "./ffi/bpf/attach/user.ts";
export { Link, type LinkInfo, openPinnedLink } from "./ffi/bpf/link.ts";
export { openKprobeCount, openTracepointCount, openUprobeCount } from "./ffi/bpf/open_probes.ts";
export { enableStats, type ProgramInfo, type ProgramStats } from "./ffi/bpf/program_info.ts";
export type { TestRunOptions, TestRunResult } from "./ffi/bpf/test_run.ts";
export { PacketSocket } from "./ffi/bpf/packet_socket.ts";
export {
  AttachedPlan,
  attachFirst,
  type AttachOptions,
  type Plan,
  type Plans,
} from "./ffi/probes/plan.ts";

// Maps
export { BpfMap, maxOf, type PerCpuMap, type SetOptions, sumOf } from "./ffi/bpf/map.ts";
export { BpfQueue } from "./ffi/bpf/queue.ts";
export { BloomFilter } from "./ffi/bpf/bloom_filter.ts";
export {
  CgroupArray,
  type HasFd,
  MapOfMaps,
  ProgramArray,
  type ReferenceMap,
} from "./ffi/bpf/reference_maps.ts";
export { StackTraces } from "./ffi/bpf/stack_traces.ts";
export { PerfCounters } from "./ffi/bpf/perf_counters.ts";
export type { MapHandle } from "./ffi/bpf/map_handle.ts";
export { MAP_TYPES, type MapType } from "./ffi/btf/map_types.ts";
export { type KernelMapInfo, mapInfo } from "./ffi/bpf/map_info.ts";
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
  type PerCpuType,
  type SharedType,
} from "./ffi/bpf/create_map.ts";

// Layouts of keys, values and events
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
// What only generated skeletons call
export { requireType } from "./ffi/wire/check.ts";
export { cstring, putCString } from "./ffi/wire/cstring.ts";
export { type BitField, bits } from "./ffi/wire/wide.ts";
export type { CValue } from "./ffi/wire/value.ts";
export type { IntegerShape, Shape, Shapes, WideShape } from "./ffi/wire/shape.ts";
export type { Bytes } from "./ffi/raw/memory.ts";

// Events as they happen
export { RingBuffer } from "./ffi/bpf/ring_buffer.ts";
export { PerfBuffer, type PerfBufferOptions } from "./ffi/bpf/perf_buffer.ts";
export { eventBatches, events, type ReadOptions } from "./ffi/bpf/events.ts";
export type { EventSource } from "./ffi/bpf/event_source.ts";
export {
  traceFields,
  type TraceOptions,
  tracePrint,
  type TracePrintOptions,
} from "./programs/lib/trace_print.ts";
export type { TraceEvent } from "./programs/lib/trace_stream.ts";
export type { TraceLine } from "./ffi/host/trace_pipe.ts";

// Histograms
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

// Addresses and names
export { kernelFrame, kernelSymbols, ksym, ksymname } from "./ffi/symbols/kernel.ts";
export { sym, type SymOptions, userFrames } from "./ffi/symbols/process.ts";
export {
  stackFrames,
  type StackOptions,
  stackTrace,
  type StackTraceMap,
} from "./ffi/symbols/stack.ts";
export { type Frame, frameText, type FrameTextOptions } from "./ffi/symbols/frame.ts";
export { demangle } from "./ffi/symbols/demangle.ts";
export type { Kallsyms, KernelSymbol } from "./ffi/host/kallsyms.ts";

// What this machine has: probes, functions, types, features
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
export { syscallFunction } from "./ffi/probes/kernel_function.ts";
export {
  type FindOptions,
  findUserFile,
  findUserFunction,
  type UserFunction,
} from "./ffi/probes/user_function.ts";
export { type UsdtPlace, usdtTargets, userFunctions } from "./ffi/probes/user_targets.ts";
export {
  type DynamicLocation,
  readTracepointFormat,
  type TracepointField,
  type TracepointFormat,
} from "./ffi/host/tracepoint_format.ts";
export { kernelHasEnumerator, kernelHasField } from "./ffi/probes/kernel_types.ts";
export { hasHelper, hasMapType, hasProgramType } from "./ffi/bpf/features.ts";
export { type Census, census } from "./ffi/bpf/census.ts";
export { onlineCpus } from "./ffi/host/cpus.ts";
export { type ClockName, clockNow } from "./ffi/host/clock.ts";
export { libbpfVersion } from "./ffi/bpf/version.ts";

// gimlet's own tools, run by a program or a test
export {
  type Arguments,
  type AttachedTool,
  defineTool,
  type Interval,
  type Parameter,
  type PlansOf,
  type Selftest,
  type Tool,
  type ToolSpec,
  type TraceTarget,
} from "./programs/lib/tool.ts";
export type { StimulusName } from "./programs/lib/stimulus.ts";
export type { OpenStream, Stream } from "./programs/lib/stream.ts";
export {
  type Outcome,
  type RunOptions,
  runTool,
  type Sink,
  type StopRequest,
} from "./programs/lib/session.ts";
export type { Filters } from "./programs/lib/filters.ts";
export { type Command, type CommandOptions, HeldCommand } from "./programs/lib/command.ts";
export {
  ExpectationError,
  type ExpectedEvents,
  expectEvents,
} from "./programs/lib/expect_events.ts";
export { watched } from "./programs/lib/expectations.ts";
export { ExpectError, type Span } from "./programs/lib/expect/diagnostic.ts";
export { Expectation, expectation, expectNone } from "./programs/lib/expect/evaluate.ts";
export {
  type FieldShape,
  type RecordShape,
  type ReportShape,
  shapeOf,
  type ToolShape,
} from "./programs/lib/record_shape.ts";
export { jsonLine } from "./programs/lib/json.ts";
export { type TextLine, textLines } from "./programs/lib/text.ts";
export type {
  AttachedValue,
  Bucket,
  EndReason,
  EventValue,
  ExpectValue,
  Fields,
  Gathered,
  GatheredValue,
  HeaderValue,
  HistValue,
  LossReason,
  LostValue,
  MapValue,
  OutputValue,
  Plain,
  StatsValue,
  StatusValue,
  SummaryValue,
  Value,
} from "./programs/lib/value.ts";
export { VERSION } from "./programs/lib/version.ts";
