/** Broken files, the same on every run. */

import { FormatError } from "../../../ffi/errors.ts";
import { assert } from "../../assert.ts";

/** Numerical Recipes' generator: 32 bits, which is enough to choose bits. */
function* randomNumbers(seed: number): Generator<number, never> {
  let state = seed;
  while (true) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state;
  }
}

/** `count` variants of a file: every other one cut off, the others with one to four bits flipped. */
export function* mutations(bytes: Uint8Array, count = 500): Generator<Uint8Array> {
  const numbers = randomNumbers(20240229);
  // The low bits of such a generator repeat soon.
  const below = (limit: number) => Math.floor(numbers.next().value / 2 ** 32 * limit);
  for (let i = 0; i < count; i++) {
    if (i % 2 === 0) {
      yield bytes.slice(0, below(bytes.length));
      continue;
    }
    const flipped = bytes.slice();
    for (let n = below(4); n >= 0; n--) {
      const at = below(bytes.length);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << below(8));
    }
    yield flipped;
  }
}

/** Each variant of the file must give a value or a FormatError, and all of them within ten seconds. */
export function assertSurvivesMutations(
  bytes: Uint8Array,
  read: (bytes: Uint8Array) => unknown,
): void {
  const start = performance.now();
  for (const broken of mutations(bytes)) {
    try {
      read(broken);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }
  assert(performance.now() - start < 10_000, "reading broken files takes too long");
}
