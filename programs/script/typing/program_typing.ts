/** Semantic analysis: the type of every expression of a program, of its variables and of the script's maps. */

import type { BinaryNode, Expression, Statement, TypeName } from "../ast.ts";
import type { Typing } from "../builtins/builtin.ts";
import type { KernelFacts } from "../facts.ts";
import { type Attachment, probeName, type SyscallPlace } from "../probes.ts";
import type { Settings } from "../settings.ts";
import type { Diagnostics, Span } from "../source.ts";
import { type Space, type Type, typeName, UNKNOWN } from "../types.ts";
import type { Declared } from "./declared.ts";
import { infer } from "./expressions.ts";
import { constant, text } from "./known.ts";
import { comparesSigned, isSigned } from "./operators.ts";
import { condition, statements } from "./statements.ts";

/** What is known of a map. */
export interface MapTypes {
  keys: Type[] | undefined;
  value: Type;
  /** Where it is first named. */
  readonly span: Span;
  /** Something was put there, whatever it was. */
  isGiven?: boolean;
}

/** What the analysis of all programs shares. */
export interface ScriptTypes {
  readonly facts: KernelFacts;
  readonly settings: Settings;
  readonly declared: Declared;
  readonly maps: Map<string, MapTypes>;
  readonly suggest: (name: string, known: readonly string[]) => string;
}

/** Types one program. Nothing in the tree is changed: the result is a table. */
export class ProgramTyping implements Typing {
  readonly types = new Map<Expression, Type>();
  readonly variables = new Map<string, Type>();
  readonly attachment: Attachment;
  readonly attachments: readonly Attachment[];
  readonly probe: string;
  readonly script: ScriptTypes;
  /** How many loops the statement stands in that is being typed. */
  loops = 0;
  /** The types that variables had in the last round. */
  known: ReadonlyMap<string, Type> | undefined;
  /** A map was given another type. */
  mapChanged = false;
  /** Parameters that stand for texts: arguments of `str()`. */
  readonly texts = new Set<Expression>();
  /** What each variable is given. */
  readonly #given = new Map<string, Set<Expression>>();
  readonly #diagnostics: Diagnostics;

  constructor(
    script: ScriptTypes,
    { attachment, attachments, text }: {
      readonly attachment: Attachment;
      readonly attachments: readonly Attachment[];
      readonly text: string;
    },
    diagnostics: Diagnostics,
  ) {
    this.script = script;
    this.attachment = attachment;
    this.attachments = attachments;
    this.probe = probeName(attachment, text);
    this.#diagnostics = diagnostics;
  }

  get facts(): KernelFacts {
    return this.script.facts;
  }

  get settings(): Settings {
    return this.script.settings;
  }

  /** The system calls that it is to see of all; empty where it is not run by all. */
  get syscalls(): SyscallPlace[] {
    return this.attachments.flatMap((each) =>
      each.kind === "tracepoint" && each.syscall !== undefined ? [each.syscall] : []
    );
  }

  error(span: Span, message: string, hint?: string): void {
    this.#diagnostics.error(span, message, hint);
  }

  unsupported(span: Span, what: string): void {
    this.#diagnostics.unsupported(span, what);
  }

  typeOf(expression: Expression): Type {
    return this.types.get(expression) ?? UNKNOWN;
  }

  mapType(name: string): Type {
    return this.script.maps.get(name)?.value ?? UNKNOWN;
  }

  isKeyed(name: string): boolean {
    return (this.script.maps.get(name)?.keys ?? []).length > 0;
  }

  constant(node: Expression): bigint | undefined {
    return constant(this, node);
  }

  text(node: Expression): string | undefined {
    return text(this, node);
  }

  onlyPointer(variable: string): Expression | undefined {
    const [only, ...more] = this.#given.get(variable) ?? [];
    if (only === undefined || more.length > 0) return undefined;
    return this.typeOf(only).kind === "pointer" ? only : undefined;
  }

  /** Notes that a variable is given a value, or is changed by it. */
  noteGiven(variable: string, value: Expression): void {
    const known = this.#given.get(variable) ?? new Set();
    this.#given.set(variable, known.add(value));
  }

  /** Whether a number takes part in arithmetic as a signed one. */
  isSigned(node: Expression): boolean {
    return isSigned(this, node);
  }

  /** Whether a comparison is signed: literals take the side of what they are compared with. */
  comparesSigned(node: Pick<BinaryNode, "left" | "right">): boolean {
    return comparesSigned(this, node);
  }

  /** Begins with the types that variables had in the last round: a use may stand before the widest assignment. */
  expect(variables: ReadonlyMap<string, Type> | undefined): void {
    this.known = variables;
  }

  /** Whether a map or variable was given another type: then all has to be looked at again. */
  get changed(): boolean {
    return this.mapChanged ||
      [...this.variables].some(([name, type]) => {
        const before = this.known?.get(name);
        return before === undefined || typeName(before) !== typeName(type);
      });
  }

  /** Types the predicate and the body. */
  program(predicate: Expression | undefined, body: readonly Statement[]): void {
    this.loops = 0;
    if (predicate !== undefined) condition(this, predicate);
    statements(this, body);
  }

  /** The type of an expression; its parts are typed as well. */
  type(node: Expression): Type {
    const type = infer(this, node);
    this.types.set(node, type);
    return type;
  }

  /** Whose memory the addresses are that a probe sees. */
  defaultSpace(): Space {
    const { kind } = this.attachment;
    return kind === "uprobe" || kind === "uretprobe" || kind === "usdt" ? "user" : "kernel";
  }

  /** The type of a name; what is not known is noted. */
  named(written: TypeName): Type | undefined {
    const type = this.script.declared.named(written);
    if (type === undefined) {
      const name = `${written.tag} ${written.name}`.trim();
      this.error(written.span, `Cannot resolve unknown type "${name}"`);
    }
    return type;
  }
}
