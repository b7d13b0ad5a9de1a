import { mkdirSync, watch } from 'node:fs';
import type { Random } from '../../html/random.ts';
import type { BinRun } from '../../start-bin.ts';

// Kills at random moments: while it starts, while it works, and at those that are worst for a checkpoint: while it is
// written, when it was just renamed and the journal before it is still there, right after something was noted.

/** What is seen in the checkpoint's directory just before the kill; `undefined`: no sight, a time. */
const SIGHTS = [undefined, undefined, 'checkpoint.json.new', 'checkpoint.json', 'sent-'] as const;
type Sight = (typeof SIGHTS)[number];

/** Of three lives one is timed from its first moment, the others from when it takes the lock: it lasts a second to start. */
const TIMED_FROM_START = 1 / 3;

/**
 * Kills after `longestMillis` at most, or at a sight.
 * @returns when, in milliseconds of `performance.now()`, and at what.
 */
export async function killSomeTime(
  { child, ended }: BinRun,
  directory: string,
  longestMillis: number,
  random: Random,
): Promise<{ readonly at: number; readonly sight: Sight }> {
  const sight = SIGHTS[random.between(0, SIGHTS.length - 1)];
  const millis = random.between(0, longestMillis);
  const passes = random.between(1, 4);
  const fromStart = random.chance(TIMED_FROM_START);
  const seen = { lock: 0, sight: 0 };
  let met: Sight;
  mkdirSync(directory, { recursive: true });
  const watcher = watch(directory, (_event, name) => {
    if (name === 'lock') seen.lock += 1;
    if (sight === undefined || !isSight(sight, name)) return;
    seen.sight += 1;
    if (seen.sight !== passes) return;
    met = sight;
    child.kill('SIGKILL');
  });
  if (!fromStart) while (seen.lock === 0 && met === undefined && child.exitCode === null) await pause(5);
  for (const end = performance.now() + millis; performance.now() < end && met === undefined; ) await pause(5);
  const at = performance.now();
  child.kill('SIGKILL');
  await ended;
  watcher.close();
  return { at, sight: met };
}

function isSight(sight: string, name: string | null): boolean {
  return name === sight || (sight === 'sent-' && name?.startsWith(sight) === true);
}

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));
