import { mkdirSync, readFileSync, watch } from 'node:fs';
import type { Random } from '../../html/random.ts';
import type { BinRun } from '../../start-bin.ts';

// Kills at random moments: while it starts, while it works, and at those that are worst for a checkpoint: while it is
// written, when it was just renamed and the journal before it is still there, right after something was noted.

/** What is seen in the checkpoint's directory just before the kill; `undefined`: no sight, a time. */
const SIGHTS = [undefined, undefined, 'checkpoint.json.new', 'checkpoint.json', 'sent-'] as const;
type Sight = (typeof SIGHTS)[number];

/** Of three lives one is timed from its first moment, the others from when it takes the lock: it lasts a second to start. */
const TIMED_FROM_START = 1 / 3;

export interface Kill {
  /** In milliseconds of `performance.now()`. */
  readonly at: number;
  readonly sight: Sight;
  /** It waited for something to happen: whatever had come was dealt with. */
  readonly wasAsleep: boolean;
}

/** Kills after `longestMillis` at most, or at a sight. */
export async function killSomeTime(
  { child, ended }: BinRun,
  directory: string,
  longestMillis: number,
  random: Random,
): Promise<Kill> {
  const sight = SIGHTS[random.between(0, SIGHTS.length - 1)];
  const millis = random.between(0, longestMillis);
  const passes = random.between(1, 4);
  const fromStart = random.chance(TIMED_FROM_START);
  const seen = { lock: 0, sight: 0 };
  let killed: Kill | undefined;
  const kill = (met: Sight) => {
    killed ??= { at: performance.now(), sight: met, wasAsleep: isAsleep(child.pid) };
    child.kill('SIGKILL');
  };
  mkdirSync(directory, { recursive: true });
  const watcher = watch(directory, (_event, name) => {
    if (name === 'lock') seen.lock += 1;
    if (sight === undefined || !isSight(sight, name)) return;
    seen.sight += 1;
    if (seen.sight === passes) kill(sight);
  });
  if (!fromStart) while (seen.lock === 0 && killed === undefined && child.exitCode === null) await pause(5);
  for (const end = performance.now() + millis; performance.now() < end && killed === undefined; )
    await pause(5);
  if (killed === undefined) kill(undefined);
  await ended;
  watcher.close();
  return killed ?? { at: performance.now(), sight: undefined, wasAsleep: false };
}

/** The state of its main thread, as Linux reports it; elsewhere it counts as busy. */
function isAsleep(pid = 0): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('S');
  } catch {
    return false;
  }
}

function isSight(sight: string, name: string | null): boolean {
  return name === sight || (sight === 'sent-' && name?.startsWith(sight) === true);
}

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));
