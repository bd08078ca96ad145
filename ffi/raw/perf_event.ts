/** `perf_event_open(2)`, as far as gimlet needs it. */

import { Fd } from "./fd.ts";
import { libc, succeeded } from "./libc.ts";

const SYS_PERF_EVENT_OPEN = { x86_64: 298n, aarch64: 241n } as const;
const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_BPF_OUTPUT = 10n;
const PERF_SAMPLE_TIME = 1n << 2n;
const PERF_SAMPLE_RAW = 1n << 10n;
const PERF_FLAG_FD_CLOEXEC = 8n;
const PERF_EVENT_IOC_ENABLE = 0x2400n;
const ATTR_SIZE = 96; // PERF_ATTR_SIZE_VER3
const ATTR_WATERMARK = 1n << 14n;
const ATTR_USE_CLOCKID = 1n << 25n;
const CLOCK_MONOTONIC = 1;

/**
 * Opens and enables the event of one CPU that carries what BPF programs put out. Readers are woken once `watermark` bytes
 * are waiting. Each sample has its time on the clock of `bpf_ktime_get_ns()` in front of its raw data.
 *
 * @throws {LibcError} ENODEV where the CPU is offline
 */
export function openBpfOutput(cpu: number, watermark: number): Fd {
  const attr = new Uint8Array(ATTR_SIZE);
  const view = new DataView(attr.buffer);
  view.setUint32(0, PERF_TYPE_SOFTWARE, true);
  view.setUint32(4, ATTR_SIZE, true);
  view.setBigUint64(8, PERF_COUNT_SW_BPF_OUTPUT, true);
  view.setBigUint64(16, 1n, true); // sample_period
  view.setBigUint64(24, PERF_SAMPLE_TIME | PERF_SAMPLE_RAW, true);
  view.setBigUint64(40, ATTR_WATERMARK | ATTR_USE_CLOCKID, true);
  view.setUint32(48, watermark, true);
  view.setInt32(92, CLOCK_MONOTONIC, true);
  const number = SYS_PERF_EVENT_OPEN[Deno.build.arch];
  const result = libc().perf_event_open(number, attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
  const fd = new Fd(succeeded("perf_event_open", result));
  succeeded("PERF_EVENT_IOC_ENABLE", libc().ioctl(fd.number, PERF_EVENT_IOC_ENABLE, 0n));
  return fd;
}
