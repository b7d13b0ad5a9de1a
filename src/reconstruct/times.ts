/** The time rules, in one place. docs/adr/0003-time-rules.md holds the reasons; each decision is counted and named. */
import type { EventBase } from '../model/event.ts';
import type { EpochMicros } from '../model/time.ts';
import type { Output } from './output.ts';

/** API times farther than this from the recorder's come from another clock: the recorder's own are kept together. */
const MAX_DISAGREEMENT_MICROS = 5_000_000;

/** Two recorders that hear one hook stamp it within this; no retry comes so soon (Hermes backs off for seconds). */
const REPEAT_WINDOW_MICROS = 250_000;

/** Hermes's own time of an API call, unless it is missing or disagrees with the recorder's. */
export function trusted(
  out: Output,
  event: EventBase,
  hermes: EpochMicros | undefined,
  recorder: EpochMicros,
  field: string,
): EpochMicros {
  if (hermes === undefined) return recorder;
  if (Math.abs(hermes - recorder) <= MAX_DISAGREEMENT_MICROS) return hermes;
  warn(
    out,
    event,
    'api-time-disagrees',
    `${field} is ${seconds(hermes - recorder)} from the recorder's time: the recorder's was kept`,
  );
  return recorder;
}

/** `end`, or `start` when the log has the end before it. */
export function clampedEnd(out: Output, event: EventBase, start: EpochMicros, end: EpochMicros): EpochMicros {
  if (end >= start) return end;
  warn(
    out,
    event,
    'end-before-start',
    `the end lies ${seconds(start - end)} before the start: set to the start`,
  );
  return start;
}

/** True when the second of two like events is the same hook heard by a second recorder. */
export function isRepeat(first: EpochMicros, second: EpochMicros): boolean {
  return Math.abs(second - first) <= REPEAT_WINDOW_MICROS;
}

/** Adds a warning that names the event's line. */
export function warn(out: Output, event: EventBase, code: string, message: string): void {
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
