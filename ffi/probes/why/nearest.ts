/** Names that look like another. */

/** At most so many characters may differ, in three. */
const TOLERANCE = 1 / 3;

/** The names nearest to one that is not known: those that hold it first, then those that differ by the fewest characters. */
export function nearestNames(name: string, known: Iterable<string>, limit = 5): string[] {
  const wanted = name.toLowerCase();
  const found: { name: string; distance: number }[] = [];
  for (const each of new Set(known)) {
    const distance = distanceTo(wanted, each.toLowerCase());
    if (distance !== undefined) found.push({ name: each, distance });
  }
  return found
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, limit).map(({ name }) => name);
}

/** `undefined` where they are too different to be meant. */
function distanceTo(wanted: string, name: string): number | undefined {
  const more = name.length - wanted.length;
  // A name that holds the other is nearer than one with a slip of the pen in every third character.
  if (name.includes(wanted)) return more / 8;
  const most = Math.floor(wanted.length * TOLERANCE);
  if (Math.abs(more) > most) return undefined;
  const edits = editDistance(wanted, name);
  return edits <= most ? edits : undefined;
}

/** Levenshtein's: how many characters must be put in, left out or replaced. */
function editDistance(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = before[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, before[j]! + 1, row[j - 1]! + 1));
    }
    before = row;
  }
  return before[b.length]!;
}
