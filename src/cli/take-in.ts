/** Parsed lines into the state, finished spans out; every line that is no event goes to the report. */
import { createOutput, type Output, type State } from '../reconstruct/state.ts';
import { finish, settle, step } from '../reconstruct/step.ts';
import { CliError } from './cli-error.ts';
import { type LineBatch, SILENCE, type TakenLine } from './input.ts';
import { addDiagnostic, addLine, addSpan, type Report } from './report.ts';

export interface Reading {
  readonly report: Report;
  readonly state: State;
}

/** A batch of lines (or the silence after them) → what it finished. */
export function takeIn(reading: Reading, lines: LineBatch): Output {
  const { state } = reading;
  const out = createOutput();
  if (lines === SILENCE) settle(state, out);
  else for (const line of lines) takeLine(reading, line, out);
  account(reading, out);
  return out;
}

/** The end of input → what it closed. */
export function takeRest(reading: Reading): Output {
  refuseUntimed(reading.report);
  const out = createOutput();
  finish(reading.state, out);
  account(reading, out);
  return out;
}

/** The log pauses, to go on from a checkpoint: what is open stays open. */
export function takePause(reading: Reading): Output {
  return takeIn(reading, SILENCE);
}

function takeLine({ report, state }: Reading, line: TakenLine, out: Output): void {
  if (line.kind === 'foreign') {
    // Another part's line is only the time it tells: clocks must agree in all parts.
    if (line.time === undefined) return;
    report.firstEvent ??= line.time;
    step(state, { hook: 'elsewhere', time: line.time }, out);
    return;
  }
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
  report.lastEvent = state.handedOn;
}

/** A log without any time cannot be put at the times when things happened: better no trace than an invented one. */
function refuseUntimed({ account, firstEvent }: Report): void {
  if (account.untimed === 0 || firstEvent !== undefined) return;
  throw new CliError(
    'No line of this log has a time, so nothing can be put where it happened. Record with "hermes-otel init", which stamps every event; or give artificial times with --assume-times.',
  );
}
