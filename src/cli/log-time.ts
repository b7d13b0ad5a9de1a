/** Moves a whole log in time. */
import type { AgentSpan } from '../model/span.ts';
import { type EpochMicros, later, shift } from '../model/time.ts';
import { CliError } from './cli-error.ts';
import { readDuration } from './flags.ts';
import { openInput, SILENCE } from './input.ts';
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { createReport } from './report.ts';

const MICROS_PER_MILLI = 1000;

/** @returns by how many microseconds the log is moved; 0: not at all. Throws a `CliError` for what cannot be moved. */
export async function readShift(
  logs: readonly string[],
  flags: ReplayFlags,
  io: Io,
  signal: AbortSignal,
): Promise<number> {
  const { timeShift } = flags;
  if (timeShift !== 'now') return readSigned(timeShift ?? '0');
  if (logs.length === 0 || logs.includes('-')) {
    throw new CliError('--time-shift now must see the whole log first: name files, not a pipe.');
  }
  const lastTime = await newestTime(logs, io, signal);
  return lastTime === undefined ? 0 : Date.now() * MICROS_PER_MILLI - lastTime;
}

/** The latest time in the logs; `undefined` when no line has one. Reads every line once. */
async function newestTime(
  logs: readonly string[],
  io: Io,
  signal: AbortSignal,
): Promise<EpochMicros | undefined> {
  const flags = { captureContent: false, assumeTimes: false };
  const input = await openInput(logs, flags, io, signal, createReport(0));
  let newest = 0 as EpochMicros;
  for await (const lines of input.lines) {
    if (lines === SILENCE) continue;
    for (const line of lines) if (line.kind === 'event') newest = later(newest, line.event.time);
  }
  return newest === 0 ? undefined : newest;
}

/** `2h`, `+2h` or `-30d`, in microseconds. */
function readSigned(text: string): number {
  const back = text.startsWith('-');
  return (back ? -1 : 1) * readDuration(text.replace(/^[+-]/, ''), '--time-shift') * MICROS_PER_MILLI;
}

/** The span as if everything had happened `micros` later; when it really began is kept beside. */
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
