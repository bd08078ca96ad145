/** Random numbers for tests: the same ones each time. */

/** Makes a generator, whose calls give a number from 0 up to, and without, `below`. */
export function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x9e3779b9 >>> 0;
    const mixed = Math.imul(state ^ state >>> 12, 0x297a2d39) >>> 0;
    return ((mixed ^ mixed >>> 15) >>> 0) % below;
  };
}
