/** A small generator of repeatable numbers: the same seed, the same spans, on any machine. */
export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(choices: readonly [T, ...T[]]): T;
  /** Lower-case hex digits. */
  hex(digits: number): string;
  /** Log-normal-ish: most near `median`, a long tail. */
  around(median: number): number;
}

/** The mulberry32 generator, by Tommy Ettinger (public domain): 32 bits of state. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    between,
    chance: (probability) => next() < probability,
    pick: ([first, ...rest]) => rest[between(0, rest.length) - 1] ?? first,
    hex: (digits) => Array.from({ length: digits }, () => between(0, 15).toString(16)).join(''),
    around: (median) => Math.round(median * Math.exp((next() + next() + next() - 1.5) * 1.6)),
  };
}
