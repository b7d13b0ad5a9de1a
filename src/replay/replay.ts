/**
 * Replays logs: lines → events → spans and metrics → destinations, with an account of every line and span.
 * This file is the story of a run, from its first line to its report; each stage does its own work.
 */
import { convention } from '../conventions/convention.ts';
import { deadLetter } from '../export/delivery/dead-letter.ts';
import { createRedaction } from '../model/redact.ts';
import { createState } from '../reconstruct/state.ts';
import { stateFromText } from '../reconstruct/state-text.ts';
import { openBudgets } from './budgets.ts';
import { type Checkpoint, openFollowCheckpoint, resumeReport } from './checkpoint/checkpoint.ts';
import { createFollower, type Follower } from './checkpoint/follower.ts';
import { outcomeListeners } from './checkpoint/skip-settled.ts';
import { type Continuity, openDestinations } from './destinations.ts';
import { emit, liveMetrics, type Run } from './emit.ts';
import { type Incremental, openIncremental } from './incremental.ts';
import { finish, ingest } from './ingest.ts';
import { listOf, openInput, SILENCE } from './input.ts';
import {
  DEFAULT_METRIC_INTERVAL_MILLIS,
  DEFAULT_SHUTDOWN_MILLIS,
  type Log,
  type Logs,
  type ReplayListeners,
  type ReplayOptions,
  reconstructOptions,
} from './options.ts';
import { originOf } from './origin.ts';
import { openPrices } from './prices.ts';
import { createMeasured, createRepeats, FOLLOWED_LINES } from './recent.ts';
import { ReplayError } from './replay-error.ts';
import { assertAccounted, logReport, type ReplayProgress, type ReplayReport } from './report.ts';
import { shiftOf } from './time-shift.ts';

/**
 * Replays `logs` into the destinations of `options`.
 * @returns what became of every line, span and request. Rejects with a `ReplayError` when the replay cannot run at all.
 */
export async function replay(logs: Logs, options: ReplayOptions = {}): Promise<ReplayReport> {
  const list = listOf(logs);
  const checkpoint = await openFollowCheckpoint(list, options);
  let incremental: Incremental | undefined;
  try {
    incremental = await openIncrementalRun(options);
    const held = holdBack(options.on);
    const endable = { ...options, signal: endOf(options, checkpoint) };
    const run = await startRun(list, endable, { checkpoint, incremental }, held.onDiagnostic);
    const report = await finishRun(run, endable, checkpoint, held.room);
    if (!options.signal?.aborted && isDelivered(report)) await incremental?.save();
    return report;
  } finally {
    await incremental?.release();
    await checkpoint?.release();
  }
}

/** Reading ends when the caller aborts, or when another follower has taken over the checkpoint. */
function endOf({ signal }: ReplayOptions, checkpoint: Checkpoint | undefined): AbortSignal | undefined {
  if (checkpoint === undefined) return signal;
  return signal === undefined ? checkpoint.lost : AbortSignal.any([signal, checkpoint.lost]);
}

/** State of earlier runs. */
interface Before {
  readonly checkpoint: Checkpoint | undefined;
  readonly incremental: Incremental | undefined;
}

async function openIncrementalRun({
  incremental,
  follow,
  on,
}: ReplayOptions): Promise<Incremental | undefined> {
  if (incremental === undefined) return undefined;
  if (follow === undefined) return openIncremental(incremental, Date.now(), on?.notice ?? (() => {}));
  throw new ReplayError('invalid-option', 'An incremental replay ends, and following does not: choose one.');
}

/** After a permanent loss the next run replays the same sessions again. */
function isDelivered({ accounts }: ReplayReport): boolean {
  return accounts.every(({ failed, deadLettered }) => failed <= deadLettered);
}

/** Begins at the logs' beginnings, or where a checkpoint says. */
async function startRun(
  logs: readonly Log[],
  options: ReplayOptions,
  { checkpoint, incremental }: Before,
  onDiagnostic: Run['report']['onDiagnostic'],
): Promise<Run> {
  const found = checkpoint?.snapshot;
  const report = resumeReport(logs.length, found?.report, createRedaction(options.redact));
  report.onDiagnostic = onDiagnostic;
  const budgets = await openBudgets(options);
  const prices = await openPrices(options);
  const shiftMicros = await shiftOf(logs, options);
  const input =
    options.follow === undefined
      ? await openInput(logs, { options, report, incremental })
      : (await import('./follow-input.ts')).openFollowed(logs, { options, report }, found);
  const { names, destinations } = await openNamed(
    options,
    checkpoint && {
      snapshot: found?.destinations,
      journalState: checkpoint.journalState,
      directory: checkpoint.directory,
      listeners: outcomeListeners(checkpoint.journal, checkpoint.journalState, () => report.lines),
    },
  ).catch(async (error: unknown) => {
    await input.close();
    throw error;
  });
  const settings = reconstructOptions(options, input.live);
  const state = found === undefined ? createState(settings) : stateFromText(found.state, settings);
  const measured = options.follow && createMeasured(found?.measured);
  const repeats = createRepeats(found?.repeats, options.follow && FOLLOWED_LINES);
  const isNew = incremental?.isNew;
  return {
    input,
    report,
    names,
    destinations,
    budgets,
    measured,
    isNew,
    state,
    shiftMicros,
    prices,
    repeats,
  };
}

/** The destinations of the options, and the names under which they get spans. */
export async function openNamed(
  options: ReplayOptions,
  continuity: Continuity | undefined,
): Promise<Pick<Run, 'names' | 'destinations'>> {
  const { conventions = ['hermes'], captureContent = false, on } = options;
  const names = convention(conventions, {
    captureContent,
    receiver: options.receiver,
    dropAttributes: options.dropAttributes,
    logs: options.logs,
  });
  const destinations = await openDestinations(
    options.destinations ?? [],
    {
      origin: originOf(options.resource, conventions),
      metricIntervalMicros: intervalMillisOf(options) * 1000,
      holdsContent: captureContent,
      deadLetter: options.deadLetter === undefined ? undefined : deadLetter(options.deadLetter),
      onOutage: on?.outage,
    },
    { ...names, temporality: options.temporality ?? 'cumulative' },
    continuity,
  );
  return { names, destinations };
}

/** Reads to the end, and waits until everything has its outcome. */
async function finishRun(
  run: Run,
  options: ReplayOptions,
  checkpoint: Checkpoint | undefined,
  room: () => Promise<void> | undefined,
): Promise<ReplayReport> {
  const { report, destinations, input, budgets } = run;
  const { signal, shutdownTimeoutMillis = DEFAULT_SHUTDOWN_MILLIS, on } = options;
  const follower = createFollower(run, checkpoint, options);
  const metrics = liveMetrics(run, intervalMillisOf(options));
  const progress = progressOf(run);
  const onEnd = () => destinations.setDeadline(checkpoint?.lost.aborted ? 0 : shutdownTimeoutMillis);
  signal?.addEventListener('abort', onEnd, { once: true });
  on?.progress?.(progress);
  await follower.begin();
  for await (const batch of input.lines) {
    await checkpoint?.assertHeld();
    for (const lines of follower.inOrder(batch)) await emit(run, ingest(run, lines));
    if (!follower.isCatchingUp()) await metrics.after(batch);
    await room();
    on?.progress?.(progress);
    await follower.between(batch === SILENCE);
  }
  await checkpoint?.assertHeld();
  if (checkpoint === undefined) await emit(run, finish(run));
  else await pause(run, follower, signal?.aborted ?? false);
  await room();
  const accounts = await destinations.finish(signal?.aborted ? shutdownTimeoutMillis : undefined);
  assertAccounted(report);
  return {
    ...logReport(report),
    accounts,
    budgets: budgets?.check() ?? [],
    totals: budgets?.totals,
    live: input.live,
  };
}

/** What is open stays open. While lines are being read again, the run before was further on. */
async function pause(run: Run, follower: Follower, interrupted: boolean): Promise<void> {
  if (follower.isCatchingUp()) ingest(run, SILENCE);
  else for (const lines of follower.inOrder(SILENCE)) await emit(run, ingest(run, lines));
  await follower.pause(interrupted);
}

function intervalMillisOf({ metricIntervalMillis = DEFAULT_METRIC_INTERVAL_MILLIS }: ReplayOptions): number {
  return Math.max(1, metricIntervalMillis);
}

/** A slow listener of diagnostics slows the reading down. */
function holdBack(on: ReplayListeners | undefined) {
  const listener = on?.diagnostic;
  let pending: Promise<void> | undefined;
  return {
    onDiagnostic:
      listener &&
      ((diagnostic: Parameters<typeof listener>[0]) => {
        const held = listener(diagnostic);
        // A rejection is passed on by `room`; until that is called, it must not end the process.
        held?.catch(() => {});
        pending = held ?? pending;
      }),
    room: () => {
      const waited = pending;
      pending = undefined;
      return waited ?? Promise.resolve();
    },
  };
}

function progressOf({ report, input, state, destinations }: Run): ReplayProgress {
  return {
    report,
    live: input.live,
    accounts: destinations.accounts,
    lagBytes: () => input.progress?.().lagBytes ?? 0,
    openTurns: () => state.openTurns.size,
    openSessions: () =>
      Array.from(state.sessions.values()).filter(
        ({ endTime, sent, turns }) => turns.size > 0 || (endTime === undefined && !sent),
      ).length,
  };
}
