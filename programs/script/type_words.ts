/** The names of types that are known without looking anywhere. */

interface IntegerWord {
  readonly size: 1 | 2 | 4 | 8;
  readonly signed: boolean;
}

const SIZES = [1, 2, 4, 8] as const;

const FIXED: ReadonlyMap<string, IntegerWord> = new Map<string, IntegerWord>([
  ...SIZES.flatMap((size) => [
    ...words(["uint#", "uint#_t", "u#", "__u#"], { size, signed: false }),
    ...words(["int#", "int#_t", "s#", "__s#"], { size, signed: true }),
  ]),
  ["bool", { size: 1, signed: false }],
  ["size_t", { size: 8, signed: false }],
  ["ssize_t", { size: 8, signed: true }],
  ["uintptr_t", { size: 8, signed: false }],
  ["pid_t", { size: 4, signed: true }],
]);

function words(patterns: readonly string[], word: IntegerWord): [string, IntegerWord][] {
  return patterns.map((pattern) => [pattern.replace("#", String(word.size * 8)), word]);
}

const C_WORDS: readonly string[] = ["char", "short", "int", "long", "signed", "unsigned"];

/** Whether a word begins the name of a type. */
export function isTypeWord(word: string): boolean {
  return FIXED.has(word) || C_WORDS.includes(word) || word === "void" || word === "const" ||
    word === "volatile" || word === "string";
}

/** Whether a word may follow another in the name of one of C's integers. */
export function isCWord(word: string): boolean {
  return C_WORDS.includes(word);
}

/** The integer that a name stands for: `uint64`, `unsigned long`. */
export function integerOf(name: string): IntegerWord | undefined {
  const fixed = FIXED.get(name);
  if (fixed !== undefined) return fixed;
  const words = name.split(" ");
  if (!words.every(isCWord)) return undefined;
  const signed = !words.includes("unsigned");
  if (words.includes("char")) return { size: 1, signed };
  if (words.includes("short")) return { size: 2, signed };
  return { size: words.includes("long") ? 8 : 4, signed };
}
