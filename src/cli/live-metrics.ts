/**
 * A log that is written just now falls silent in the middle of an interval: its metrics leave when the interval is over by
 * the clock on the wall too. Of an old log no point depends on the wall.
 */
import { epochMicros } from '../model/time.ts';
import { type LineBatch, SILENCE } from './input.ts';
import type { Run } from './run.ts';

export interface LiveMetrics {
  /** Called after each batch has been delivered. */
  after(batch: LineBatch): Promise<void>;
}

export function liveMetrics(
  { state, destinations, shiftMicros }: Pick<Run, 'state' | 'destinations' | 'shiftMicros'>,
  intervalMillis: number,
): LiveMetrics {
  let isFresh = false;
  return {
    async after(batch) {
      const now = epochMicros(Date.now() * 1000);
      if (batch === SILENCE) return isFresh ? await destinations.wait(now) : undefined;
      isFresh = now - (state.clock + shiftMicros) < intervalMillis * 1000;
    },
  };
}
