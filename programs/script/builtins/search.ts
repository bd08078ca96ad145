/** Looking for a text in another: `strcontains()`, `strstr()`. */

import type { CallNode, Expression } from "../ast.ts";
import type { Operand, VirtualRegister } from "../ir.ts";
import type { Lowerer } from "../lower/lowerer.ts";
import type { Memory } from "../lower/memory.ts";
import { utf8, wordsOf } from "../lower/words.ts";
import { INT64, storageSize, type Type, typeName, UINT64 } from "../types.ts";
import type { BuiltinFunction, Typing } from "./builtin.ts";

// The verifier walks along all of the text; more words for each step would be too many steps.
const LONGEST_NEEDLE = 64;

/** A word of what is looked for, and which of its bytes count. */
interface NeedleWord {
  readonly word: Operand;
  readonly mask: Operand;
}

function needleSize(node: Expression, typing: Typing): number {
  const text = typing.text(node);
  if (text !== undefined) return utf8(text).length + 1;
  const type = typing.typeOf(node);
  return type.kind === "string" ? type.size : 0;
}

function search(
  name: string,
  { result, scalar }: {
    readonly result: Type;
    readonly scalar: (call: CallNode, lowerer: Lowerer) => Operand;
  },
): BuiltinFunction {
  return {
    names: [name],
    least: 2,
    most: 2,
    type: ({ args }, typing) => {
      for (const node of args) {
        const type = typing.typeOf(node);
        if (type.kind === "string" || type.kind === "unknown") continue;
        typing.error(node.span, `${name}() expects a string (${typeName(type)} provided)`);
      }
      const needle = args[1]!;
      if (needleSize(needle, typing) > LONGEST_NEEDLE) {
        typing.error(
          needle.span,
          `${name}() looks for at most ${LONGEST_NEEDLE - 1} characters`,
          `str(…, ${LONGEST_NEEDLE - 1})`,
        );
      }
      return result;
    },
    scalar,
  };
}

/** Where the first text has the second in it, in bytes from its start; -1 where it has not. */
function find(lowerer: Lowerer, { args: [haystack, needle] }: CallNode): VirtualRegister {
  const { ir } = lowerer;
  const words = needleWords(lowerer, needle!);
  const size = storageSize(lowerer.type(haystack!));
  // Behind the text there are NULs, so that whole words can be read up to its end.
  const room = lowerer.scratch.inFrame(size + words.length * 8);
  lowerer.into(haystack!, room, lowerer.type(haystack!));
  lowerer.zeroFill({ base: room.base, offset: room.offset + size }, words.length * 8);
  const found = ir.define((dst) => ({ op: "move", dst, src: -1n }));
  const start = ir.define((dst) => ({ op: "address", dst, ...room }));
  const index = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const place = ir.register();
  const [again, next, hit, end] = [ir.label(), ir.label(), ir.label(), ir.label()];
  ir.place(again);
  ir.add({ op: "index", dst: place, base: start, index, most: size - 1, otherwise: end });
  for (const [i, { word, mask }] of words.entries()) {
    const loaded = ir.load(place, i * 8, 8);
    ir.branch("ne", ir.alu("and", loaded, mask), word, next);
  }
  ir.jump(hit);
  ir.place(next);
  ir.add({ op: "alu", operation: "add", dst: index, left: index, right: 1n });
  ir.jump(again);
  ir.place(hit);
  ir.add({ op: "move", dst: found, src: index });
  ir.place(end);
  return found;
}

/** 1 where the first text has the second in it, else 0. */
function contains(lowerer: Lowerer, call: CallNode): VirtualRegister {
  return lowerer.ir.holds("sge", find(lowerer, call), 0n);
}

function needleWords(lowerer: Lowerer, needle: Expression): NeedleWord[] {
  const text = lowerer.typing.text(needle);
  if (text !== undefined) {
    const { length } = utf8(text);
    return wordsOf(text, Math.ceil(length / 8) * 8).map((word, i) => {
      const bytes = Math.min(8, length - i * 8);
      return { word, mask: (1n << BigInt(bytes * 8)) - 1n };
    });
  }
  const { base, offset } = lowerer.memory(needle);
  const count = storageSize(lowerer.type(needle)) / 8;
  return Array.from(
    { length: count },
    (_, i) => maskedWord(lowerer, { base, offset: offset + i * 8 }),
  );
}

/** A word of a text that is only known when the program runs: the bytes that are no NUL count. */
function maskedWord({ ir, scratch }: Lowerer, { base, offset }: Memory): NeedleWord {
  const word = ir.load(base, offset, 8);
  const mask = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const done = ir.label();
  for (let byte = 0n; byte < 8n; byte++) {
    const bits = 0xffn << (byte * 8n);
    ir.branch("eq", ir.alu("and", word, bits), 0n, done);
    ir.add({ op: "alu", operation: "or", dst: mask, left: mask, right: bits });
  }
  ir.place(done);
  // Kept in the frame: there may be more of them than registers and stack.
  const kept = scratch.inFrame(16);
  ir.store(kept.base, kept.offset, 8, word);
  ir.store(kept.base, kept.offset + 8, 8, mask);
  const load = (at: number): VirtualRegister => ir.load(kept.base, kept.offset + at, 8);
  return {
    get word() {
      return load(0);
    },
    get mask() {
      return load(8);
    },
  };
}

/** All of them. */
export const SEARCH: readonly BuiltinFunction[] = [
  search("strcontains", {
    result: UINT64,
    scalar: (call, lowerer) => contains(lowerer, call),
  }),
  search("strstr", { result: INT64, scalar: (call, lowerer) => find(lowerer, call) }),
];
