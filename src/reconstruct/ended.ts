/** What ended lately: a second end is a duplicate, and a late child finds its parent. */
import type { EpochMicros } from '../model/time.ts';
import type { Ended, State } from './state.ts';

/** So many ended turns, tools and approvals are remembered at least, of all sessions together, and at most twice as many. */
const REMEMBERED = 16_384;

/** What ended under this key; `undefined` when nothing did, or too long ago. */
export function endedUnder(state: State, key: string): Ended | undefined {
  return state.ended.get(key) ?? state.endedBefore.get(key);
}

export function hasEnded(state: State, key: string): boolean {
  return state.ended.has(key) || state.endedBefore.has(key);
}

/**
 * Remembers that something of this key ended. Forgets by generations: a map from which the oldest is deleted one by one
 * looks for it longer and longer.
 */
export function rememberEnded(
  state: State,
  key: string,
  startTime: EpochMicros,
  { endTime, fingerprint, traceId }: Partial<Ended> = {},
): void {
  const count = (endedUnder(state, key)?.count ?? 0) + 1;
  state.ended.set(key, { startTime, endTime, fingerprint, traceId, count });
  if (state.ended.size < REMEMBERED) return;
  state.endedBefore = state.ended;
  state.ended = new Map();
}
