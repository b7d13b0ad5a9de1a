/** The log's clock, as far as events were handed on: all that share a log read the same from it. It never goes back. */
import type { AgentSpan } from '../model/span.ts';
import { type EpochMicros, earlier, later } from '../model/time.ts';

export interface LogClock {
  now: EpochMicros;
}

/** @param now where the run before stopped */
export function createLogClock(now = 0 as EpochMicros): LogClock {
  return { now };
}

/** A span, and when metrics count it. */
export interface Ending {
  readonly span: AgentSpan;
  readonly time: EpochMicros;
}

const NONE: readonly Ending[] = [];

/**
 * Moves the clock on, and tells when the spans that left meanwhile are counted: at their ends, but not at a time that
 * was over before they left, nor at one that is still to come. By time, as the same moment may finish several.
 */
export function tick(clock: LogClock, now: EpochMicros, left: readonly AgentSpan[]): readonly Ending[] {
  const before = clock.now;
  clock.now = later(before, now);
  // Nearly every line: nothing left in it.
  if (left.length === 0) return NONE;
  const endings = left.map((span) => ({ span, time: earlier(later(span.endTime, before), clock.now) }));
  return endings.length < 2 ? endings : endings.sort((a, b) => a.time - b.time);
}
