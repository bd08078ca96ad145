/** "Did you mean …?" */

// @ts-types="./nearest.d.ts"
import { closestString } from "@std/text/closest-string";

/** The question for a name that is not known; empty where nothing is. */
export function didYouMean(name: string, known: readonly string[]): string {
  return known.length === 0 ? "" : `Did you mean ${closestString(name, known)}?`;
}
