const FIRST_MILLIS = 500;
const LONGEST_MILLIS = 10_000;

/**
 * The pause before the next attempt: doubling from half a second to ten, of which a random half is taken off, so that
 * the batches of a window do not return all at once.
 * @param attempts how many attempts were made, from 1
 * @param random at least 0, below 1
 */
export function backoffMillis(attempts: number, random: number): number {
  const ceiling = Math.min(FIRST_MILLIS * 2 ** (attempts - 1), LONGEST_MILLIS);
  return Math.round(ceiling * (1 - random / 2));
}
