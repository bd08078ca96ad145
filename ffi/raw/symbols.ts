/** Functions of a C library that are opened one by one. */

/**
 * Makes a table of functions, of which each is opened when it is first asked for: for each that is opened Deno makes machine code,
 * which takes as long as what many of them do. `open` gives a function by its name.
 */
export function openedOnUse<const S extends Deno.ForeignLibraryInterface>(
  symbols: S,
  open: (name: keyof S & string) => unknown,
): Deno.DynamicLibrary<S>["symbols"] {
  const table = {};
  for (const name of Object.keys(symbols)) {
    Object.defineProperty(table, name, {
      configurable: true,
      enumerable: true,
      get() {
        const value = open(name);
        Object.defineProperty(table, name, { value, enumerable: true });
        return value;
      },
    });
  }
  // Each property gives what Deno.dlopen() gives for it.
  return table as Deno.DynamicLibrary<S>["symbols"];
}

/** Opens one function of a library; `null` where it is optional and not there. */
export function openFunction<const S extends Deno.ForeignLibraryInterface>(
  library: string,
  symbols: S,
  name: keyof S & string,
): unknown {
  const one: Deno.ForeignLibraryInterface = { [name]: symbols[name]! };
  return Deno.dlopen(library, one).symbols[name];
}
