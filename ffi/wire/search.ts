/** Binary search. */

/** The index of the first value above another, in a list in ascending order. */
export function firstAbove(values: Float64Array | Uint32Array, wanted: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}
