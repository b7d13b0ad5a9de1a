/**
 * `hermes-otel replay`: logs → events → spans and metrics → destinations, and an account of every line and span.
 * The only place that sees all stages; each does its own work.
 */
import { type Convention, convention } from '../conventions/convention.ts';
import type { FinishedSpan } from '../model/sink.ts';
import type { AgentSpan } from '../model/span.ts';
import { createOutput, createState, type Output, type State } from '../reconstruct/state.ts';
import { finish, settle, step } from '../reconstruct/step.ts';
import { CliError } from './cli-error.ts';
import { type Destinations, openDestinations } from './destinations.ts';
import { exitCodeOf } from './exit-code.ts';
import { openInput, SILENCE, type TakenLine } from './input.ts';
import { watchInterrupts } from './interrupts.ts';
import type { Io } from './io.ts';
import { type Progress, startProgress } from './progress.ts';
import { reconstructOptions } from './reconstruct-options.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { addDiagnostic, addLine, addSpan, assertAccounted, createReport, type Report } from './report.ts';
import { keepHeapSteady } from './steady-heap.ts';
import { tellReport } from './tell-report.ts';

/** Replays `logs` as `flags` say. @returns the exit code; throws a `CliError` when it cannot run at all. */
export async function replay(logs: readonly string[], flags: ReplayFlags, io: Io): Promise<number> {
  keepHeapSteady();
  const interrupt = watchInterrupts(io);
  const report = createReport(logs.length);
  const input = await openInput(logs, flags, io, interrupt.signal, report);
  const names = convention(flags.conventions, { captureContent: flags.captureContent });
  const destinations = await openDestinations(flags, io, names.instruments);
  const run: Run = {
    report,
    names,
    destinations,
    state: createState(reconstructOptions(flags, input)),
    progress: startProgress(io, flags.quiet),
  };
  try {
    for await (const lines of input.lines) await deliver(run, takeIn(run, lines));
    refuseUntimed(report);
    await deliver(run, takeRest(run));
  } finally {
    run.progress.stop();
    interrupt.stop();
  }
  const hurry = interrupt.received() === undefined ? undefined : flags.shutdownTimeout;
  const accounts = await destinations.finish(hurry);
  assertAccounted(report);
  await tellReport(report, accounts, flags, io);
  return exitCodeOf(report, accounts, flags, interrupt.received(), input.live);
}

interface Run {
  readonly report: Report;
  readonly names: Convention;
  readonly destinations: Destinations;
  readonly state: State;
  readonly progress: Progress;
}

/** A batch of lines → what it finished. */
function takeIn(run: Run, lines: readonly TakenLine[] | typeof SILENCE): Output {
  const out = createOutput();
  if (lines === SILENCE) {
    settle(run.state, out);
    return out;
  }
  for (const line of lines) take(run, line, out);
  run.progress.tell(run.report);
  return out;
}

function take({ report, state }: Run, line: TakenLine, out: Output): void {
  if (line.kind === 'foreign') {
    if (line.time === undefined) return;
    report.firstEvent ??= line.time;
    step(state, { hook: 'elsewhere', time: line.time }, out);
    return;
  }
  report.lines++;
  if (line.kind === 'event') {
    for (const diagnostic of line.diagnostics) addDiagnostic(report, diagnostic);
    report.firstEvent ??= line.event.time;
    step(state, line.event, out);
  } else addLine(report, line);
}

/** A log without any time cannot be put at the times when things happened: better no trace than an invented one. */
function refuseUntimed({ account, firstEvent }: Report): void {
  if (account.untimed === 0 || firstEvent !== undefined) return;
  throw new CliError(
    'No line of this log has a time, so nothing can be put where it happened. Record with "hermes-otel init", which stamps every event; or give artificial times with --assume-times.',
  );
}

function takeRest(run: Run): Output {
  const out = createOutput();
  finish(run.state, out);
  return out;
}

/** Waits while a destination has no room: there is no path that drops. */
async function deliver({ report, names, destinations, state }: Run, out: Output): Promise<void> {
  for (const diagnostic of out.diagnostics) addDiagnostic(report, diagnostic);
  for (const [fate, count] of Object.entries(out.lines))
    report.account[fate as keyof Output['lines']] += count;
  report.lastEvent = state.handedOn;
  if (report.firstEvent !== undefined) destinations.startAt(report.firstEvent);
  if (out.spans.length === 0) return;
  const spans: FinishedSpan[] = [];
  for (const span of out.spans) {
    addSpan(report, span);
    spans.push({ agent: span, otel: names.toSpan(span) });
    const snapshot = measure(report, names, destinations, span);
    if (snapshot !== undefined) await snapshot;
  }
  await destinations.write(spans);
}

/** Metrics are computed from the very spans that leave, so the two cannot disagree. */
function measure(
  report: Report,
  names: Convention,
  destinations: Destinations,
  span: AgentSpan,
): Promise<void> | undefined {
  const measurements = names.measure(span);
  for (const { instrument } of measurements) report.metrics.add(instrument);
  return measurements.length === 0 ? undefined : destinations.measure(span.endTime, measurements);
}
