import type { Instrument, Measurement } from '../../model/otel.ts';
import { type EpochMicros, epochMicros, later } from '../../model/time.ts';
import { createAggregator, type Gain } from './aggregate.ts';

// Measurements on the log's clock, cut at the multiples of the interval. No wall clock can reach them.

export interface IntervalsOptions {
  readonly instruments: readonly Instrument[];
  readonly intervalMicros: number;
  /** Series per instrument; measurements of further ones are folded into one `otel.metric.overflow` series. */
  readonly seriesLimit?: number | undefined;
  /** From `state()` of an earlier run. */
  readonly resume?: IntervalsState | undefined;
}

/** What the series gained in one interval. Plain data, but for the instruments in it. */
export interface IntervalGains {
  /** Where the interval ends. */
  readonly boundary: EpochMicros;
  /** The latest time told in it. */
  readonly latestTime: EpochMicros;
  readonly gains: readonly Gain[];
}

export interface Intervals {
  /**
   * Tells the log's clock, before what happened then is recorded. A time before the latest one changes nothing.
   * @returns `undefined` while no boundary was passed, or nothing was recorded since the last one; else the gains up to
   * it.
   */
  advance(time: EpochMicros): IntervalGains | undefined;
  record(measurements: readonly Measurement[]): void;
  /** The gains of the interval that goes on, if `time` lies behind its end: then nothing more is recorded in it. */
  over(time: EpochMicros): IntervalGains | undefined;
  /** The gains of the interval that goes on; `undefined` when nothing was recorded in it. */
  finish(): IntervalGains | undefined;
  /** Gains so far, without an end to the interval. */
  collect(): readonly Gain[];
  state(): IntervalsState;
}

export interface IntervalsState {
  /** The first time told; `undefined` before it. */
  readonly startTime: EpochMicros | undefined;
  readonly latestTime: EpochMicros | undefined;
  /** True when something was recorded since the last gains. */
  readonly changed: boolean;
}

export const DEFAULT_SERIES_LIMIT = 20_000;

/**
 * Boundaries are the multiples of the interval since the epoch, so that shards and split logs agree on them. What
 * happens exactly on a boundary belongs to the interval that begins there.
 */
export function createIntervals(options: IntervalsOptions): Intervals {
  const { instruments, intervalMicros, seriesLimit = DEFAULT_SERIES_LIMIT, resume = NOTHING } = options;
  const aggregator = createAggregator(instruments, seriesLimit);
  let { startTime, latestTime, changed } = resume;

  const boundaryOf = (time: EpochMicros) =>
    epochMicros((Math.floor(time / intervalMicros) + 1) * intervalMicros);

  function gainsUpTo(time: EpochMicros): IntervalGains {
    changed = false;
    return { boundary: boundaryOf(time), latestTime: time, gains: aggregator.collect() };
  }

  return {
    advance(time) {
      const before = latestTime;
      startTime ??= time;
      latestTime = before === undefined ? time : later(before, time);
      if (before === undefined || !changed || boundaryOf(latestTime) === boundaryOf(before)) return undefined;
      return gainsUpTo(before);
    },
    record(measurements) {
      if (measurements.length === 0) return;
      if (latestTime === undefined)
        throw new TypeError('advance() tells the time before anything is recorded');
      aggregator.record(measurements);
      changed = true;
    },
    over: (time) =>
      changed && latestTime !== undefined && boundaryOf(latestTime) <= time
        ? gainsUpTo(latestTime)
        : undefined,
    finish: () => (changed && latestTime !== undefined ? gainsUpTo(latestTime) : undefined),
    collect: () => aggregator.collect(),
    state: () => ({ startTime, latestTime, changed }),
  };
}

const NOTHING: IntervalsState = { startTime: undefined, latestTime: undefined, changed: false };
