/** Semantic analysis: the type of every expression of a program, of its variables and of the script's maps. */

import type {
  AssignStatement,
  BinaryNode,
  CallNode,
  CastNode,
  Expression,
  FieldNode,
  MapNode,
  Statement,
  TernaryNode,
  TypeName,
  UnaryNode,
} from "../ast.ts";
import type { Typing } from "../builtins/builtin.ts";
import {
  builtinFunction,
  builtinNames,
  builtinValue,
  functionNames,
  MISSING,
} from "../builtins/table.ts";
import type { KernelFacts } from "../facts.ts";
import { type Attachment, probeName } from "../probes.ts";
import type { Settings } from "../settings.ts";
import type { Diagnostics, Span } from "../source.ts";
import type { Declared } from "./declared.ts";
import {
  type AggregateFunction,
  INT64,
  isNumeric,
  isSameKind,
  sizeInC,
  type Space,
  type Type,
  typeName,
  UINT64,
  UNKNOWN,
  widest,
} from "../types.ts";

/** What is known of a map. */
export interface MapTypes {
  keys: Type[] | undefined;
  value: Type;
  /** Where it is first named. */
  readonly span: Span;
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
  readonly probe: string;
  readonly #script: ScriptTypes;
  readonly #diagnostics: Diagnostics;
  #loops = 0;
  #known: ReadonlyMap<string, Type> | undefined;
  #mapChanged = false;
  readonly #texts = new Set<Expression>();

  constructor(
    script: ScriptTypes,
    { attachment, text }: { readonly attachment: Attachment; readonly text: string },
    diagnostics: Diagnostics,
  ) {
    this.#script = script;
    this.attachment = attachment;
    this.probe = probeName(attachment, text);
    this.#diagnostics = diagnostics;
  }

  get facts(): KernelFacts {
    return this.#script.facts;
  }

  get settings(): Settings {
    return this.#script.settings;
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
    return this.#script.maps.get(name)?.value ?? UNKNOWN;
  }

  isKeyed(name: string): boolean {
    return (this.#script.maps.get(name)?.keys ?? []).length > 0;
  }

  constant(node: Expression): bigint | undefined {
    switch (node.kind) {
      case "integer":
        return node.value;
      case "positional":
        return this.#positional(node.index, node.span);
      case "sizeof":
      case "offsetof":
        return this.#measure(node);
      case "identifier":
        return this.#script.declared.constant(node.name) ??
          (builtinValue(node.name) === undefined ? this.facts.constant(node.name) : undefined);
      case "cast":
        return node.type.pointers === 0 ? this.constant(node.operand) : undefined;
      case "unary": {
        const value = this.constant(node.operand);
        if (value === undefined) return undefined;
        return node.operator === "-" ? -value : node.operator === "~" ? ~value : undefined;
      }
      case "binary":
        return this.#foldedBinary(node);
      default:
        return undefined;
    }
  }

  #foldedBinary({ operator, left, right }: BinaryNode): bigint | undefined {
    const a = this.constant(left);
    const b = this.constant(right);
    if (a === undefined || b === undefined) return undefined;
    switch (operator) {
      case "+":
        return a + b;
      case "-":
        return a - b;
      case "*":
        return a * b;
      case "<<":
        return a << (b & 63n);
      default:
        return undefined;
    }
  }

  text(node: Expression): string | undefined {
    if (node.kind === "string") return node.value;
    const [first] = node.kind === "call" && node.name === "str" ? node.args : [];
    if (first?.kind !== "positional" || first.index === 0) return undefined;
    return this.settings.parameters[first.index - 1] ?? "";
  }

  /** Begins with the types that variables had in the last round: a use may stand before the widest assignment. */
  expect(variables: ReadonlyMap<string, Type> | undefined): void {
    this.#known = variables;
  }

  /** Whether a map or variable was given another type: then all has to be looked at again. */
  get changed(): boolean {
    return this.#mapChanged ||
      [...this.variables].some(([name, type]) => {
        const before = this.#known?.get(name);
        return before === undefined || typeName(before) !== typeName(type);
      });
  }

  /** Types the predicate and the body. */
  program(predicate: Expression | undefined, body: readonly Statement[]): void {
    this.#loops = 0;
    if (predicate !== undefined) this.#condition(predicate);
    this.#statements(body);
  }

  #statements(statements: readonly Statement[]): void {
    for (const statement of statements) this.#statement(statement);
  }

  #statement(statement: Statement): void {
    switch (statement.kind) {
      case "expression":
        return this.#expressionStatement(statement.expression);
      case "assign":
        return this.#assign(statement);
      case "let":
        return this.#let(statement);
      case "if":
        this.#condition(statement.condition);
        this.#statements(statement.then);
        return this.#statements(statement.otherwise);
      case "while":
        this.#condition(statement.condition);
        return this.#loop(statement.body);
      case "range":
        this.#number(statement.start);
        this.#number(statement.end);
        this.#setVariable(statement.variable.name, INT64, statement.variable.span);
        this.types.set(statement.variable, INT64);
        return this.#loop(statement.body);
      case "unroll": {
        this.type(statement.count);
        const count = this.constant(statement.count);
        if (count === undefined) {
          this.error(statement.count.span, "unroll needs a number that is known beforehand");
        } else if (count < 1n || count > 100n) {
          const bound = count < 1n ? "minimum value is 1" : "maximum value is 100";
          this.error(statement.span, `unroll ${bound}`);
        }
        return this.#loop(statement.body);
      }
      case "block":
        return this.#statements(statement.body);
      case "break":
      case "continue":
        if (this.#loops === 0) {
          this.error(statement.span, `${statement.kind} statement is only allowed inside a loop`);
        }
        return;
      case "return":
        return;
    }
  }

  #loop(body: readonly Statement[]): void {
    this.#loops++;
    this.#statements(body);
    this.#loops--;
  }

  #let({ variable, type, value }: Extract<Statement, { kind: "let" }>): void {
    const declared = type === undefined ? undefined : this.named(type);
    if (value !== undefined) {
      const given = this.type(value);
      this.#setVariable(variable.name, declared ?? given, value.span);
    } else if (declared !== undefined) this.#setVariable(variable.name, declared, variable.span);
    this.types.set(variable, this.variables.get(variable.name) ?? UNKNOWN);
  }

  #expressionStatement(node: Expression): void {
    const type = this.type(node);
    if (type.kind === "aggregate" && node.kind === "call") {
      this.error(node.span, `${node.name}() should be assigned to a map`, `@x = ${node.name}(…)`);
    }
  }

  #condition(node: Expression): void {
    const type = this.type(node);
    if (!isNumeric(type) && type.kind !== "unknown") {
      this.error(node.span, `Invalid condition: a number is needed, not ${typeName(type)}`);
    }
  }

  #number(node: Expression): void {
    const type = this.type(node);
    if (!isNumeric(type) && type.kind !== "unknown") {
      this.error(node.span, `a number is needed, not ${typeName(type)}`);
    }
  }

  #assign({ target, operator, value, span }: AssignStatement): void {
    const given = this.type(value);
    if (target.kind === "map") this.#mapKeys(target);
    if (operator !== undefined) {
      const current = this.#valueOfTarget(target);
      this.types.set(target, current);
      if (current.kind === "unknown" && target.kind === "map") {
        if (!isNumeric(given) && given.kind !== "unknown") {
          this.error(
            span,
            `The ${operator}= operator can not be used with type ${typeName(given)}`,
          );
        }
        this.#setMap(target, given.kind === "unknown" ? UNKNOWN : INT64, span);
      } else this.#arithmetic({ left: target, right: value, operator, span });
      this.types.set(target, this.#valueOfTarget(target));
      return;
    }
    if (given.kind === "none") {
      this.error(value.span, "this has no value that could be assigned");
      return;
    }
    if (target.kind === "variable") {
      if (given.kind === "aggregate") {
        const name = value.kind === "call" ? `${value.name}()` : given.of;
        this.error(value.span, `${name} should be assigned to a map, not to a variable`);
        return;
      }
      this.#setVariable(target.name, given, span);
      this.types.set(target, this.variables.get(target.name) ?? UNKNOWN);
    } else {
      this.#setMap(target, given, span);
      this.types.set(target, this.mapType(target.name));
    }
  }

  #valueOfTarget(target: AssignStatement["target"]): Type {
    if (target.kind === "map") return this.mapType(target.name);
    const known = this.variables.get(target.name);
    if (known === undefined) this.#undefinedVariable(target.name, target.span);
    return known ?? UNKNOWN;
  }

  #undefinedVariable(name: string, span: Span): void {
    const hint = this.#script.suggest(name, [...this.variables.keys()]);
    this.error(span, `Undefined or undeclared variable: ${name}`, hint);
  }

  #setVariable(name: string, given: Type, span: Span): void {
    const known = this.variables.get(name);
    if (known === undefined || known.kind === "unknown") {
      const before = this.#known?.get(name);
      const fits = before !== undefined && isSameKind(before, given);
      this.variables.set(name, fits ? widest(before, given) : given);
      return;
    }
    if (given.kind === "unknown") return;
    if (!isSameKind(known, given)) {
      return this.error(
        span,
        `Type mismatch for ${name}: trying to assign value of type '${typeName(given)}' ` +
          `when variable already contains a value of type '${typeName(known)}'`,
      );
    }
    this.variables.set(name, widest(known, given));
  }

  #setMap({ name, span: nameSpan }: MapNode, given: Type, span: Span): void {
    const map = this.#map(name, nameSpan);
    if (given.kind === "unknown") return;
    if (map.value.kind === "unknown") {
      map.value = given;
      this.#mapChanged = true;
      return;
    }
    if (!isSameKind(map.value, given)) {
      return this.error(
        span,
        `Type mismatch for ${name}: trying to assign value of type '${typeName(given)}' ` +
          `when map already contains a value of type '${typeName(map.value)}'`,
      );
    }
    if (map.value.kind === "aggregate" && given.kind === "aggregate") {
      const [a, b] = [map.value.range, given.range];
      if (a?.low !== b?.low || a?.high !== b?.high || a?.step !== b?.step) {
        this.error(span, `Different lhist bounds in a single map: ${name}`);
      }
      return;
    }
    const type = widest(map.value, given);
    if (type === map.value) return;
    map.value = type;
    this.#mapChanged = true;
  }

  #map(name: string, span: Span): MapTypes {
    const known = this.#script.maps.get(name);
    if (known !== undefined) return known;
    const fresh: MapTypes = { keys: undefined, value: UNKNOWN, span };
    this.#script.maps.set(name, fresh);
    this.#mapChanged = true;
    return fresh;
  }

  /** Types the keys of a map; those of all its uses must agree. */
  #mapKeys(node: MapNode): MapTypes {
    const given = node.keys.map((key) => this.type(key));
    // One tuple as the key is several keys.
    const [only] = given;
    const keys = given.length === 1 && only?.kind === "tuple" ? [...only.items] : given;
    const map = this.#map(node.name, node.span);
    if (keys.some(({ kind }) => kind === "unknown")) return map;
    node.keys.forEach((key, i) => {
      const { kind } = given[i]!;
      if (kind === "aggregate" || kind === "none") {
        this.error(key.span, `${typeName(given[i]!)} cannot be used as a map key`);
      }
    });
    if (map.keys === undefined) {
      map.keys = keys;
      this.#mapChanged = true;
      return map;
    }
    const fits = map.keys.length === keys.length &&
      map.keys.every((key, i) => isSameKind(key, keys[i]!));
    if (!fits) {
      const shown = (types: readonly Type[]) => `[${types.map(typeName).join(",")}]`;
      this.error(
        node.span,
        keys.length === 0
          ? `Map ${node.name} needs a key: it is used as ${node.name}${shown(map.keys)}`
          : `Argument mismatch for ${node.name}: trying to access with arguments: '${
            shown(keys)
          }' when map expects arguments: '${shown(map.keys)}'`,
      );
      return map;
    }
    map.keys = map.keys.map((key, i) => {
      const type = widest(key, keys[i]!);
      if (type !== key) this.#mapChanged = true;
      return type;
    });
    return map;
  }

  /** The type of an expression; its parts are typed as well. */
  type(node: Expression): Type {
    const type = this.#infer(node);
    this.types.set(node, type);
    return type;
  }

  #infer(node: Expression): Type {
    switch (node.kind) {
      case "integer":
        return node.value > 0x7fff_ffff_ffff_ffffn ? UINT64 : INT64;
      case "string":
        return { kind: "string", size: byteLength(node.value) + 1 };
      case "positional":
        // As the argument of str() it is a text.
        if (!this.#texts.has(node)) this.#positional(node.index, node.span);
        return INT64;
      case "identifier":
        return this.#identifier(node.name, node.span);
      case "variable": {
        const known = this.variables.get(node.name);
        if (known === undefined) this.#undefinedVariable(node.name, node.span);
        return known ?? UNKNOWN;
      }
      case "map":
        return readable(this.#mapKeys(node).value);
      case "call":
        return this.#call(node);
      case "unary":
        return this.#unary(node);
      case "step": {
        this.type(node.target);
        const { target } = node;
        if (target.kind === "map" && this.mapType(target.name).kind === "unknown") {
          this.#setMap(target, INT64, node.span);
        }
        const type = this.#valueOfTarget(target);
        this.types.set(target, type);
        if (isNumeric(type) || type.kind === "unknown") return type;
        const operator = node.by === 1 ? "++" : "--";
        this.error(node.span, `The ${operator} operator can not be used on type ${typeName(type)}`);
        return INT64;
      }
      case "binary":
        this.type(node.left);
        this.type(node.right);
        return this.#arithmetic(node);
      case "ternary":
        return this.#ternary(node);
      case "field":
        return this.#field(node);
      case "index": {
        this.#number(node.index);
        const type = this.type(node.object);
        if (type.kind === "array") return withSpace(type.element, type.space);
        if (type.kind === "pointer") return withSpace(pointee(type.to), type.space);
        if (type.kind !== "unknown") {
          this.error(
            node.span,
            `The array index operator [] can only be used on arrays and pointers, found ${
              typeName(type)
            }`,
          );
        }
        return UNKNOWN;
      }
      case "cast":
        return this.#cast(node);
      case "tuple": {
        const items = node.items.map((item) => this.type(item));
        return items.some(({ kind }) => kind === "unknown") ? UNKNOWN : { kind: "tuple", items };
      }
      case "sizeof":
      case "offsetof":
        if (node.kind === "sizeof" && "kind" in node.of) this.type(node.of);
        return UINT64;
    }
  }

  #positional(index: number, span: Span): bigint | undefined {
    const { parameters } = this.settings;
    if (index === 0) return BigInt(parameters.length);
    const text = parameters[index - 1];
    if (text === undefined) return 0n;
    if (/^-?(0[xX][0-9a-fA-F]+|\d+)$/.test(text)) {
      return text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
    }
    this.error(
      span,
      `$${index} used numerically but given "${text}"`,
      `Try using str($${index})`,
    );
    return undefined;
  }

  #identifier(name: string, span: Span): Type {
    const builtin = builtinValue(name);
    if (builtin !== undefined) return builtin.type(this, span);
    if (this.#script.declared.constant(name) !== undefined) return INT64;
    if (this.facts.constant(name) !== undefined) return INT64;
    if (MISSING.includes(name)) {
      this.unsupported(span, name);
      return UNKNOWN;
    }
    this.error(span, `Unknown identifier: '${name}'`, this.#script.suggest(name, builtinNames()));
    return UNKNOWN;
  }

  #call(node: CallNode): Type {
    const builtin = builtinFunction(node.name);
    if (builtin === undefined) {
      if (MISSING.includes(node.name)) {
        this.unsupported(node.nameSpan, `${node.name}()`);
        return UNKNOWN;
      }
      const hint = this.#script.suggest(node.name, functionNames());
      this.error(node.nameSpan, `Unknown function: ${node.name}`, hint);
      for (const arg of node.args) this.type(arg);
      return UNKNOWN;
    }
    const { least, most, untyped = [], words = [] } = builtin;
    const [first] = node.args;
    if (node.name === "str" && first?.kind === "positional") this.#texts.add(first);
    node.args.forEach((arg, i) => {
      if (arg.kind === "identifier" && words.includes(arg.name)) return;
      const isWhole = untyped.includes(i) && arg.kind === "map" && arg.keys.length === 0;
      if (isWhole) this.#map(arg.name, arg.span);
      else this.type(arg);
    });
    const count = node.args.length;
    if (count < least || count > most) {
      const wanted = least === most
        ? `${least}`
        : most === Infinity
        ? `${least}+`
        : `${least}-${most}`;
      const plural = wanted === "1" ? "argument" : "arguments";
      this.error(node.span, `${node.name}() requires ${wanted} ${plural} (${count} provided)`);
      return UNKNOWN;
    }
    for (const i of builtin.numbers ?? []) {
      const arg = node.args[i];
      const type = arg === undefined ? UNKNOWN : this.typeOf(arg);
      if (arg === undefined || isNumeric(type) || type.kind === "unknown") continue;
      this.error(
        arg.span,
        `${node.name}() only supports integer arguments (${typeName(type)} provided)`,
      );
    }
    if (builtin.unsafe && !this.settings.unsafe) {
      const message = `${node.name}() is an unsafe function being used in safe mode`;
      this.error(node.span, message, "Allow it with --unsafe");
    }
    return builtin.type(node, this);
  }

  #unary({ operator, operand, span }: UnaryNode): Type {
    const type = this.type(operand);
    if (type.kind === "unknown") return UNKNOWN;
    switch (operator) {
      case "*":
        if (type.kind === "pointer") return withSpace(pointee(type.to), type.space);
        if (type.kind === "integer") return UINT64;
        break;
      case "&":
        break;
      default:
        if (type.kind === "integer") {
          return operator === "-" ? INT64 : operator === "!" ? UINT64 : type;
        }
        if (type.kind === "pointer" && operator === "!") return UINT64;
    }
    this.error(
      span,
      `The ${operator} operator can not be used on expressions of type '${typeName(type)}'`,
    );
    return INT64;
  }

  #arithmetic(
    { left, right, operator, span }: Pick<BinaryNode, "left" | "right" | "operator" | "span">,
  ): Type {
    const a = this.typeOf(left);
    const b = this.typeOf(right);
    if (a.kind === "unknown" || b.kind === "unknown") return UNKNOWN;
    const compares = operator === "==" || operator === "!=";
    if (a.kind === "string" && b.kind === "string" && compares) return UINT64;
    if (a.kind === "buffer" && b.kind === "buffer" && compares) return UINT64;
    if (a.kind === "symbolic" && b.kind === "symbolic" && compares && a.size === 8) return UINT64;
    if (!isNumeric(a) || !isNumeric(b)) {
      const other = a.kind === b.kind;
      this.error(
        span,
        other
          ? `The ${operator} operator can not be used on expressions of types '${typeName(a)}', '${
            typeName(b)
          }'`
          : `Type mismatch for '${operator}': comparing '${typeName(a)}' with '${typeName(b)}'`,
      );
      return INT64;
    }
    if (["==", "!=", "<", "<=", ">", ">=", "&&", "||"].includes(operator)) return UINT64;
    if (a.kind === "pointer" && (operator === "+" || operator === "-") && b.kind === "integer") {
      return a;
    }
    if (b.kind === "pointer" && operator === "+" && a.kind === "integer") return b;
    return this.isSigned(left) && this.isSigned(right) ? INT64 : UINT64;
  }

  /** Whether a number takes part in arithmetic as a signed one. */
  isSigned(node: Expression): boolean {
    const type = this.typeOf(node);
    return type.kind === "integer" && type.signed;
  }

  /** Whether a comparison is signed: literals take the side of what they are compared with. */
  comparesSigned({ left, right }: Pick<BinaryNode, "left" | "right">): boolean {
    const [a, b] = [this.isSigned(left), this.isSigned(right)];
    if (a === b) return a;
    const literal = (node: Expression) => node.kind === "integer";
    return a ? literal(right) : literal(left);
  }

  #ternary({ condition, yes, no, span }: TernaryNode): Type {
    this.#condition(condition);
    const a = this.type(yes);
    const b = this.type(no);
    if (a.kind === "unknown" || b.kind === "unknown") return a.kind === "unknown" ? b : a;
    if (!isSameKind(a, b)) {
      this.error(
        span,
        `Ternary operator must return the same type: have '${typeName(a)}' and '${typeName(b)}'`,
      );
      return a;
    }
    if (a.kind === "integer" && b.kind === "integer") return a.signed && b.signed ? INT64 : UINT64;
    return widest(a, b);
  }

  #field(node: FieldNode): Type {
    const { object, name, nameSpan, span } = node;
    const type = this.type(object);
    if (type.kind === "unknown") return UNKNOWN;
    if (type.kind === "tuple") {
      const item = /^\d+$/.test(name) ? type.items[Number(name)] : undefined;
      if (item === undefined) {
        this.error(
          span,
          `Invalid tuple index: ${name}. Found ${type.items.length} elements in tuple`,
        );
      }
      return item ?? UNKNOWN;
    }
    const pointed = type.kind === "pointer" ? pointee(type.to) : type;
    if (pointed.kind !== "record") {
      this.error(span, `Can not access field '${name}' on expression of type '${typeName(type)}'`);
      return UNKNOWN;
    }
    const field = pointed.record.field(name);
    if (field === undefined) {
      const hint = this.#script.suggest(name, pointed.record.fieldNames());
      this.error(nameSpan, `${pointed.record.name} does not contain a field named '${name}'`, hint);
      return UNKNOWN;
    }
    const space = type.kind === "pointer" ? type.space : pointed.space;
    return withSpace(field.type, space);
  }

  #cast({ type: written, operand, span }: CastNode): Type {
    const from = this.type(operand);
    const to = this.named(written);
    if (to === undefined || from.kind === "unknown") return to ?? UNKNOWN;
    if (to.kind === "integer" && isNumeric(from)) return to;
    if (to.kind === "integer" && (from.kind === "aggregate" || from.kind === "symbolic")) return to;
    if (to.kind === "pointer" && (isNumeric(from) || from.kind === "array")) {
      const space = from.kind === "pointer" ? from.space : this.defaultSpace();
      return { ...to, space };
    }
    if (to.kind === "record" && isNumeric(from)) {
      this.error(
        span,
        `Cannot cast to ${typeName(to)}: cast to a pointer to it`,
        `(${typeName(to)} *)…`,
      );
      return UNKNOWN;
    }
    this.error(span, `Cannot cast from '${typeName(from)}' to '${typeName(to)}'`);
    return to;
  }

  /** Whose memory the addresses are that a probe sees. */
  defaultSpace(): Space {
    const { kind } = this.attachment;
    return kind === "uprobe" || kind === "uretprobe" || kind === "usdt" ? "user" : "kernel";
  }

  /** The type of a name; what is not known is noted. */
  named(written: TypeName): Type | undefined {
    const type = this.#script.declared.named(written);
    if (type === undefined) {
      const name = `${written.tag} ${written.name}`.trim();
      this.error(written.span, `Cannot resolve unknown type "${name}"`);
    }
    return type;
  }

  #measure(node: Extract<Expression, { kind: "sizeof" | "offsetof" }>): bigint | undefined {
    const { declared } = this.#script;
    if (node.kind === "offsetof") {
      const offset = declared.offsetOf(node.type, node.field);
      if (offset !== undefined) return BigInt(offset);
      this.error(node.span, `${node.type.name} does not contain a field named '${node.field}'`);
      return undefined;
    }
    const type = "kind" in node.of ? this.typeOf(node.of) : this.named(node.of);
    return type === undefined ? undefined : BigInt(sizeInC(type));
  }
}

/** What it is to read a map: of those that gather, the sum over all CPUs. */
function readable(type: Type): Type {
  if (type.kind !== "aggregate" || !isReadable(type.of)) return type;
  return type.signed ? INT64 : UINT64;
}

function isReadable(of: AggregateFunction): boolean {
  return of !== "hist" && of !== "lhist" && of !== "stats";
}

/** What a pointer points to, as far as it is known: bytes where it is not. */
function pointee(type: Type): Type {
  return type.kind === "none" ? { kind: "integer", size: 1, signed: false } : type;
}

/** Things inside of something are where that is. */
function withSpace(type: Type, space: Space | "context" | "own"): Type {
  if (type.kind === "record" || type.kind === "array") return { ...type, space };
  if (
    type.kind === "pointer" && type.space === "unknown" && (space === "kernel" || space === "user")
  ) {
    return { ...type, space };
  }
  return type;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
