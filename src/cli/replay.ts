/**
 * `hermes-otel replay`: logs → events → spans and metrics → destinations, and an account of every line and span.
 * The story of a run from its first line to its account; each stage does its own work.
 */
import { convention } from '../conventions/convention.ts';
import { createState } from '../reconstruct/state.ts';
import { stateFromText } from '../reconstruct/state-text.ts';
import { type Checkpoint, openCheckpoint, resumeReport } from '../replay/checkpoint/checkpoint.ts';
import { createFollower, type Follower } from '../replay/checkpoint/follower.ts';
import { createWitnesses } from '../replay/checkpoint/skip-settled.ts';
import { openBudgets } from './budgets.ts';
import { deliver } from './deliver.ts';
import { openDestinations } from './destinations.ts';
import { openDiagnosticLog } from './diagnostic-log.ts';
import { exitCodeOf } from './exit-code.ts';
import { openFollowed } from './follow-input.ts';
import { watchHealth } from './health.ts';
import { type Input, openInput, SILENCE } from './input.ts';
import { type Interrupts, watchInterrupts } from './interrupts.ts';
import type { Io } from './io.ts';
import { liveMetrics } from './live-metrics.ts';
import { createLogClock } from './log-clock.ts';
import { readShift } from './log-time.ts';
import type { Outcome } from './outcome.ts';
import { startProgress } from './progress.ts';
import { reconstructOptions } from './reconstruct-options.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { assertAccounted } from './report.ts';
import type { Run } from './run.ts';
import { keepHeapSteady } from './steady-heap.ts';
import { takeIn, takeRest } from './take-in.ts';
import { tellReport } from './tell-report.ts';

/** Replays `logs` as `flags` say. @returns the exit code; throws a `CliError` when it cannot run at all. */
export async function replay(logs: readonly string[], flags: ReplayFlags, io: Io): Promise<number> {
  keepHeapSteady();
  const checkpoint = await openCheckpoint(logs, flags, io);
  const interrupt = watchInterrupts(io);
  try {
    const { report, accounts, budgets, live } = await replayAlone(logs, flags, io, interrupt, checkpoint);
    const results = budgets?.check() ?? [];
    await tellReport(report, accounts, results, flags, io);
    await budgets?.tell(results, io);
    return exitCodeOf({ report, accounts, results, flags, interrupt: interrupt.received(), live });
  } finally {
    interrupt.stop();
    await checkpoint?.release();
    interrupt.leave();
  }
}

async function replayAlone(
  logs: readonly string[],
  flags: ReplayFlags,
  io: Io,
  interrupt: Interrupts,
  checkpoint: Checkpoint | undefined,
): Promise<Outcome> {
  const run = await startRun(logs, flags, io, interrupt, checkpoint);
  const { report, destinations, input, budgets } = run;
  const follower = createFollower(run, checkpoint, flags, io);
  const metrics = liveMetrics(run, flags.metricInterval);
  const stopWatching = watchHealth(run, flags, io);
  interrupt.signal.addEventListener('abort', () => destinations.hurry(flags.shutdownTimeout));
  try {
    await follower.begin();
    for await (const batch of input.lines) {
      for (const lines of follower.inOrder(batch)) await deliver(run, takeIn(run, lines));
      if (!follower.isCatchingUp()) await metrics.after(batch);
      await run.diagnosticLog?.room();
      run.progress.tell(report);
      await follower.between(batch === SILENCE);
    }
    if (checkpoint === undefined) await deliver(run, takeRest(run));
    else await pause(run, follower, interrupt);
  } finally {
    run.progress.stop();
    stopWatching();
    await run.diagnosticLog?.close();
  }
  const accounts = await destinations.finish(interrupt.received() && flags.shutdownTimeout);
  assertAccounted(report);
  return { report, accounts, budgets, live: input.live };
}

/** What is open stays open. Lines that are being read again are still the run's before, which was further on. */
async function pause(run: Run, follower: Follower, interrupt: Interrupts): Promise<void> {
  if (follower.isCatchingUp()) takeIn(run, SILENCE);
  else for (const lines of follower.inOrder(SILENCE)) await deliver(run, takeIn(run, lines));
  await follower.pause(interrupt.received() !== undefined);
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
  const diagnosticLog = await openDiagnosticLog(flags.diagnostics, report, { goesOn: found !== undefined });
  const budgets = await openBudgets(flags);
  const shiftMicros = await readShift(logs, flags, io, signal);
  const input: Input = flags.follow
    ? openFollowed(logs, flags, io, signal, report, found?.positions)
    : await openInput(logs, flags, io, signal, report);
  const names = convention(flags.conventions, { captureContent: flags.captureContent });
  const destinations = await openDestinations(
    flags,
    io,
    names.instruments,
    checkpoint && {
      carried: found?.carried,
      earlier: checkpoint.earlier,
      witnesses: createWitnesses(checkpoint.note, checkpoint.earlier, () => report.lines),
    },
  );
  const options = reconstructOptions(flags, input);
  const state = found === undefined ? createState(options) : stateFromText(found.state, options);
  const clock = createLogClock(state.watermark);
  const progress = startProgress(io, flags.quiet || isShownMeanwhile(flags, io));
  return { input, report, diagnosticLog, names, destinations, budgets, state, clock, shiftMicros, progress };
}

/** At a terminal, spans that are shown as they come are progress enough, and a line between them would break theirs. */
function isShownMeanwhile({ exporter, output }: ReplayFlags, io: Io): boolean {
  const toFile = output !== undefined && output !== '-';
  const shown = exporter.some((name) => name === 'console' || (name === 'otlp_file' && !toFile));
  return io.stdout.isTTY === true && shown;
}
