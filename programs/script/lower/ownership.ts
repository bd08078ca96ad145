/** Which variables a program and its callbacks have for themselves, and which they share. */

import { childrenOf, type Expression, type Statement } from "../ast.ts";
import type { Typing } from "../builtins/builtin.ts";
import { isCallbackLoop } from "./callbacks.ts";

/** The variables that are named in one function only, and the first time to be given a value: by that function's body. */
export interface Ownership {
  readonly shared: ReadonlySet<string>;
  /** The variables that a callback has for itself, by the statements that are its body. */
  localsOf(body: readonly Statement[]): ReadonlySet<string>;
}

interface Mention {
  readonly body: readonly Statement[];
  /** Its first mention there gives it a value. */
  readonly isGiven: boolean;
}

/** Looks through a program. */
export function ownership(body: readonly Statement[], typing: Typing): Ownership {
  const mentions = new Map<string, Map<readonly Statement[], Mention>>();
  const note = (name: string, mention: Mention) => {
    const known = mentions.get(name) ?? new Map<readonly Statement[], Mention>();
    mentions.set(name, known);
    if (!known.has(mention.body)) known.set(mention.body, mention);
  };
  new Walk(typing, note).statements(body, body);
  const shared = new Set<string>();
  const locals = new Map<readonly Statement[], Set<string>>();
  for (const [name, byBody] of mentions) {
    const [only, ...more] = byBody.values();
    if (more.length > 0 || (only!.body !== body && !only!.isGiven)) shared.add(name);
    else {
      const known = locals.get(only!.body) ?? new Set<string>();
      locals.set(only!.body, known.add(name));
    }
  }
  return { shared, localsOf: (body) => locals.get(body) ?? new Set() };
}

/** Goes through statements in their order. */
class Walk {
  readonly #typing: Typing;
  readonly #note: (name: string, mention: Mention) => void;

  constructor(typing: Typing, note: (name: string, mention: Mention) => void) {
    this.#typing = typing;
    this.#note = note;
  }

  /** `owner` is the body of the function that the statements are a part of. */
  statements(body: readonly Statement[], owner: readonly Statement[]): void {
    for (const statement of body) this.#statement(statement, owner);
  }

  #statement(statement: Statement, owner: readonly Statement[]): void {
    const give = (name: string, body = owner) => this.#note(name, { body, isGiven: true });
    switch (statement.kind) {
      case "expression":
        return this.#expression(statement.expression, owner);
      case "assign":
        this.#expression(statement.value, owner);
        if (statement.operator === undefined && statement.target.kind === "variable") {
          return give(statement.target.name);
        }
        return this.#expression(statement.target, owner);
      case "let":
        if (statement.value !== undefined) this.#expression(statement.value, owner);
        return give(statement.variable.name);
      case "if":
        this.#expression(statement.condition, owner);
        this.statements(statement.then, owner);
        return this.statements(statement.otherwise, owner);
      case "while":
        this.#expression(statement.condition, owner);
        return this.statements(statement.body, owner);
      case "unroll":
      case "block":
        return this.statements(statement.body, owner);
      case "range":
        this.#expression(statement.start, owner);
        this.#expression(statement.end, owner);
    }
    if (statement.kind !== "range" && statement.kind !== "each") return;
    const inner = isCallbackLoop(statement, this.#typing) ? statement.body : owner;
    give(statement.variable.name, inner);
    this.statements(statement.body, inner);
  }

  #expression(node: Expression, owner: readonly Statement[]): void {
    if (node.kind === "variable") this.#note(node.name, { body: owner, isGiven: false });
    if (node.kind === "do") {
      this.statements(node.body, owner);
      if (node.value !== undefined) this.#expression(node.value, owner);
      return;
    }
    for (const child of childrenOf(node)) this.#expression(child, owner);
  }
}
