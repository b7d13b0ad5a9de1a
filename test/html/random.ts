import { createHash } from 'node:crypto';

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
  uuid(): string;
  /** Log-normal-ish: most near `median`, a long tail. */
  around(median: number): number;
}

/** Numbers of 32 bits in one SHA-256. */
const PER_HASH = 8;

/** A hash of the seed and a count: slow for a generator, but no two ids of a large page are ever the same. */
export function createRandom(seed: number): Random {
  let drawn = 0;
  let hash = Buffer.alloc(0);
  const next = (): number => {
    const position = drawn % PER_HASH;
    if (position === 0) hash = createHash('sha256').update(`${seed} ${drawn}`).digest();
    drawn += 1;
    return hash.readUInt32LE(position * 4) / 2 ** 32;
  };
  const hex = (digits: number): string => {
    drawn += PER_HASH - (drawn % PER_HASH);
    return createHash('sha256').update(`${seed} ${drawn}`).digest('hex').slice(0, digits);
  };
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    between,
    chance: (probability) => next() < probability,
    pick: ([first, ...rest]) => rest[between(0, rest.length) - 1] ?? first,
    hex,
    uuid: () => hex(32).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5'),
    around: (median) => Math.round(median * Math.exp((next() + next() + next() - 1.5) * 1.6)),
  };
}
