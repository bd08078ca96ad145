/** The structs, unions and enums of the kernel and of its modules. */

import type { BtfEnum, BtfStruct } from "../../btf/btf.ts";
import { definitionText } from "../../btf/c.ts";
import { glob, TYPE_PATTERN } from "./pattern.ts";
import type { ProbeSources } from "./sources.ts";

/** A type of the kernel. */
export interface KernelType {
  /** `struct task_struct` */
  readonly name: string;
  /** `vmlinux`, or the module that defines it. */
  readonly module: string;
  /** In bytes */
  readonly size: number;
  /** Its definition in C. */
  definition(): string;
}

/**
 * The types of a pattern, in the order of their names.
 *
 * @throws {SyntaxError} where it is no pattern of types
 */
export function listTypes(pattern: string, { types }: ProbeSources): KernelType[] {
  const [, kind, name] = TYPE_PATTERN.exec(pattern.trim()) ?? [];
  if (kind === undefined || name === undefined) {
    throw new SyntaxError(`Cannot read "${pattern}": it should be like "struct task_struct"`);
  }
  const matches = glob(name);
  const found: KernelType[] = [];
  for (const { module, btf } of types) {
    for (const type of btf.ofKind(kind as BtfStruct["kind"] | BtfEnum["kind"])) {
      if (type.name === "" || !matches(type.name)) continue;
      found.push({
        name: `${kind} ${type.name}`,
        module,
        size: type.size,
        definition: () => definitionText(btf, type),
      });
    }
  }
  return found.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}
