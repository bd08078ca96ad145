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
export type { CValue } from "./ffi/wire/value.ts";
export { type Census, census } from "./ffi/bpf/census.ts";
export { Epoll } from "./ffi/bpf/epoll.ts";
export type { EventSource } from "./ffi/bpf/event_source.ts";
export { Link, type LinkInfo, openPinnedLink } from "./ffi/bpf/link.ts";
export { BpfMap, PerCpuMap, sumOf } from "./ffi/bpf/map.ts";
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
export type { IteratorTarget } from "./ffi/bpf/attach/iterator.ts";
export type {
  KernelFunction,
  KernelFunctions,
  KprobeOptions,
} from "./ffi/bpf/attach/kernel_function.ts";
export type { Direction, Interface, XdpMode } from "./ffi/bpf/attach/network.ts";
export type { PerfEventName, PerfEventTarget } from "./ffi/bpf/attach/perf_event.ts";
export type { TcOptions } from "./ffi/bpf/attach/tc.ts";
export type { UprobeTarget, UsdtTarget } from "./ffi/bpf/attach/user.ts";
export { RingBuffer } from "./ffi/bpf/ring_buffer.ts";
export type { DynamicSkeleton, GlobalSpec, MapSpec, Skeleton } from "./ffi/bpf/skeleton.ts";
export { libbpfVersion } from "./ffi/bpf/version.ts";
export { onlineCpus } from "./ffi/host/cpus.ts";
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
export { textLines } from "./programs/lib/text.ts";
export type { Fields, Plain, Value } from "./programs/lib/value.ts";
export { VERSION } from "./programs/lib/version.ts";
