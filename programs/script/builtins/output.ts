/** What a script prints or asks of the reader: `printf()`, `print()`, `exit()`. */

import type { CallNode, Expression } from "../ast.ts";
import { conversionsOf } from "../format.ts";
import { VARIABLES } from "../lower/globals.ts";
import type { Lowerer } from "../lower/lowerer.ts";
import type { RecordArgument } from "../lower/memory.ts";
import type { Action, Remark } from "../plan.ts";
import {
  isBucketed,
  isNumeric,
  NONE,
  type StringType,
  type Type,
  typeName,
  UINT64,
} from "../types.ts";
import { deleteBuckets } from "./buckets.ts";
import type { BuiltinFunction, Typing } from "./builtin.ts";

function typedArguments(nodes: readonly Expression[], lowerer: Lowerer): RecordArgument[] {
  return nodes.map((node) => ({ node, type: lowerer.type(node) }));
}

/** Looks whether a format and its arguments fit. */
function checkFormat(call: CallNode, typing: Typing): void {
  const [first, ...args] = call.args;
  if (first?.kind !== "string") {
    const given = first === undefined ? "none" : typeName(typing.typeOf(first));
    typing.error(call.span, `${call.name}() expects a string literal (${given} provided)`);
    return;
  }
  const conversions = conversionsOf(first.value);
  const [wanted, supplied] = [conversions.length, args.length];
  if (wanted !== supplied) {
    const what = supplied < wanted ? "Not enough" : "Too many";
    typing.error(
      call.span,
      `${call.name}: ${what} arguments for format string (${supplied} supplied, ${wanted} expected)`,
    );
    return;
  }
  conversions.forEach(({ conversion }, i) => {
    const type = typing.typeOf(args[i]!);
    if (type.kind === "unknown" || fitsConversion(conversion, type)) return;
    const wants = conversion === "s" ? "string" : conversion === "r" ? "buffer" : "integer";
    typing.error(
      call.span,
      `${call.name}: %${conversion} specifier expects a value of type ${wants} (${
        nameOf(type)
      } supplied)`,
    );
  });
}

function nameOf(type: Type): string {
  return type.kind === "integer" || type.kind === "string" || type.kind === "pointer"
    ? type.kind
    : typeName(type);
}

const TEXTUAL: readonly Type["kind"][] = ["string", "symbolic", "stack", "buffer"];

function fitsConversion(conversion: string, type: Type): boolean {
  switch (conversion) {
    case "s":
      return TEXTUAL.includes(type.kind) || (type.kind === "integer" && type.names !== undefined);
    case "r":
      return type.kind === "buffer";
    default:
      return isNumeric(type) ||
        (type.kind === "symbolic" && type.as !== "inet" && type.as !== "mac");
  }
}

/** What prints its arguments by a format: `actionOf` says to the reader how. */
function formatted(
  name: string,
  actionOf: (format: string, call: CallNode, lowerer: Lowerer) => Action,
): BuiltinFunction {
  return {
    names: [name],
    least: 1,
    most: Infinity,
    type: (call, typing) => {
      checkFormat(call, typing);
      return NONE;
    },
    run: (call, lowerer) => {
      const [first, ...args] = call.args;
      const format = first?.kind === "string" ? first.value : "";
      lowerer.act(actionOf(format, call, lowerer), typedArguments(args, lowerer));
    },
  };
}

function plain(name: "printf" | "cat" | "system"): BuiltinFunction {
  return formatted(name, (format) => ({ kind: name, format }));
}

/** Says something on stderr, with the place in the script. */
function remark(name: Remark): BuiltinFunction {
  return formatted(name, (format, { span }, { script: { source } }) => {
    const place = {
      file: source.fileName(span.start),
      ...source.position(span.start),
      range: source.range(span),
    };
    return { kind: name, format, place };
  });
}

/** A map as a whole. */
function wholeMap(call: CallNode, typing: Typing): string | undefined {
  const [map] = call.args;
  if (map?.kind === "map" && map.keys.length === 0) return map.name;
  typing.error(call.span, `${call.name}() expects a map to be provided`);
  return undefined;
}

const PRINT: BuiltinFunction = {
  names: ["print"],
  least: 1,
  most: 3,
  untyped: [0],
  type: (call, typing) => {
    const [what, ...rest] = call.args;
    for (const each of rest) {
      const value = typing.constant(each);
      if (value === undefined || value < 0n) {
        typing.error(each.span, "print() needs numbers that are known beforehand behind the map");
      }
    }
    if (what?.kind !== "map") {
      if (rest.length > 0) typing.error(call.span, "Non-map print() only takes 1 argument");
      const type = what === undefined ? NONE : typing.typeOf(what);
      if (what !== undefined && (type.kind === "none" || type.kind === "aggregate")) {
        typing.error(call.span, `Invalid argument of print(): ${typeName(type)}`);
      }
    } else if (what.keys.length > 0) {
      const type = typing.typeOf(what);
      if (type.kind === "aggregate") {
        const message = `Map type ${type.of} cannot print the value of individual keys.`;
        typing.error(call.span, message, `print(${what.name}) prints all of the map`);
      }
      if (rest.length > 0) typing.error(call.span, "Single-value print() only takes 1 argument");
    }
    return NONE;
  },
  run: (call, lowerer) => {
    const [what, top, divisor] = call.args;
    if (what?.kind === "map" && what.keys.length === 0) {
      const number = (node: Expression | undefined) =>
        node === undefined ? 0 : Number(lowerer.typing.constant(node) ?? 0n);
      return lowerer.act({
        kind: "print-map",
        map: what.name,
        top: number(top),
        divisor: number(divisor),
      });
    }
    lowerer.act({ kind: "print-value" }, typedArguments([what!], lowerer));
  },
};

function onMap(name: "clear" | "zero"): BuiltinFunction {
  return {
    names: [name],
    least: 1,
    most: 1,
    untyped: [0],
    type: (call, typing) => {
      wholeMap(call, typing);
      return NONE;
    },
    run: ({ args: [map] }, lowerer) => {
      if (map?.kind === "map") lowerer.act({ kind: name, map: map.name });
    },
  };
}

const DELETE: BuiltinFunction = {
  names: ["delete"],
  least: 1,
  most: 2,
  untyped: [0],
  type: (call, typing) => {
    const [map, key] = call.args;
    if (map?.kind !== "map" || key !== undefined) {
      typing.error(call.span, "delete() expects a map and a key to be provided", "delete(@x, key)");
    } else {
      if (map.keys.length === 0 && typing.isKeyed(map.name)) {
        typing.error(
          map.span,
          `delete() needs the key of an entry: ${map.name}[…]`,
          "clear() removes all",
        );
      }
    }
    return NONE;
  },
  run: ({ args: [map] }, lowerer) => {
    if (map?.kind !== "map") return;
    if (isBucketed(lowerer.typing.mapType(map.name))) return deleteBuckets(lowerer, map);
    const key = lowerer.key(map);
    lowerer.ir.call("map_delete_elem", { map: lowerer.mapPlan(map.name).symbol }, key);
  },
};

const HAS_KEY: BuiltinFunction = {
  names: ["has_key"],
  least: 1,
  most: 2,
  type: (call, typing) => {
    const [map, key] = call.args;
    if (map?.kind !== "map" || key !== undefined) {
      typing.error(
        call.span,
        "has_key() expects a map and a key to be provided",
        "has_key(@x, key)",
      );
    } else if (isBucketed(typing.mapType(map.name))) {
      typing.unsupported(map.span, "has_key() of histograms");
    }
    return UINT64;
  },
  scalar: ({ args: [map] }, lowerer) => {
    const { ir } = lowerer;
    const result = ir.define((dst) => ({ op: "move", dst, src: 0n }));
    const missing = ir.label();
    if (map?.kind === "map") ir.branch("eq", lowerer.lookUp(map), 0n, missing);
    ir.add({ op: "move", dst: result, src: 1n });
    ir.place(missing);
    return result;
  },
};

const EXIT: BuiltinFunction = {
  names: ["exit"],
  least: 0,
  most: 1,
  numbers: [0],
  type: () => NONE,
  run: ({ args: [code] }, lowerer) => {
    const status: RecordArgument[] = code === undefined
      ? []
      : [{ operand: lowerer.scalar(code), type: UINT64 }];
    // What comes behind it is not counted: the reader may take its time.
    lowerer.act({ kind: "exit" }, status, () => {
      lowerer.ir.store(lowerer.variable(VARIABLES.armed), 0, 1, 0n);
      lowerer.ir.store(lowerer.variable(VARIABLES.exited), 0, 1, 1n);
    });
    lowerer.leave();
  },
};

const TIME: BuiltinFunction = {
  names: ["time"],
  least: 0,
  most: 1,
  type: ({ args: [format] }, typing) => {
    if (format !== undefined && format.kind !== "string") {
      typing.error(format.span, "time() expects a string literal");
    }
    return NONE;
  },
  run: ({ args: [format] }, lowerer) => {
    const text = format?.kind === "string" ? format.value : "%H:%M:%S\n";
    lowerer.act({ kind: "time", format: text });
  },
};

const MOST_JOINED = 16;

const JOIN: BuiltinFunction = {
  names: ["join"],
  least: 1,
  most: 2,
  type: ({ args: [list, separator] }, typing) => {
    const type = typing.typeOf(list!);
    if (!isNumeric(type) && type.kind !== "array" && type.kind !== "unknown") {
      typing.error(
        list!.span,
        `join() only supports int or pointer arguments (${typeName(type)} provided)`,
      );
    }
    if (separator !== undefined && separator.kind !== "string") {
      typing.error(separator.span, "join() expects a string literal as its second argument");
    }
    return NONE;
  },
  run: ({ args: [list, separator] }, lowerer) => join(lowerer, list!, separator),
};

/** The words of a list of strings, up to the first null pointer. */
function join(lowerer: Lowerer, list: Expression, separator: Expression | undefined): void {
  const type: StringType = { kind: "string", size: lowerer.typing.settings.maxString };
  const place = lowerer.pointed(list);
  const space = place.space === "own" || place.space === "context" ? "kernel" : place.space;
  const address = lowerer.ir.define((dst) => ({ op: "move", dst, src: lowerer.addressOf(place) }));
  const words: RecordArgument[] = Array.from({ length: MOST_JOINED }, (_, i) => ({
    pointer: { space, address, offset: i * 8 },
    type,
  }));
  const action: Action = {
    kind: "join",
    separator: separator?.kind === "string" ? separator.value : " ",
  };
  lowerer.act(action, words);
}

/** All of them. */
export const OUTPUT: readonly BuiltinFunction[] = [
  plain("printf"),
  plain("cat"),
  { ...plain("system"), unsafe: true },
  remark("warnf"),
  remark("errorf"),
  PRINT,
  onMap("clear"),
  onMap("zero"),
  DELETE,
  HAS_KEY,
  EXIT,
  TIME,
  JOIN,
];
