/** Clocks by name, and what changes the course of what is traced: `nsecs(tai)`, `signal()`, `override()`. */

import type { CallNode, Expression, Statement } from "../ast.ts";
import type { HelperName } from "../../../ffi/asm/helpers.ts";
import { signalNumber } from "../signals.ts";
import type { Span } from "../source.ts";
import { type ClockType, isNumeric, NONE, typeName, UINT64 } from "../types.ts";
import type { BuiltinFunction } from "./builtin.ts";

const CLOCKS: Readonly<Record<string, { readonly clock: ClockType; readonly helper: HelperName }>> =
  {
    monotonic: { clock: "monotonic", helper: "ktime_get_ns" },
    boot: { clock: "boot", helper: "ktime_get_boot_ns" },
    tai: { clock: "tai", helper: "ktime_get_tai_ns" },
    // What bpftrace computes by itself for kernels without that helper.
    sw_tai: { clock: "tai", helper: "ktime_get_tai_ns" },
  };

/** The clock that a call names. */
function clockOf([clock]: CallNode["args"]) {
  return CLOCKS[clock?.kind === "identifier" ? clock.name : "boot"];
}

const NSECS: BuiltinFunction = {
  names: ["nsecs"],
  least: 0,
  most: 1,
  words: Object.keys(CLOCKS),
  type: ({ args, span }, typing) => {
    const [clock] = args;
    const known = clock === undefined || (clock.kind === "identifier" && clock.name in CLOCKS);
    if (!known) {
      typing.error(
        clock.span,
        "nsecs() takes the name of a clock",
        "monotonic, boot, tai or sw_tai",
      );
    }
    const { clock: name, helper } = clockOf(args) ?? CLOCKS["boot"]!;
    if (!typing.facts.hasHelper(helper)) {
      typing.unsupported(span, `nsecs(${name}) on this kernel: it needs Linux >= 6.1`);
    }
    return { kind: "integer", size: 8, signed: false, clock: name };
  },
  scalar: ({ args }, { ir }) => ir.call(clockOf(args)!.helper),
};

const SIGNAL: BuiltinFunction = {
  names: ["signal"],
  least: 1,
  most: 1,
  unsafe: true,
  type: ({ args: [signal] }, typing) => {
    const type = typing.typeOf(signal!);
    const text = typing.text(signal!);
    if (text !== undefined && signalNumber(text) === undefined) {
      typing.error(signal!.span, `signal(): there is no signal ${text}`);
    } else if (text === undefined && !isNumeric(type) && type.kind !== "unknown") {
      typing.error(
        signal!.span,
        `signal() expects a number or a name (${typeName(type)} provided)`,
      );
    }
    return NONE;
  },
  run: ({ args: [signal] }, lowerer) => {
    const text = lowerer.typing.text(signal!);
    lowerer.ir.call(
      "send_signal",
      text === undefined ? lowerer.scalar(signal!) : signalNumber(text)!,
    );
  },
};

const OVERRIDE: BuiltinFunction = {
  names: ["override"],
  least: 1,
  most: 1,
  numbers: [0],
  unsafe: true,
  type: ({ span }, typing) => {
    const { kind } = typing.attachment;
    if (kind !== "kprobe") typing.error(span, `override() can not be used with '${kind}' probes`);
    return NONE;
  },
  run: ({ args: [result] }, lowerer) => {
    lowerer.ir.call("override_return", lowerer.context, lowerer.scalar(result!));
  },
};

/** What scripts cannot write: {@linkcode watcher} does. */
const WATCH_NAME = "watch()";

/** Asks for memory to be watched: its address, and 1 where the process is to wait until that is so. */
const WATCH: BuiltinFunction = {
  names: [WATCH_NAME],
  least: 2,
  most: 2,
  type: () => NONE,
  run: ({ args: [address, stops], span }, lowerer) => {
    const isToStop = lowerer.typing.constant(stops!) === 1n;
    const args = [
      { operand: lowerer.scalar(address!), type: UINT64 },
      { operand: lowerer.ir.alu("rsh", lowerer.pidTgid(), 32n), type: UINT64 },
    ];
    lowerer.act({ kind: "watch", span, stops: isToStop }, args, () => {
      if (isToStop) lowerer.ir.call("send_signal", BigInt(signalNumber("SIGSTOP")!));
    });
  },
};

/** The body of a probe that has a function's argument watched by the probe at `span`. */
export function watcher(index: number, { stops, span }: { stops: boolean; span: Span }): Statement {
  const args: Expression[] = [
    { kind: "identifier", name: `arg${index}`, span },
    { kind: "integer", value: stops ? 1n : 0n, span },
  ];
  const expression: CallNode = { kind: "call", name: WATCH_NAME, nameSpan: span, args, span };
  return { kind: "expression", expression, span };
}

/** All of them. */
export const CONTROL: readonly BuiltinFunction[] = [NSECS, SIGNAL, OVERRIDE, WATCH];
