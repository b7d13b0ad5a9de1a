import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than any busy machine takes, and shorter than a test may. */
const PATIENCE_MILLIS = 50_000;

/** Waits until it holds; throws when it never does. */
export async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MILLIS;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${holds}`);
    await sleep(2);
  }
}
