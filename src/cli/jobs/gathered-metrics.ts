/** What a job measures: gathered interval by interval, and told to the main thread, which alone sends metrics. */
import { createIntervals, type IntervalGains } from '../../export/metrics/intervals.ts';
import type { Instrument } from '../../model/otel.ts';
import type { EpochMicros } from '../../model/time.ts';
import type { Destinations } from '../destinations.ts';

export interface GatheredMetrics {
  /** The same destinations, but what is measured comes here. */
  instead(destinations: Destinations): Destinations;
  /** What was gained in all intervals that `clock` has passed, once. */
  upTo(clock: EpochMicros): readonly IntervalGains[];
  /** The rest. */
  last(): readonly IntervalGains[];
}

export const NO_METRICS: GatheredMetrics = {
  instead: (destinations) => destinations,
  upTo: () => [],
  last: () => [],
};

export function gatherMetrics(instruments: readonly Instrument[], intervalMicros: number): GatheredMetrics {
  const intervals = createIntervals({ instruments, intervalMicros });
  let over: IntervalGains[] = [];
  const keep = (gained: IntervalGains | undefined) => {
    if (gained !== undefined) over.push(gained);
  };
  const take = () => {
    const taken = over;
    over = [];
    return taken;
  };
  return {
    instead: (destinations) => ({
      ...destinations,
      // Only the first of these can move anything: the log's clock never goes back.
      startAt: (time) => keep(intervals.advance(time)),
      measure: (time, measurements) => {
        keep(intervals.advance(time));
        intervals.record(measurements);
        return undefined;
      },
    }),
    upTo(clock) {
      keep(intervals.over(clock));
      return take();
    },
    last() {
      keep(intervals.finish());
      return take();
    },
  };
}
