/** What a script says, as a tree. Passes add to it in tables beside: the tree itself never changes. */

import type { Span } from "./source.ts";

/** A type as it is written in a cast, a declaration or `sizeof`. */
export interface TypeName {
  readonly span: Span;
  /** `struct`, `union`, `enum`, or empty for others. */
  readonly tag: "struct" | "union" | "enum" | "";
  /** `task_struct`, `uint64`, `unsigned int` */
  readonly name: string;
  readonly pointers: number;
  /** The lengths of an array's dimensions: `[4][2]` */
  readonly dimensions: readonly number[];
}

export type UnaryOperator = "-" | "!" | "~" | "*" | "&";
export type BinaryOperator =
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "<<"
  | ">>"
  | "&"
  | "|"
  | "^"
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "&&"
  | "||";

interface Node {
  readonly span: Span;
}

export interface IntegerNode extends Node {
  readonly kind: "integer";
  readonly value: bigint;
}

export interface StringNode extends Node {
  readonly kind: "string";
  readonly value: string;
}

/** `$1`; `$#` has index 0. */
export interface PositionalNode extends Node {
  readonly kind: "positional";
  readonly index: number;
}

/** `pid`, `args`, a name from an enum. */
export interface IdentifierNode extends Node {
  readonly kind: "identifier";
  readonly name: string;
}

/** `$name`; the name has its `$`. */
export interface VariableNode extends Node {
  readonly kind: "variable";
  readonly name: string;
}

/** `@name[keys]`; the name has its `@`. Without brackets there are no keys. */
export interface MapNode extends Node {
  readonly kind: "map";
  readonly name: string;
  readonly keys: readonly Expression[];
}

export interface CallNode extends Node {
  readonly kind: "call";
  readonly name: string;
  readonly nameSpan: Span;
  readonly args: readonly Expression[];
}

export interface UnaryNode extends Node {
  readonly kind: "unary";
  readonly operator: UnaryOperator;
  readonly operand: Expression;
}

/** `++x`, `x--` */
export interface StepNode extends Node {
  readonly kind: "step";
  readonly by: 1 | -1;
  /** Whether its value is that from before. */
  readonly postfix: boolean;
  readonly target: Target;
}

export interface BinaryNode extends Node {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
}

export interface TernaryNode extends Node {
  readonly kind: "ternary";
  readonly condition: Expression;
  readonly yes: Expression;
  readonly no: Expression;
}

/** `object.name`, `object->name`, `tuple.0` */
export interface FieldNode extends Node {
  readonly kind: "field";
  readonly object: Expression;
  readonly name: string;
  readonly nameSpan: Span;
  readonly arrow: boolean;
}

export interface IndexNode extends Node {
  readonly kind: "index";
  readonly object: Expression;
  readonly index: Expression;
}

export interface CastNode extends Node {
  readonly kind: "cast";
  readonly type: TypeName;
  readonly operand: Expression;
}

export interface TupleNode extends Node {
  readonly kind: "tuple";
  readonly items: readonly Expression[];
}

export interface SizeofNode extends Node {
  readonly kind: "sizeof";
  readonly of: TypeName | Expression;
}

export interface OffsetofNode extends Node {
  readonly kind: "offsetof";
  readonly type: TypeName;
  readonly field: string;
}

/** What a macro became: statements, then a value. */
export interface DoNode extends Node {
  readonly kind: "do";
  readonly body: readonly Statement[];
  readonly value: Expression | undefined;
}

export type Expression =
  | DoNode
  | IntegerNode
  | StringNode
  | PositionalNode
  | IdentifierNode
  | VariableNode
  | MapNode
  | CallNode
  | UnaryNode
  | StepNode
  | BinaryNode
  | TernaryNode
  | FieldNode
  | IndexNode
  | CastNode
  | TupleNode
  | SizeofNode
  | OffsetofNode;

/** What can be assigned to. */
export type Target = VariableNode | MapNode;

export interface ExpressionStatement extends Node {
  readonly kind: "expression";
  readonly expression: Expression;
}

/** `target = value`, or with an operator `target += value`. */
export interface AssignStatement extends Node {
  readonly kind: "assign";
  readonly target: Target;
  readonly operator: BinaryOperator | undefined;
  readonly value: Expression;
}

/** `let $x: type = value` */
export interface LetStatement extends Node {
  readonly kind: "let";
  readonly variable: VariableNode;
  readonly type: TypeName | undefined;
  readonly value: Expression | undefined;
}

export interface IfStatement extends Node {
  readonly kind: "if";
  readonly condition: Expression;
  readonly then: readonly Statement[];
  readonly otherwise: readonly Statement[];
}

export interface WhileStatement extends Node {
  readonly kind: "while";
  readonly condition: Expression;
  readonly body: readonly Statement[];
}

/** `for ($x : start..end)`; the end is not part of it. */
export interface RangeStatement extends Node {
  readonly kind: "range";
  readonly variable: VariableNode;
  readonly start: Expression;
  readonly end: Expression;
  readonly body: readonly Statement[];
}

/** `for ($kv : @map)`: the variable is a tuple of a key and its value. */
export interface EachStatement extends Node {
  readonly kind: "each";
  readonly variable: VariableNode;
  readonly map: MapNode;
  readonly body: readonly Statement[];
}

export interface UnrollStatement extends Node {
  readonly kind: "unroll";
  readonly count: Expression;
  readonly body: readonly Statement[];
}

export interface JumpStatement extends Node {
  readonly kind: "break" | "continue" | "return";
  /** How many loops around the innermost are left as well. */
  readonly outer?: number;
}

export interface BlockStatement extends Node {
  readonly kind: "block";
  readonly body: readonly Statement[];
}

export type Statement =
  | ExpressionStatement
  | AssignStatement
  | LetStatement
  | IfStatement
  | WhileStatement
  | RangeStatement
  | EachStatement
  | UnrollStatement
  | JumpStatement
  | BlockStatement;

/** `tracepoint:sched:sched_switch`, as it is written. */
export interface AttachPoint extends Node {
  readonly text: string;
}

export interface ProbeNode extends Node {
  readonly attachPoints: readonly AttachPoint[];
  readonly predicate: Expression | undefined;
  readonly body: readonly Statement[];
}

/** `name = value` of `config = { … }` */
export interface ConfigEntry extends Node {
  readonly name: string;
  readonly value: string;
}

/** A field as C declares it. */
export interface FieldDeclaration {
  readonly name: string;
  readonly type: TypeName | RecordDeclaration;
  readonly pointers: number;
  readonly dimensions: readonly number[];
  readonly bits: number | undefined;
}

/** A struct or union as C declares it; anonymous ones have no name. */
export interface RecordDeclaration extends Node {
  readonly kind: "record";
  readonly tag: "struct" | "union";
  readonly name: string;
  readonly fields: readonly FieldDeclaration[];
}

/** An enum as C declares it. */
export interface EnumDeclaration extends Node {
  readonly kind: "enum";
  readonly name: string;
  readonly values: readonly { readonly name: string; readonly value: bigint }[];
}

export type Declaration = RecordDeclaration | EnumDeclaration;

/** `let @name = lruhash(100);`: how many entries a map has room for, and whether new ones take the place of the oldest. */
export interface MapDeclaration extends Node {
  readonly name: string;
  readonly entries: number;
  readonly forgets: boolean;
}

/** A whole script. */
export interface Script {
  readonly maps: readonly MapDeclaration[];
  readonly declarations: readonly Declaration[];
  readonly config: readonly ConfigEntry[];
  readonly probes: readonly ProbeNode[];
}

/** The expressions directly inside of an expression. */
export function childrenOf(node: Expression): readonly Expression[] {
  switch (node.kind) {
    case "map":
      return node.keys;
    case "call":
      return node.args;
    case "unary":
    case "cast":
      return [node.operand];
    case "step":
      return [node.target];
    case "binary":
      return [node.left, node.right];
    case "ternary":
      return [node.condition, node.yes, node.no];
    case "field":
      return [node.object];
    case "index":
      return [node.object, node.index];
    case "tuple":
      return node.items;
    case "do":
      return [...expressionsIn(node.body), ...(node.value === undefined ? [] : [node.value])];
    case "sizeof":
      return "kind" in node.of ? [node.of] : [];
    default:
      return [];
  }
}

/** Calls `visit` for every expression in statements, from the outside in. */
export function visitExpressions(
  statements: readonly Statement[],
  visit: (expression: Expression) => void,
): void {
  const enter = (expression: Expression) => {
    visit(expression);
    childrenOf(expression).forEach(enter);
  };
  for (const statement of statements) {
    for (const each of expressionsOf(statement)) enter(each);
    for (const body of bodiesOf(statement)) visitExpressions(body, visit);
  }
}

/** Calls `visit` for every expression in a probe's predicate and body, from the outside in. */
export function visitProbe(
  { predicate, body, span }: ProbeNode,
  visit: (expression: Expression) => void,
): void {
  if (predicate !== undefined) {
    visitExpressions([{ kind: "expression", expression: predicate, span }], visit);
  }
  visitExpressions(body, visit);
}

function expressionsIn(body: readonly Statement[]): Expression[] {
  return body.flatMap((statement) => [
    ...expressionsOf(statement),
    ...bodiesOf(statement).flatMap(expressionsIn),
  ]);
}

function expressionsOf(statement: Statement): readonly Expression[] {
  switch (statement.kind) {
    case "expression":
      return [statement.expression];
    case "assign":
      return [statement.target, statement.value];
    case "let":
      return statement.value === undefined ? [] : [statement.value];
    case "if":
    case "while":
      return [statement.condition];
    case "range":
      return [statement.start, statement.end];
    case "unroll":
      return [statement.count];
    default:
      return [];
  }
}

function bodiesOf(statement: Statement): readonly (readonly Statement[])[] {
  switch (statement.kind) {
    case "if":
      return [statement.then, statement.otherwise];
    case "while":
    case "range":
    case "each":
    case "unroll":
    case "block":
      return [statement.body];
    default:
      return [];
  }
}

/** Calls `visit` for every statement, from the outside in. */
export function visitStatements(
  body: readonly Statement[],
  visit: (statement: Statement) => void,
): void {
  for (const statement of body) {
    visit(statement);
    for (const inner of bodiesOf(statement)) visitStatements(inner, visit);
    const enter = (expression: Expression) => {
      if (expression.kind === "do") visitStatements(expression.body, visit);
      childrenOf(expression).forEach(enter);
    };
    expressionsOf(statement).forEach(enter);
  }
}
