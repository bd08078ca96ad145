/** What an expectation says, as a tree. */

import type { Span } from "./diagnostic.ts";
import type { Unit } from "./units.ts";

/** A value that is written down. */
export interface Literal extends Span {
  readonly kind: "literal";
  readonly value: bigint | string | boolean | null;
  /** Of a number with a suffix; its value is in ns or bytes then. */
  readonly unit: Unit | undefined;
}

/** A name alone: a field, or `lost`, `events`, `duration`. */
export interface Name extends Span {
  readonly kind: "name";
  readonly name: string;
}

/** What a function looks at: events, a field of theirs, or what was reported; of one key, and those `where` the condition holds. */
export interface Selection extends Span {
  readonly name: Name;
  readonly key: Entry["key"] | undefined;
  readonly where: Expression | undefined;
}

/** `count(event where …)` */
export interface Call extends Span {
  readonly kind: "call";
  readonly function: Name;
  readonly selection: Selection;
}

/** `counts["gimlet"]`, `stats[{prev_pid: 3, curr_pid: 4}]` */
export interface Entry extends Span {
  readonly kind: "entry";
  readonly map: Name;
  readonly key: Literal | KeyFields | KeyList;
}

/** The values of a key's fields, in their order: `1, "dd"`. */
export interface KeyList extends Span {
  readonly kind: "list";
  readonly values: readonly Literal[];
}

/** The fields of a key. */
export interface KeyFields extends Span {
  readonly kind: "fields";
  readonly fields: readonly { readonly name: Name; readonly value: Literal }[];
}

/** `!…` */
export interface Not extends Span {
  readonly kind: "not";
  readonly operand: Expression;
}

/** `… && …`, `… || …`, of two or more. */
export interface Logic extends Span {
  readonly kind: "logic";
  readonly operator: "&&" | "||";
  readonly operands: readonly Expression[];
}

/** The operators that compare. */
export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=" | "=~";

/** `… >= …` */
export interface Compare extends Span {
  readonly kind: "compare";
  readonly operator: Comparison;
  readonly left: Expression;
  readonly right: Expression;
}

/** Anything that has a value. */
export type Expression = Literal | Name | Call | Entry | Not | Logic | Compare;
