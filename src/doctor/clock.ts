import { type Finding, ok, warn } from './finding.ts';

const FIVE_MINUTES = 300_000;

/**
 * Compares our clock with the receiver's.
 * @param date the `Date` header of an answer of the receiver; `undefined` without one
 */
export function checkClock(date: string | undefined, nowMillis: number): Finding | undefined {
  const theirs = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(theirs)) return undefined;
  const aheadMillis = nowMillis - theirs;
  const about = 'Clock';
  if (Math.abs(aheadMillis) < FIVE_MINUTES) return ok(about, "This clock agrees with the receiver's.");
  const minutes = Math.round(Math.abs(aheadMillis) / 60_000);
  return warn(
    about,
    `This clock is ${minutes} minutes ${aheadMillis > 0 ? 'ahead of' : 'behind'} the receiver's.`,
    "Set it (NTP): spans of a live agent would lie in the receiver's future or past.",
  );
}
