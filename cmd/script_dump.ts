/** `--dump`: what became of a script, stage by stage. */

import { disassemble } from "../ffi/asm/disassemble.ts";
import type { Compiled } from "../programs/script/compile.ts";
import type { ProgramPlan } from "../programs/script/plan.ts";
import { typeName } from "../programs/script/types.ts";
import type { Dump } from "./script_options.ts";

/** The lines of a dump. */
export function dumpLines(dump: Dump, compiled: Compiled): string[] {
  switch (dump) {
    case "ast":
      return treeLines(compiled.script);
    case "types":
      return typeLines(compiled);
    case "bpf":
      return codeLines(compiled);
  }
}

/** The tree as indented JSON without positions. */
function treeLines(script: Compiled["script"]): string[] {
  const replace = (key: string, value: unknown) =>
    key === "span" || key === "nameSpan"
      ? undefined
      : typeof value === "bigint"
      ? value.toString()
      : value;
  return JSON.stringify(script, replace, 2).split("\n");
}

function typeLines({ types, plan }: Compiled): string[] {
  const maps = (plan?.maps ?? []).map(({ name, keys, value }) => {
    const shown = keys.length === 0 ? "" : `[${keys.map(typeName).join(", ")}]`;
    return `${name}${shown}: ${typeName(value)}`;
  });
  const programs = types.flatMap(({ probe, variables }) => [
    probe,
    ...[...variables].map(([name, type]) => `  ${name}: ${typeName(type)}`),
  ]);
  return [...maps, ...programs];
}

function codeLines({ plan }: Compiled): string[] {
  return (plan?.programs ?? []).flatMap((program) => {
    const { name, code } = program;
    const symbols = new Map([
      ...code.relocations.map(({ offset, symbol }) => [offset, symbol] as const),
      ...code.fields.map(({ offset, field: { struct, members } }) =>
        [offset, [struct, ...members].join(".")] as const
      ),
    ]);
    const lines = disassemble(code.bytes, symbols).map((line) => `  ${line}`);
    return [`${name} (${placeOf(program)}): ${code.bytes.length / 8} instructions`, ...lines];
  });
}

/** The probe; where a program is for several system calls, the first of them. */
function placeOf({ probe, attachments }: ProgramPlan): string {
  const [first, ...more] = attachments;
  const isOfMany = first?.kind === "tracepoint" && more.length > 0;
  return isOfMany ? `${probe} and ${more.length} more` : probe;
}
