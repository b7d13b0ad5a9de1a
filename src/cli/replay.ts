/**
 * `hermes-otel replay`: logs → events → spans and metrics → destinations, and an account of every line and span.
 * The only place that sees all stages; each does its own work.
 */
import { type Convention, convention } from '../conventions/convention.ts';
import type { FinishedSpan } from '../model/sink.ts';
import type { AgentSpan } from '../model/span.ts';
import { shift } from '../model/time.ts';
import { createState, type Output } from '../reconstruct/state.ts';
import { type Budgets, openBudgets } from './budgets.ts';
import { type Destinations, openDestinations } from './destinations.ts';
import { openDiagnosticLog } from './diagnostic-log.ts';
import { exitCodeOf } from './exit-code.ts';
import { openInput } from './input.ts';
import { watchInterrupts } from './interrupts.ts';
import type { Io } from './io.ts';
import { paced, readShift, shifted } from './log-time.ts';
import { startProgress } from './progress.ts';
import { reconstructOptions } from './reconstruct-options.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { assertAccounted, createReport, type Report } from './report.ts';
import { type Reading, takeIn, takeRest } from './take-in.ts';
import { tellReport } from './tell-report.ts';

/** Replays `logs` as `flags` say. @returns the exit code; throws a `CliError` when it cannot run at all. */
export async function replay(logs: readonly string[], flags: ReplayFlags, io: Io): Promise<number> {
  const interrupt = watchInterrupts(io);
  const report = createReport(logs.length);
  const diagnosticLog = await openDiagnosticLog(flags.diagnostics, report);
  const budgets = await openBudgets(flags);
  const shiftMicros = await readShift(logs, flags, io, interrupt.signal);
  const input = await openInput(logs, flags, io, interrupt.signal, report);
  const lines = flags.speed === undefined ? input.lines : paced(input.lines, flags.speed, interrupt.signal);
  const names = convention(flags.conventions, { captureContent: flags.captureContent });
  const destinations = await openDestinations(flags, io, names.instruments);
  const state = createState(reconstructOptions(flags, { live: input.live || flags.speed !== undefined }));
  const run: Run = { report, names, destinations, budgets, state, shiftMicros };
  const progress = startProgress(io, flags.quiet || isShownMeanwhile(flags, io));
  try {
    for await (const batch of lines) {
      await deliver(run, takeIn(run, batch));
      await diagnosticLog?.room();
      progress.tell(report);
    }
    await deliver(run, takeRest(run));
  } finally {
    progress.stop();
    interrupt.stop();
    await diagnosticLog?.close();
  }
  const hurry = interrupt.received() === undefined ? undefined : flags.shutdownTimeout;
  const accounts = await destinations.finish(hurry);
  assertAccounted(report);
  const results = budgets?.check() ?? [];
  await tellReport(report, accounts, results, flags, io);
  await budgets?.tell(results, io);
  return exitCodeOf({ report, accounts, results, flags, interrupt: interrupt.received(), live: input.live });
}

interface Run extends Reading {
  readonly names: Convention;
  readonly destinations: Destinations;
  readonly budgets: Budgets | undefined;
  readonly shiftMicros: number;
}

/** Waits while a destination has no room: there is no path that drops. */
async function deliver(
  { report, names, destinations, budgets, shiftMicros }: Run,
  out: Output,
): Promise<void> {
  if (report.firstEvent !== undefined) destinations.startAt(shift(report.firstEvent, shiftMicros));
  if (out.spans.length === 0) return;
  const spans: FinishedSpan[] = [];
  for (const original of out.spans) {
    const span = shifted(original, shiftMicros);
    spans.push({ agent: span, otel: names.toSpan(span) });
    budgets?.add(span);
    await measure(report, names, destinations, span);
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

/** At a terminal, spans that are shown as they come are progress enough, and a line between them would break theirs. */
function isShownMeanwhile({ exporter, output }: ReplayFlags, io: Io): boolean {
  const toFile = output !== undefined && output !== '-';
  const shown = exporter.some((name) => name === 'console' || (name === 'otlp_file' && !toFile));
  return io.stdout.isTTY === true && shown;
}
