import { doctorLines } from "../../../cmd/doctor/lines.ts";
import { doctorRecords } from "../../../cmd/doctor/records.ts";
import { setColorEnabled } from "../../../cmd/std.ts";
import { BpfError } from "../../../ffi/errors.ts";
import type { Diagnosis } from "../../../programs/doctor/diagnosis.ts";
import { VERSION } from "../../../programs/lib/version.ts";
import { assertEquals } from "../../assert.ts";
import { jsonRecords } from "../../records.ts";

setColorEnabled(false);

const NO_KPROBES = new BpfError("use kprobes", {
  step: "attach",
  code: "E_NO_KPROBES",
  cause: "kprobes are switched off",
  hint: "As root: echo 1 > enabled",
});
const NO_PIPE = new BpfError("read trace_pipe", {
  step: "setup",
  code: "E_TRACING_OFF",
  cause: "tracing is switched off",
  hint: "As root: echo 1 > tracing_on",
});
const NO_COUNTER = new BpfError("attach", {
  step: "attach",
  code: "E_NO_PROBE",
  cause: "no such counter",
});

const works = { plan: "tp_btf", error: undefined };
const FOUND: Diagnosis = {
  facts: [
    { name: "kernel", value: "6.1 x86_64", knownBy: "file", source: "/proc/version" },
    {
      name: "btf",
      value: undefined,
      knownBy: "nothing",
      source: "/sys/btf",
      problem: "no types",
      fix: "Boot another",
    },
  ],
  features: [
    { kind: "map_type", name: "hash", available: true, knownBy: "attempt" },
    { kind: "map_type", name: "ringbuf", available: false, knownBy: "attempt" },
    { kind: "map_type", name: "arena", available: undefined, knownBy: "nothing" },
    { kind: "helper", name: "loop", available: false, knownBy: "attempt" },
    { kind: "libbpf_function", name: "newer", available: true, knownBy: "libbpf" },
  ],
  probeTypes: [
    { type: "kprobe", triedAs: "kprobe", wasTried: true, error: NO_KPROBES },
    { type: "kretprobe", triedAs: "kprobe", wasTried: true, error: NO_KPROBES },
    { type: "tracepoint", triedAs: "tracepoint", wasTried: true, error: undefined },
    { type: "hardware", triedAs: "hardware", wasTried: true, error: NO_COUNTER },
  ],
  tools: [
    {
      tool: "bitehist",
      args: {},
      plans: [{ plan: "kprobe", error: NO_KPROBES }, works],
      error: undefined,
    },
    { tool: "hello_world", args: {}, plans: [works], error: NO_PIPE },
    { tool: "http", args: { PID: "1" }, plans: [works], error: undefined },
    {
      tool: "sys_sync",
      args: {},
      plans: [{ plan: "kprobe", error: NO_KPROBES }],
      error: undefined,
    },
  ],
};

/** Columns are for the eye. */
function squeezed(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/(\S) {2,}/, "$1 "));
}

Deno.test("doctorLines() says what works, why not the rest, and once what helps", () => {
  assertEquals(squeezed(doctorLines(FOUND)), [
    `gimlet ${VERSION}: 2 of 4 tools work here`,
    "",
    "Tools, as predicted by what is below",
    "  bitehist yes, by tp_btf, because kprobes are switched off",
    "  hello_world no: tracing is switched off",
    "      → As root: echo 1 > tracing_on",
    "  http yes, by tp_btf (were it to trace gimlet itself)",
    "  sys_sync no: kprobes are switched off",
    "      → As root: echo 1 > enabled",
    "",
    "Probe types, each tried and detached again",
    "  kprobe no: kprobes are switched off",
    "  kretprobe no: kprobes are switched off (as kprobe)",
    "  tracepoint yes",
    "  hardware no: no such counter",
    "      → Give the virtual machine counters (QEMU: -cpu host,pmu=on), or sample by profile or software events",
    "",
    "Machine and process",
    "  kernel 6.1 x86_64 (/proc/version)",
    "  btf unknown: no types (looked for in /sys/btf)",
    "      → Boot another",
    "",
    "BPF",
    "  program types unknown: neither BTF nor libbpf names them",
    "  map types 1 of 3, 1 unknown (attempt)",
    "      no: ringbuf",
    "      unknown: arena",
    "      → Boot another kernel: this one is too old, was built without it, or refuses it when locked down",
    "  attach types unknown: neither BTF nor libbpf names them",
    "  helpers for kprobes 0 of 1 (attempt)",
    "  newer functions of libbpf 1 of 1 (libbpf)",
  ]);
});

Deno.test("doctorLines() names every feature when asked to", () => {
  const lines = doctorLines(FOUND, { verbose: true });
  for (const text of ["      yes: hash", "      no: loop", "      yes: newer"]) {
    assertEquals(lines.includes(text), true, text);
  }
});

Deno.test("doctorRecords() has a record for each finding, as the schema says", () => {
  const records = jsonRecords(doctorRecords(FOUND).join("\n"));
  const { facts, features, probeTypes, tools } = FOUND;
  assertEquals(records.length, facts.length + features.length + probeTypes.length + tools.length);
  assertEquals(records.find(({ tool }) => tool === "bitehist"), {
    type: "verdict",
    tool: "bitehist",
    usable: true,
    plan: "tp_btf",
    code: null,
    reason: "kprobes are switched off",
    fix: null,
    plans: [
      {
        plan: "kprobe",
        usable: false,
        code: "E_NO_KPROBES",
        reason: "kprobes are switched off",
      },
      { plan: "tp_btf", usable: true, code: null, reason: null },
    ],
  });
  assertEquals(records.find(({ tool }) => tool === "hello_world"), {
    type: "verdict",
    tool: "hello_world",
    usable: false,
    plan: "tp_btf",
    code: "E_TRACING_OFF",
    reason: "tracing is switched off",
    fix: "As root: echo 1 > tracing_on",
    plans: [{ plan: "tp_btf", usable: true, code: null, reason: null }],
  });
  assertEquals(records.find(({ name }) => name === "arena"), {
    type: "feature",
    kind: "map_type",
    name: "arena",
    available: null,
    known_by: "nothing",
    fix: null,
  });
});
