/**
 * `hermes-otel replay`: logs → events → spans and metrics → destinations, and an account of every line and span.
 * The only place that sees all stages; each does its own work.
 */
import { convention } from '../conventions/convention.ts';
import type { FinishedSpan } from '../model/sink.ts';
import type { AgentSpan } from '../model/span.ts';
import { createOutput, createState, type Output } from '../reconstruct/state.ts';
import { stateFromText } from '../reconstruct/state-text.ts';
import { finish, settle, step } from '../reconstruct/step.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { CliError } from './cli-error.ts';
import { openDestinations } from './destinations.ts';
import { exitCodeOf } from './exit-code.ts';
import { openFollowed } from './follow-input.ts';
import { createFollower } from './follower.ts';
import { watchHealth } from './health.ts';
import { type Input, type LineBatch, openInput, SILENCE } from './input.ts';
import { type Interrupts, watchInterrupts } from './interrupts.ts';
import type { Io } from './io.ts';
import { startProgress } from './progress.ts';
import { reconstructOptions } from './reconstruct-options.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { addDiagnostic, addLine, addSpan, assertAccounted, type Report } from './report.ts';
import { namedSpan, type Run } from './run.ts';
import { resumeReport } from './saved-report.ts';
import { tellReport } from './tell-report.ts';

/** Replays `logs` as `flags` say. @returns the exit code; throws a `CliError` when it cannot run at all. */
export async function replay(logs: readonly string[], flags: ReplayFlags, io: Io): Promise<number> {
  const checkpoint = await openCheckpoint(logs, flags, io);
  const interrupt = watchInterrupts(io);
  try {
    const run = await startRun(logs, flags, io, interrupt, checkpoint);
    const { report, destinations, input } = run;
    const follower = createFollower(run, checkpoint, flags, io);
    const stopWatching = watchHealth(run, flags, io);
    interrupt.signal.addEventListener('abort', () => destinations.hurry(flags.shutdownTimeout));
    try {
      for await (const lines of input.lines) {
        await deliver(run, takeIn(run, lines));
        await follower.between(lines === SILENCE);
      }
      refuseUntimed(report);
      await deliver(run, takeRest(run, checkpoint));
      if (checkpoint !== undefined) await follower.pause(interrupt.received() !== undefined);
    } finally {
      run.progress.stop();
      stopWatching();
    }
    const accounts = await destinations.finish(interrupt.received() && flags.shutdownTimeout);
    assertAccounted(report);
    await tellReport(report, accounts, flags, io);
    return exitCodeOf(report, accounts, flags, interrupt.received(), input.live);
  } finally {
    interrupt.stop();
    await checkpoint?.release();
  }
}

/** Begins at the logs' beginnings, or where a checkpoint says. */
async function startRun(
  logs: readonly string[],
  flags: ReplayFlags,
  io: Io,
  { signal }: Interrupts,
  checkpoint: Checkpoint | undefined,
): Promise<Run> {
  const found = checkpoint?.found;
  const report = resumeReport(logs.length, found?.report);
  const input: Input = flags.follow
    ? openFollowed(logs, flags, io, signal, report, found?.positions)
    : await openInput(logs, flags, io, signal, report);
  const names = convention(flags.conventions, { captureContent: flags.captureContent });
  const destinations = await openDestinations(flags, io, names.instruments, found?.meter);
  const options = reconstructOptions(flags, input);
  const state = found === undefined ? createState(options) : stateFromText(found.state, options);
  return { input, report, names, destinations, state, progress: startProgress(io, flags.quiet) };
}

/** A batch of lines → what it finished. */
function takeIn(run: Run, lines: LineBatch): Output {
  const out = createOutput();
  if (lines === SILENCE) {
    settle(run.state, out);
    return out;
  }
  for (const line of lines) {
    if (line.kind !== 'event') addLine(run.report, line);
    else {
      for (const diagnostic of line.diagnostics) addDiagnostic(run.report, diagnostic);
      run.report.firstEvent ??= line.event.time;
      step(run.state, line.event, out);
    }
  }
  run.report.lines += lines.length;
  run.progress.tell(run.report);
  return out;
}

/** A log without any time cannot be put at the times when things happened: better no trace than an invented one. */
function refuseUntimed({ account, firstEvent }: Report): void {
  if (account.untimed === 0 || firstEvent !== undefined) return;
  throw new CliError(
    'No line of this log has a time, so nothing can be put where it happened. Record with "hermes-otel init", which stamps every event; or give artificial times with --assume-times.',
  );
}

/** The end of the log closes everything. With a checkpoint it is only a pause: what is open stays so for the next run. */
function takeRest(run: Run, checkpoint: Checkpoint | undefined): Output {
  const out = createOutput();
  if (checkpoint === undefined) finish(run.state, out);
  else settle(run.state, out);
  return out;
}

/** Waits while a destination has no room: there is no path that drops. */
async function deliver(run: Run, out: Output): Promise<void> {
  const { report, destinations, state } = run;
  for (const diagnostic of out.diagnostics) addDiagnostic(report, diagnostic);
  for (const [fate, count] of Object.entries(out.lines))
    report.account[fate as keyof Output['lines']] += count;
  report.lastEvent = state.handedOn;
  if (report.firstEvent !== undefined) destinations.startAt(report.firstEvent);
  if (out.spans.length === 0) return;
  const spans: FinishedSpan[] = [];
  for (const span of out.spans) {
    addSpan(report, span);
    spans.push(namedSpan(run, span));
    await measure(run, span);
  }
  await destinations.write(spans);
}

/** Metrics are computed from the very spans that leave, so the two cannot disagree. */
function measure({ report, names, destinations }: Run, span: AgentSpan): Promise<void> | undefined {
  const measurements = names.measure(span);
  for (const { instrument } of measurements) report.metrics.add(instrument);
  return measurements.length === 0 ? undefined : destinations.measure(span.endTime, measurements);
}
