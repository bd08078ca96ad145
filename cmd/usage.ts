/** Mistakes in how gimlet was called. */

import { didYouMean } from "../programs/lib/nearest.ts";

/** A command line that cannot be understood: exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** `hint` says what to write instead. */
  constructor(message: string, readonly hint?: string) {
    super(message);
  }
}

/** The error of a name that is not known, with the nearest one that is. */
export function unknownName(kind: string, name: string, known: readonly string[]): UsageError {
  return new UsageError(`Unknown ${kind} "${name}"`, didYouMean(name, known));
}
