/** Moves a whole log in time. */
import type { AgentSpan } from '../model/span.ts';
import { type EpochMicros, later, shift } from '../model/time.ts';
import { openInput, SILENCE } from './input.ts';
import type { Log, ReplayOptions } from './options.ts';
import { ReplayError } from './replay-error.ts';
import { createReport } from './report.ts';

const MICROS_PER_MILLI = 1000;

/** @returns by how many microseconds the log is moved; 0: not at all. Throws a `ReplayError` for what cannot be moved. */
export async function shiftOf(logs: readonly Log[], options: ReplayOptions): Promise<number> {
  const { timeShift = 0, signal, timeZone } = options;
  if (timeShift !== 'now') return timeShift * MICROS_PER_MILLI;
  if (logs.some((log) => typeof log !== 'string')) {
    throw new ReplayError(
      'invalid-option',
      'To move a log to now, its newest event must be known first: name files, not a pipe.',
    );
  }
  const newest = await newestTime(logs, { signal, timeZone });
  return newest === undefined ? 0 : Date.now() * MICROS_PER_MILLI - newest;
}

/** The latest time in the logs; `undefined` when no line has one. Reads every line once. */
async function newestTime(
  logs: readonly Log[],
  options: Pick<ReplayOptions, 'signal' | 'timeZone'>,
): Promise<EpochMicros | undefined> {
  const input = await openInput(logs, { options, report: createReport(0) });
  let newest = 0 as EpochMicros;
  for await (const lines of input.lines) {
    if (lines === SILENCE) continue;
    for (const line of lines) if (line.kind === 'event') newest = later(newest, line.event.time);
  }
  return newest === 0 ? undefined : newest;
}

/** The span as if everything had happened `micros` later. Its real start is kept beside. */
export function shifted(span: AgentSpan, micros: number): AgentSpan {
  if (micros === 0) return span;
  return {
    ...span,
    startTime: shift(span.startTime, micros),
    endTime: shift(span.endTime, micros),
    events: span.events.map((event) => ({ ...event, time: shift(event.time, micros) })),
    originalStartTime: span.startTime,
  };
}
