/** Between which times a piece of a log lies: what those must know of it who do not read it. */
import type { EpochMicros } from '../model/time.ts';

/** In epoch microseconds; of a piece without any event `earliest` is `Infinity`, and `latest` the opposite. */
export interface TimeBounds {
  readonly earliest: number;
  readonly latest: number;
  /** How far a time lies before one that came earlier in the piece, at most. */
  readonly setBackMicros: number;
}

export interface TimeBoundsBuilder {
  /** Of the next event. */
  add(time: EpochMicros): void;
  bounds(): TimeBounds;
}

export function createTimeBounds(): TimeBoundsBuilder {
  let earliest = Number.POSITIVE_INFINITY;
  let latest = Number.NEGATIVE_INFINITY;
  let setBackMicros = 0;
  return {
    add(time) {
      if (time < earliest) earliest = time;
      if (time > latest) latest = time;
      else if (latest - time > setBackMicros) setBackMicros = latest - time;
    },
    bounds: () => ({ earliest, latest, setBackMicros }),
  };
}
