/** The functions of a C library, of which a run needs a few. */

/** A function that is called so often gets machine code of its own, by which a call takes a tenth of a µs in place of several. */
const OFTEN = 16;

/**
 * Opens a table of functions. Machine code for each, as `Deno.dlopen()` makes it, takes as long as tens of calls without it: it is
 * made for those that turn out to be called often.
 *
 * @throws {Error} where the library cannot be opened, or lacks a function that is not optional
 */
export function openTable<const S extends Deno.ForeignLibraryInterface>(
  library: string,
  symbols: S,
): Deno.DynamicLibrary<S>["symbols"] {
  const pointers = openPointers(library, symbols);
  const table: Record<string, unknown> = {};
  for (const [name, symbol] of Object.entries(symbols)) {
    const pointer = pointers[name];
    if (!("parameters" in symbol) || pointer === undefined) continue;
    Object.defineProperty(table, name, {
      configurable: true,
      enumerable: true,
      get() {
        const compile = () => Deno.dlopen(library, { [name]: symbol }).symbols[name];
        const value = pointer === null ? null : symbol.nonblocking === true
          // It runs on another thread, and has no such code.
          ? compile()
          : called(pointer, symbol, () => setValue(table, name, compile()));
        return setValue(table, name, value);
      },
    });
  }
  // Each property is what Deno.dlopen() gives for it.
  return table as Deno.DynamicLibrary<S>["symbols"];
}

type Address = Deno.PointerObject<Deno.ForeignFunction>;
type AnyFunction = (...args: unknown[]) => unknown;

/** A function by its address, until it is called often. */
function called(
  pointer: Address,
  symbol: Deno.ForeignFunction,
  compile: () => unknown,
): AnyFunction {
  const seldom = new Deno.UnsafeFnPointer(pointer, symbol);
  let often: AnyFunction | undefined;
  let calls = 0;
  return (...args) => {
    if (often !== undefined) return often(...args);
    // Deno checks the arguments, as it does for those of the other.
    if (++calls < OFTEN) return (seldom.call as AnyFunction).apply(seldom, args);
    often = compile() as AnyFunction;
    return often(...args);
  };
}

function setValue(table: object, name: string, value: unknown): unknown {
  Object.defineProperty(table, name, { configurable: true, enumerable: true, value });
  return value;
}

/** Where the functions are; `null` for an optional one that is not there. */
function openPointers(
  library: string,
  symbols: Deno.ForeignLibraryInterface,
): Readonly<Record<string, Address | null>> {
  const statics: Record<string, Deno.ForeignStatic> = {};
  for (const [key, { name = key, optional = false }] of Object.entries(symbols)) {
    statics[key] = { name, optional, type: "pointer" };
  }
  return Deno.dlopen(library, statics).symbols as Record<string, Address | null>;
}
