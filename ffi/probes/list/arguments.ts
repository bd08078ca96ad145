/** What a probe tells a program: the arguments of functions, the fields of tracepoints. */

import type { Btf, BtfMember, BtfPrototype } from "../../btf/btf.ts";
import { typeText } from "../../btf/c.ts";
import { parseUsdtArguments, type UsdtArgument, usdtProbes } from "../../elf/usdt.ts";
import { readElfSymbols } from "../../host/elf_file.ts";
import { readTracepointFormat } from "../../host/tracepoint_format.ts";
import { ITERATOR_PREFIX } from "./iterators.ts";
import type { ListedType } from "./pattern.ts";
import type { ProbeSources } from "./sources.ts";

/** An argument or field. */
export interface ProbeArgument {
  /** The C type; of an array, that of all of it. */
  readonly type: string;
  readonly name: string;
  /** As a person reads it: `struct file * file`, `char comm[16]`. */
  readonly text: string;
}

/** A probe by its type and by what stands behind that, as lists have them. */
export interface ProbeName {
  readonly type: ListedType;
  readonly name: string;
}

/** What a probe tells; nothing where that is not known. */
export function argumentsOf({ type, name }: ProbeName, sources: ProbeSources): ProbeArgument[] {
  switch (type) {
    case "tracepoint":
      return tracepointFields(name);
    case "rawtracepoint":
      return rawTracepointArguments(name, sources);
    case "fentry":
    case "fexit":
    case "kprobe":
      return functionArguments({ type, name }, sources);
    case "kretprobe":
      return [];
    case "iter":
      return iteratorFields(name, sources);
    case "usdt":
      return usdtArguments(name);
    default:
      return [];
  }
}

function tracepointFields(name: string): ProbeArgument[] {
  const [category = "", event = ""] = name.split(":");
  const fields = readTracepointFormat(category, event)?.fields ?? [];
  return fields.filter(({ common }) => !common).map(({ name, declaration }) => ({
    name,
    type: declaration.replace(name, "").trim(),
    text: declaration,
  }));
}

/** The struct of an iterator, but for what belongs to the kernel. */
function iteratorFields(name: string, { types }: ProbeSources): ProbeArgument[] {
  for (const { btf } of types) {
    const struct = btf.find(`${ITERATOR_PREFIX}${name}`, "struct");
    if (struct === undefined) continue;
    return struct.members.flatMap((member) => named(btf, member))
      .filter(({ name }) => name !== "meta")
      .map(({ name, type }) => argument(btf, type, name));
  }
  return [];
}

/** A member, or what stands in one without a name: pointers are kept in unions, that they have 8 bytes on every machine. */
function named(btf: Btf, member: BtfMember): BtfMember[] {
  if (member.name !== "") return [member];
  const inner = btf.type(member.type);
  const isStruct = inner.kind === "struct" || inner.kind === "union";
  return isStruct ? inner.members.filter(({ name }) => name !== "") : [];
}

/** Behind the first argument, which is the kernel's own. */
function rawTracepointArguments(name: string, { types }: ProbeSources): ProbeArgument[] {
  for (const { btf } of types) {
    const typedef = btf.find(`btf_trace_${name}`, "typedef");
    const pointer = typedef && btf.type(typedef.type);
    const prototype = pointer?.kind === "ptr" ? btf.type(pointer.type) : undefined;
    if (prototype?.kind !== "funcProto") continue;
    const described = traceFunction(name, btf) ?? prototype;
    return described.parameters.slice(1).map(({ name, type }, i) =>
      argument(btf, type, name || `arg${i}`)
    );
  }
  return [];
}

/** Types have no names for arguments: the function that calls what is attached has. */
function traceFunction(name: string, btf: Btf): BtfPrototype | undefined {
  const type = btf.find(`__traceiter_${name}`, "func")?.type;
  const prototype = type === undefined ? undefined : btf.type(type);
  return prototype?.kind === "funcProto" ? prototype : undefined;
}

function functionArguments({ type, name }: ProbeName, sources: ProbeSources): ProbeArgument[] {
  const [symbol = "", module] = name.split(":").reverse();
  const modules = module === undefined ? sources.types.map(({ module }) => module) : [module];
  for (const module of modules) {
    const btf = sources.btfOf(module);
    const prototype = sources.prototype(symbol, module);
    if (btf === undefined || prototype === undefined) continue;
    const parameters = prototype.parameters.map(({ name, type }, i) =>
      argument(btf, type, name || `arg${i}`)
    );
    return type === "fexit" && prototype.returns !== 0
      ? [...parameters, argument(btf, prototype.returns, "retval")]
      : parameters;
  }
  return [];
}

function argument(btf: Btf, id: number, name: string): ProbeArgument {
  const type = typeText(btf, id);
  return { type, name, text: `${type} ${name}` };
}

/** Where a static probe's arguments are, at the first of its places. */
function usdtArguments(name: string): ProbeArgument[] {
  const [probe, provider, ...path] = name.split(":").reverse();
  const elf = readElfSymbols(path.reverse().join(":"));
  const found = usdtProbes(elf).find((each) => each.provider === provider && each.name === probe);
  if (found === undefined) return [];
  const places = found.arguments.match(/(?:\[[^\]]*\]?|\S)+/g) ?? [];
  return parseUsdtArguments(found.arguments, elf.machine).map((each, i) => {
    const type = integerType(each);
    return { type, name: `arg${i}`, text: `${type} arg${i} /* ${places[i]} */` };
  });
}

function integerType({ size, signed }: UsdtArgument): string {
  return `${signed ? "int" : "uint"}${size * 8}_t`;
}
