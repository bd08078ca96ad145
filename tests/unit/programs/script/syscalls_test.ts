/** Which programs a script becomes whose probes are tracepoints of system calls. */

import type { KernelFacts } from "../../../../programs/script/facts.ts";
import { syscallNumbers } from "../../../../programs/script/syscall_numbers.ts";
import { INT64, type RecordLayout, UINT64 } from "../../../../programs/script/types.ts";
import { assertEquals } from "../../../assert.ts";
import { needsProgram, test } from "../../../support.ts";
import { compileText } from "./run_script.ts";

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  open: ["filename", "flags"],
  openat: ["dfd", "filename", "flags"],
  openat2: ["dfd", "filename", "how"],
  close: ["fd"],
  strange: ["fd"],
};

function recordOf(event: string): RecordLayout | undefined {
  const [, direction, name = ""] = /^sys_(enter|exit)_(.*)$/.exec(event) ?? [];
  const own = direction === "exit" ? ["ret"] : FIELDS[name];
  if (own === undefined) return undefined;
  const type = direction === "exit" ? INT64 : UINT64;
  return {
    name: `struct _tracepoint_syscalls_${event}`,
    size: 64,
    field: (field) =>
      own.includes(field)
        ? { name: field, type, offset: 16 + own.indexOf(field) * 8 }
        : field === "common_pid"
        ? { name: field, type, offset: 4 }
        : undefined,
    fieldNames: () => own,
  };
}

const KERNEL: Partial<KernelFacts> = {
  hasBtf: true,
  tracepoint: (_, event) => recordOf(event),
  tracepoints: () =>
    Object.keys(FIELDS).flatMap((name) => [
      `syscalls:sys_enter_${name}`,
      `syscalls:sys_exit_${name}`,
    ]),
};

/** Each program: where it goes, and for which probes. */
function programsOf(text: string, kernel: Partial<KernelFacts> = KERNEL): string[] {
  const { plan, lines } = compileText(text, { kernel });
  return plan?.programs.map(({ section, attachments }) =>
    `${section}: ${
      attachments.map((each) => each.kind === "tracepoint" ? each.event : each.kind).join(" ")
    }`
  ) ?? [...lines];
}

const T = "tracepoint:syscalls";

Deno.test("one program sees the system calls of a probe", () => {
  assertEquals(programsOf(`${T}:sys_enter_open { @ = count(); }`), [
    "tp_btf/sys_enter: sys_enter_open",
  ]);
  assertEquals(
    programsOf(`${T}:sys_enter_open, ${T}:sys_enter_close, ${T}:sys_exit_close { @ = count(); }`),
    ["tp_btf/sys_enter: sys_enter_open sys_enter_close", "tp_btf/sys_exit: sys_exit_close"],
  );
});

Deno.test("a call whose number nobody knows keeps its tracepoint", () => {
  assertEquals(programsOf(`${T}:sys_exit_* { @[probe] = count(); }`), [
    "tp_btf/sys_exit: sys_exit_open sys_exit_openat sys_exit_openat2 sys_exit_close",
    "tracepoint: sys_exit_strange",
  ]);
});

Deno.test("where a field stands elsewhere, there is another program", () => {
  const probes = ["open", "openat", "openat2"].map((name) => `${T}:sys_enter_${name}`).join();
  assertEquals(programsOf(`${probes} { @[args.filename] = count(); }`), [
    "tp_btf/sys_enter: sys_enter_open",
    "tp_btf/sys_enter: sys_enter_openat sys_enter_openat2",
  ]);
});

Deno.test("a call that is named twice is seen twice", () => {
  assertEquals(programsOf(`${T}:sys_enter_open, ${T}:sys_enter_ope? { @ = count(); }`), [
    "tp_btf/sys_enter: sys_enter_open",
    "tp_btf/sys_enter: sys_enter_open",
  ]);
});

Deno.test("what only the tracepoint's own program has keeps the tracepoint", () => {
  for (const body of ["@ = kstack", "@ = kstack(3)", "$x = ctx", "@ = args.common_pid"]) {
    assertEquals(programsOf(`${T}:sys_enter_open { ${body} }`), ["tracepoint: sys_enter_open"]);
  }
  const withoutBtf = { ...KERNEL, hasBtf: false };
  assertEquals(programsOf(`${T}:sys_enter_open { @ = 1 }`, withoutBtf), [
    "tracepoint: sys_enter_open",
  ]);
});

Deno.test("a script with many programs does not have every system call run them all", () => {
  const probe = (direction: string) => `${T}:sys_${direction}_open { @ = count(); }`;
  const text = [...Array(5).fill(probe("enter")), probe("exit")].join("\n");
  assertEquals(programsOf(text), [
    ...Array(5).fill("tracepoint: sys_enter_open"),
    "tp_btf/sys_exit: sys_exit_open",
  ]);
});

const OTHER_NAMES: Readonly<Record<string, string>> = {
  newstat: "stat",
  newfstat: "fstat",
  newlstat: "lstat",
  newuname: "uname",
  sendfile64: "sendfile",
  umount: "umount2",
};

test("the numbers are those of the C headers", { needs: [needsProgram("gcc")] }, () => {
  const { stdout } = new Deno.Command("gcc", {
    args: ["-E", "-dM", "-include", "asm/unistd.h", "-x", "c", "/dev/null"],
  }).outputSync();
  const defined = new TextDecoder().decode(stdout).matchAll(/^#define __NR_(\w+) (\d+)$/gm);
  const header = new Map(Array.from(defined, ([, name, number]) => [name!, Number(number)]));
  const numbers = syscallNumbers(Deno.build.arch);
  const known = [...numbers].flatMap(([name, number]) => {
    const inHeader = header.get(OTHER_NAMES[name] ?? name);
    return inHeader === undefined ? [] : [{ name, number, inHeader }];
  });
  assertEquals(known.filter(({ number, inHeader }) => number !== inHeader), []);
  // The headers may be older than the table, but not by much.
  assertEquals(known.length > 250, true);
});
