/** The types of the @std function that {@linkcode ./nearest.ts} takes in: the mirror that deno.json maps @std to carries none. */

/** `@std/text/closest-string` */
export function closestString(
  word: string,
  possible: readonly string[],
  options?: { readonly caseSensitive?: boolean },
): string;
