/** Patterns for strings: `*` is any text, `?` one character, a backslash takes what follows as it is. */

/** Makes the test of a pattern. It takes no more than length × length steps, whatever the pattern. */
export function glob(pattern: string): (text: string) => boolean {
  const parts = [...pattern.matchAll(/\\([^])|[^]/gu)].map(([all, escaped]) => ({
    character: escaped ?? all,
    wild: escaped === undefined && (all === "*" || all === "?"),
  }));
  const isStar = (i: number) => parts[i]?.wild === true && parts[i].character === "*";
  const fits = (i: number, character: string) =>
    parts[i] !== undefined && (parts[i].wild || parts[i].character === character);
  return (text) => {
    const characters = [...text];
    // Where to go on after a mismatch: behind the last star, one character further than before.
    let [star, retry] = [-1, 0];
    let i = 0;
    for (let at = 0; at < characters.length;) {
      if (isStar(i)) {
        star = i++;
        retry = at;
      } else if (fits(i, characters[at]!)) {
        i++;
        at++;
      } else if (star >= 0) {
        i = star + 1;
        at = ++retry;
      } else return false;
    }
    while (isStar(i)) i++;
    return i === parts.length;
  };
}
