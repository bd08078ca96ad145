/**
 * What a builtin is: a table entry. It says what it takes, what type it has, and how it becomes instructions; what the reader has to
 * know stands in the action that it makes.
 */

import type { CallNode, Expression } from "../ast.ts";
import type { KernelFacts } from "../facts.ts";
import type { Operand } from "../ir.ts";
import type { Lowerer } from "../lower/lowerer.ts";
import type { Memory } from "../lower/memory.ts";
import type { Attachment } from "../probes.ts";
import type { Settings } from "../settings.ts";
import type { Span } from "../source.ts";
import type { Type } from "../types.ts";

/** What type inference can be asked. */
export interface Typing {
  readonly facts: KernelFacts;
  readonly settings: Settings;
  /** Where the program goes that is being typed. */
  readonly attachment: Attachment;
  /** All places that it goes to: the first stands for them, but for their names. */
  readonly attachments: readonly Attachment[];
  /** The probe's name in full. */
  readonly probe: string;
  typeOf(expression: Expression): Type;
  /** The type of a map's value; unknown where nothing was assigned to it yet. */
  mapType(name: string): Type;
  /** Whether a map has keys. */
  isKeyed(name: string): boolean;
  /** The value of an expression, where it is known when the script is compiled. */
  constant(expression: Expression): bigint | undefined;
  /** What a variable is given, where it is a pointer and given one only once. */
  onlyPointer(variable: string): Expression | undefined;
  /** The text of a literal, or of `str($1)`. */
  text(expression: Expression): string | undefined;
  error(span: Span, message: string, hint?: string): void;
  unsupported(span: Span, what: string): void;
}

/** How a value is made: in a register, or in memory. One of the two, by its type. */
export interface Lowering<T> {
  readonly scalar?: (node: T, lowerer: Lowerer) => Operand;
  readonly into?: (node: T, lowerer: Lowerer, target: Memory) => void;
}

/** `pid`, `comm`: a value without arguments. */
export interface BuiltinValue extends Lowering<Expression> {
  readonly names: readonly string[];
  readonly type: (typing: Typing, span: Span) => Type;
}

/** `str(…)`, `printf(…)` */
export interface BuiltinFunction extends Lowering<CallNode> {
  readonly names: readonly string[];
  /** How many arguments it takes. */
  readonly least: number;
  readonly most: number;
  /** Its type; `none` for what stands as a statement only. It may look at its arguments, which are typed already. */
  readonly type: (call: CallNode, typing: Typing) => Type;
  /** What a statement does. */
  readonly run?: (call: CallNode, lowerer: Lowerer) => void;
  /** Those of its arguments that may be a map as a whole, which is no value. */
  readonly untyped?: readonly number[];
  /** Names that stand for themselves as its arguments. */
  readonly words?: readonly string[];
  /** Those of its arguments that are numbers or addresses. */
  readonly numbers?: readonly number[];
  /** Needs `--unsafe`. */
  readonly unsafe?: true;
}
