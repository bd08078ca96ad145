/** Where values are while a program runs. */

import type { Expression } from "../ast.ts";
import type { Base, Operand, VirtualRegister } from "../ir.ts";
import type { RecordField, Space, Type } from "../types.ts";

/** A place in memory of the script's own: on the stack, in the program's frame, in the value of a map. */
export interface Memory {
  readonly base: Base;
  readonly offset: number;
}

/** Where something is that an expression names. */
export type Place =
  & { readonly type: Type; readonly bits?: RecordField["bits"] | undefined }
  & (
    | { readonly space: Space; readonly address: Operand; readonly offset: number }
    | { readonly space: "context"; readonly offset: number }
    | { readonly space: "own"; readonly memory: Memory }
  );

/** What is put into a record: an expression, or a number that is there already. */
export type RecordArgument =
  | { readonly node: Expression; readonly type: Type }
  | { readonly operand: Operand; readonly type: Type }
  /** The string that a pointer in the memory of others points to. */
  | {
    readonly pointer: {
      readonly space: Space;
      readonly address: VirtualRegister;
      readonly offset: number;
    };
    readonly type: Type;
  };

/** A place so many bytes further on. */
export function moveBy(place: Place, offset: number, type: Type): Place {
  if (place.space === "own") {
    const { base, offset: start } = place.memory;
    return { type, space: "own", memory: { base, offset: start + offset } };
  }
  return { ...place, type, bits: undefined, offset: place.offset + offset };
}
