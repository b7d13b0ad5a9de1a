/** The time rules of docs/adr/0003-time-rules.md. Each decision against a recorded time is a diagnostic. */
import type { EventBase } from '../model/event.ts';
import { type EpochMicros, later } from '../model/time.ts';
import type { Context } from './output.ts';

/** API times farther than this from the recorder's come from another clock, and the recorder's are used. */
const MAX_DISAGREEMENT_MICROS = 5_000_000;

/** Two recorders stamp one hook within this time of each other. */
const REPEAT_WINDOW_MICROS = 250_000;

interface HermesTime {
  readonly field: 'started_at' | 'ended_at';
  readonly time: EpochMicros | undefined;
}

/** Hermes's own time of an API call; the event's when that is missing or comes from another clock. */
export function trustedTime(context: Context, event: EventBase, { field, time }: HermesTime): EpochMicros {
  if (time === undefined) return event.time;
  if (Math.abs(time - event.time) <= MAX_DISAGREEMENT_MICROS) return time;
  warn(
    context,
    event,
    'api-time-disagrees',
    `${field} is ${seconds(time - event.time)} from the recorder's time: the recorder's was kept`,
  );
  return event.time;
}

/** `end`, or `start` when the log has the end before it. */
export function clampedEnd(
  context: Context,
  event: EventBase,
  start: EpochMicros,
  end: EpochMicros = event.time,
): EpochMicros {
  if (end >= start) return end;
  warn(
    context,
    event,
    'end-before-start',
    `the end lies ${seconds(start - end)} before the start: set to the start`,
  );
  return start;
}

/**
 * The end of a span that has others inside, of which the last ends at `last`. A recorder of whole seconds stamps `end` before that,
 * as Hermes's own times are exact. A difference of more than 5 s comes from another clock, or from a clock that was set back.
 */
export function endAround(end: EpochMicros, last: EpochMicros): EpochMicros {
  return last - end <= MAX_DISAGREEMENT_MICROS ? later(end, last) : end;
}

/** True when the second of two events that are equal in all else may be the same hook, written by a second recorder. */
export function isRepeat(first: EpochMicros, second: EpochMicros): boolean {
  return Math.abs(second - first) <= REPEAT_WINDOW_MICROS;
}

/** True when both are known and not equal. Recorders do not all keep the same fields. */
export function differ<T>(a: T | undefined, b: T | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b;
}

/** Adds a warning that names the event's line. */
export function warn({ out }: Context, event: EventBase, code: string, message: string): void {
  out.diagnostics.push({
    severity: 'warning',
    code,
    message,
    at: { source: event.source, line: event.line },
  });
}

function seconds(micros: number): string {
  return `${(micros / 1_000_000).toFixed(3)} s`;
}
