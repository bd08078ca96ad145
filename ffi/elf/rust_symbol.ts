/** Names of Rust's functions as they stand in ELF files: the older mangling, which looks like C++. */

const LEGACY = /^_ZN(?<parts>.*)17h[\da-f]{16}E(?:\..*)?$/s;

/** What the older mangling writes for characters that no symbol may have. */
const ESCAPES: Readonly<Record<string, string>> = {
  SP: "@",
  BP: "*",
  RF: "&",
  LT: "<",
  GT: ">",
  LP: "(",
  RP: ")",
  C: ",",
};

/**
 * The Rust path behind a name in the older mangling: `_ZN4core3fmt5Write9write_str17h0123456789abcdefE` is
 * `core::fmt::Write::write_str`. `undefined` for any other name.
 */
export function demangleLegacyRust(name: string): string | undefined {
  const parts = LEGACY.exec(name)?.groups?.["parts"];
  if (parts === undefined) return undefined;
  const path: string[] = [];
  for (let at = 0; at < parts.length;) {
    const digits = /^\d+/.exec(parts.slice(at))?.[0];
    if (digits === undefined) return undefined;
    const begin = at + digits.length;
    at = begin + Number(digits);
    if (at > parts.length) return undefined;
    path.push(unescaped(parts.slice(begin, at)));
  }
  return path.join("::");
}

function unescaped(part: string): string {
  return part.replace(/^_(?=\$)/, "").replaceAll(
    /\$(\w+)\$|\.\./g,
    (text, code: string | undefined) => {
      if (code === undefined) return "::";
      const point = /^u([\da-f]+)$/.exec(code)?.[1];
      return ESCAPES[code] ??
        (point === undefined ? text : String.fromCodePoint(parseInt(point, 16)));
    },
  );
}
