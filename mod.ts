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
export { type Codec, type ValueOf } from "./ffi/wire/codec.ts";
export { type Census, census } from "./ffi/bpf/census.ts";
export { Epoll } from "./ffi/bpf/epoll.ts";
export type { EventSource } from "./ffi/bpf/event_source.ts";
export { Link } from "./ffi/bpf/link.ts";
export { BpfMap, PerCpuMap, sumOf } from "./ffi/bpf/map.ts";
export { LoadedObject, OpenObject, openObject } from "./ffi/bpf/object.ts";
export { PerfBuffer, type PerfBufferOptions } from "./ffi/bpf/perf_buffer.ts";
export { Program, type UprobeTarget } from "./ffi/bpf/program.ts";
export { RingBuffer } from "./ffi/bpf/ring_buffer.ts";
export type { GlobalSpec, MapSpec, Skeleton } from "./ffi/bpf/skeleton.ts";
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
export { syscallFunction } from "./ffi/probes/kernel_function.ts";
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
export type { Fields, Plain, Value } from "./programs/lib/value.ts";
export { VERSION } from "./programs/lib/version.ts";
