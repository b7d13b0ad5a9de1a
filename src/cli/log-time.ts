/** Old logs: told before they are sent, moved as a whole, or played at the pace at which they happened. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentSpan } from '../model/span.ts';
import { type EpochMicros, shift } from '../model/time.ts';
import { CliError } from './cli-error.ts';
import { readDuration } from './flags.ts';
import { type Input, type LineBatch, SILENCE, type TakenLine } from './input.ts';
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { type Survey, survey } from './survey.ts';

const MICROS_PER_MILLI = 1000;

/** @returns by how many microseconds the log is moved; 0: not at all. Throws a `CliError` for what cannot be moved. */
export async function readShift(
  logs: readonly string[],
  flags: ReplayFlags,
  io: Io,
  signal: AbortSignal,
): Promise<number> {
  const { timeShift, maxAge, speed } = flags;
  const asked = timeShift === 'now' ? undefined : readSigned(timeShift ?? '0');
  if (asked !== undefined && maxAge === undefined) return asked;
  if (logs.length === 0 || logs.includes('-')) {
    throw new CliError(
      '--time-shift now and --max-age must see the whole log first: name files, not a pipe.',
    );
  }
  const oldest = Date.now() - (maxAge ?? 0);
  const facts = await survey(logs, io, signal, oldest * MICROS_PER_MILLI);
  if (maxAge !== undefined && timeShift === undefined) warnOfAge(facts, maxAge, io);
  if (asked !== undefined) return asked;
  const anchor = speed === undefined ? facts.lastTime : facts.firstTime;
  return anchor === undefined ? 0 : Date.now() * MICROS_PER_MILLI - anchor;
}

function warnOfAge({ olderEvents, events, firstTime }: Survey, maxAgeMillis: number, io: Io): void {
  if (olderEvents === 0 || firstTime === undefined) return;
  const oldest = new Date(firstTime / MICROS_PER_MILLI).toISOString();
  io.stderr.write(
    `hermes-otel: ${olderEvents} of ${events} events are older than --max-age (${maxAgeMillis / 3_600_000} h), the oldest of ${oldest}. ` +
      'Many receivers drop old data without a word (docs/backends.md); --time-shift now moves the log.\n',
  );
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

/** A wait shorter than this is not worth a pause. */
const SHORTEST_WAIT_MILLIS = 20;

/** The input whose lines come when their time has come, `speed` times as fast as they happened. */
export function paced(input: Input, speed: number, signal: AbortSignal): Input {
  return { ...input, lines: pacedLines(input.lines, pace(speed), signal), live: true };
}

async function* pacedLines(
  lines: AsyncIterable<LineBatch>,
  waitFor: (line: TakenLine) => number,
  signal: AbortSignal,
): AsyncGenerator<LineBatch> {
  let due: TakenLine[] = [];
  for await (const line of oneByOne(lines)) {
    const wait = waitFor(line);
    if (wait > SHORTEST_WAIT_MILLIS) {
      yield due;
      yield SILENCE;
      due = [];
      await sleep(wait, undefined, { signal }).catch(() => undefined);
    }
    if (signal.aborted) return;
    due.push(line);
  }
  yield due;
}

async function* oneByOne(lines: AsyncIterable<LineBatch>): AsyncGenerator<TakenLine> {
  for await (const batch of lines) if (batch !== SILENCE) yield* batch;
}

/** @returns in how many milliseconds a line is due; a line without a time at once. */
function pace(speed: number): (line: TakenLine) => number {
  const started = performance.now();
  let first: EpochMicros | undefined;
  return (line) => {
    if (line.kind !== 'event') return 0;
    first ??= line.event.time;
    return (line.event.time - first) / MICROS_PER_MILLI / speed - (performance.now() - started);
  };
}
