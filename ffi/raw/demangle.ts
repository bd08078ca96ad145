/** The demangler of the C++ run time, where that is installed. */

import { fromCString, toCString } from "./memory.ts";

const SYMBOLS = {
  __cxa_demangle: {
    parameters: [
      "buffer", // const char *mangled_name
      "pointer", // char *output_buffer
      "pointer", // size_t *length
      "buffer", // int *status
    ],
    result: "pointer",
  },
  // Of libc, which the library depends on.
  free: { parameters: ["pointer" /* void *ptr */], result: "void" },
} as const satisfies Deno.ForeignLibraryInterface;

type CxxRuntime = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let opened: CxxRuntime | null | undefined;

/** The C++ name behind a mangled one (`_ZN3foo3barEv`: `foo::bar()`); `undefined` where it is none, or libstdc++.so.6 is missing. */
export function cxaDemangle(name: string): string | undefined {
  const library = runtime();
  if (library === null) return undefined;
  const status = new Int32Array(1);
  const text = library.__cxa_demangle(toCString(name), null, null, status);
  if (text === null) return undefined;
  try {
    return fromCString(text);
  } finally {
    library.free(text);
  }
}

function runtime(): CxxRuntime | null {
  if (opened !== undefined) return opened;
  try {
    return opened = Deno.dlopen("libstdc++.so.6", SYMBOLS).symbols;
  } catch {
    return opened = null;
  }
}
