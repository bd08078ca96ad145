/** Programs in place of a function of another program: freplace. */

import { libbpf } from "../../raw/libbpf.ts";
import { takeLog } from "../../raw/log.ts";
import { toCString } from "../../raw/memory.ts";
import type { Link } from "../link.ts";
import { type Attachable, linked } from "./attachable.ts";

/** A global function of a loaded program. */
export interface ProgramFunction {
  /** The program: it must have BTF. */
  readonly program: { readonly fd: number; readonly name: string };
  /** The function's name in C; it is not static, nor inlined. */
  readonly function: string;
}

/** {@linkcode Program.attachFreplace} */
export function attachFreplace(program: Attachable, target?: ProgramFunction): Link {
  takeLog(); // what was said before does not explain this
  const link = libbpf().bpf_program__attach_freplace(
    program.pointer,
    target?.program.fd ?? 0,
    target === undefined ? null : toCString(target.function),
  );
  return linked(program, link, {
    name: target === undefined ? "freplace" : `freplace:${target.program.name}:${target.function}`,
    needs: "Linux >= 5.6 (another target than that of loading: 5.10)",
    isHook: true,
  });
}
