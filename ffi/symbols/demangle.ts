/** Names of C++ and Rust functions for people. */

import { demangleLegacyRust } from "../elf/rust_symbol.ts";
import { demangleRustV0 } from "../elf/rust_v0.ts";
import { cxaDemangle } from "../raw/demangle.ts";

/**
 * What a mangled name stands for; any other name as it is. C++ needs libstdc++.so.6 on this machine: without it, C++ names stay
 * mangled.
 *
 * @example
 * ```ts
 * import { demangle } from "./demangle.ts";
 * if (demangle("main") !== "main") throw new Error("C names stay");
 * ```
 */
export function demangle(name: string): string {
  if (name.startsWith("_R")) return demangleRustV0(name) ?? name;
  if (!name.startsWith("_Z")) return name;
  return demangleLegacyRust(name) ?? cxaDemangle(name) ?? name;
}
