/** Parsed lines into the state, finished spans out; every line that is no event goes to the report. */
import type { ParsedLine } from '../model/line.ts';
import { createOutput, type Output } from '../reconstruct/output.ts';
import type { State } from '../reconstruct/state.ts';
import { finish, settle, step } from '../reconstruct/step.ts';
import { CliError } from './cli-error.ts';
import { type LineBatch, SILENCE } from './input.ts';
import { type Ending, type LogClock, tick } from './log-clock.ts';
import { addDiagnostic, addLine, addSpan, type Report } from './report.ts';

export interface Reading {
  readonly report: Report;
  readonly state: State;
  readonly clock: LogClock;
}

export interface Taken extends Output {
  /** All of `spans`, in the order in which they are counted. */
  readonly endings: Ending[];
}

/** A batch of lines (or the silence after them) → what it finished. */
export function takeIn(reading: Reading, lines: LineBatch): Taken {
  const out = startTaking();
  if (lines === SILENCE) {
    settle(reading.state, out);
    noteEndings(reading, out);
  } else {
    for (const line of lines) {
      takeLine(reading, line, out);
      noteEndings(reading, out);
    }
  }
  account(reading, out);
  return out;
}

/** The end of input → what it closed. */
export function takeRest(reading: Reading): Taken {
  refuseUntimed(reading.report);
  const out = startTaking();
  finish(reading.state, out);
  noteEndings(reading, out);
  account(reading, out);
  return out;
}

function startTaking(): Taken {
  return { ...createOutput(), endings: [] };
}

/** After every step: which of the spans left in it, only the clock before and after it can tell. */
function noteEndings({ state, clock }: Reading, { spans, endings }: Taken): void {
  const left = spans.length === endings.length ? NOTHING : spans.slice(endings.length);
  for (const ending of tick(clock, state.watermark, left)) endings.push(ending);
}

const NOTHING: readonly never[] = [];

function takeLine({ report, state }: Reading, line: ParsedLine, out: Output): void {
  report.lines++;
  if (line.kind !== 'event') {
    addLine(report, line);
    return;
  }
  for (const diagnostic of line.diagnostics) addDiagnostic(report, diagnostic);
  report.firstEvent ??= line.event.time;
  step(state, line.event, out);
}

function account({ report, state }: Reading, out: Output): void {
  for (const diagnostic of out.diagnostics) addDiagnostic(report, diagnostic);
  for (const [fate, count] of Object.entries(out.lines))
    report.account[fate as keyof Output['lines']] += count;
  for (const span of out.spans) addSpan(report, span);
  report.lastEvent = state.watermark;
}

/** A log without any time cannot be put at the times when things happened: better no trace than an invented one. */
function refuseUntimed({ account, firstEvent }: Report): void {
  if (account.untimed === 0 || firstEvent !== undefined) return;
  throw new CliError(
    'No line of this log has a time, so nothing can be put where it happened. Record with "hermes-otel init", which stamps every event; or give artificial times with --assume-times.',
  );
}
