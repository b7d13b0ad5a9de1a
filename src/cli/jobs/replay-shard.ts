/** A replay of one shard of the logs: the same run, of which the main thread keeps what there is but one of. */
import { type Convention, convention } from '../../conventions/convention.ts';
import type { IntervalGains } from '../../export/metrics/intervals.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { shift } from '../../model/time.ts';
import { createState } from '../../reconstruct/state.ts';
import { deliver } from '../deliver.ts';
import { intervalMicrosOf } from '../delivery-settings.ts';
import { type Destinations, openDestinations } from '../destinations.ts';
import { type Input, inputOf } from '../input.ts';
import { createLogClock, type LogClock } from '../log-clock.ts';
import { reconstructOptions } from '../reconstruct-options.ts';
import type { ReplayFlags } from '../replay-flags.ts';
import { assertAccounted, createReport, type Report } from '../report.ts';
import { shardedLogs } from '../shard.ts';
import { takeIn, takeRest } from '../take-in.ts';
import { gatherMetrics, NO_METRICS } from './gathered-metrics.ts';
import type { MainThread } from './main-thread.ts';
import type { JobProgress, Order, Result, Share } from './messages.ts';
import { sourceOf } from './plan.ts';
import { type RemoteEnds, remoteEnds } from './remote-ends.ts';
import { ownerOf, partsOf } from './share.ts';
import { threadIo } from './thread-io.ts';
import { limitUnanswered } from './unanswered.ts';

/** So many batches of lines between two tellings how far the job has come: of one log 2 MiB. */
const TELL_EVERY = 8;

export async function replayShard(order: Order, share: Share, main: MainThread): Promise<Result> {
  const { flags, shiftMicros } = order;
  const { interrupt } = main;
  const report = createReport(order.logs.length);
  const names = convention(flags.conventions, { captureContent: flags.captureContent });
  const ends = remoteEnds(main, flags);
  const metrics = flags.metrics ? gatherMetrics(names.instruments, intervalMicrosOf(flags)) : NO_METRICS;
  const destinations = metrics.instead(await openSpanDestinations(order, names, ends));
  const input = openInput(order, share, interrupt, report);
  const state = createState(reconstructOptions(flags, input));
  const clock = createLogClock();
  const run = { report, state, clock, names, destinations, budgets: undefined, shiftMicros };
  const tellMain = limitUnanswered(main.mayGoOn);
  const tell = teller(report, clock, order);

  const hurry = () => destinations.hurry(flags.shutdownTimeout);
  if (interrupt.aborted) hurry();
  interrupt.addEventListener('abort', hurry);
  let batches = 0;
  for await (const lines of input.lines) {
    await deliver(run, takeIn(run, lines));
    batches += 1;
    if (batches % TELL_EVERY === 0) await tellMain(tell(metrics.upTo(shift(clock.now, shiftMicros))));
  }
  await deliver(run, takeRest(run));
  await tellMain(tell(metrics.last()));
  const accounts = await destinations.finish(interrupt.aborted ? flags.shutdownTimeout : undefined);
  assertAccounted(report);
  return { report: { ...report, onDiagnostic: undefined }, tallies: ends.talliesOf(accounts) };
}

function openInput(order: Order, share: Share, interrupt: AbortSignal, report: Report): Input {
  const { shard, logs, flags } = order;
  const sources = logs.map((log) => sourceOf(log, logs.length));
  const { ids, testIds } = share;
  const parts = partsOf(share, order);
  const sharded = shardedLogs({ ids, testIds, owns: ownerOf(share, shard), parts });
  // What ends early for all, as a damaged .gz does, is told by one of them.
  return inputOf(sources, flags, interrupt, report, { assume: undefined, sharded, silent: shard.index > 0 });
}

/** Metrics are the main thread's. All jobs together have no more requests under way than one, as long as each has one. */
async function openSpanDestinations(
  { shard, flags, env }: Order,
  { instruments }: Convention,
  { shared }: RemoteEnds,
): Promise<Destinations> {
  const spansOnly: ReplayFlags = {
    ...flags,
    metrics: false,
    exporter: flags.exporter.filter((name) => name !== 'openmetrics'),
    concurrency: Math.max(1, Math.floor(flags.concurrency / shard.count)),
  };
  return await openDestinations(spansOnly, threadIo(env), instruments, { shared });
}

/** Puts together how far the job has come. Diagnostics are gathered only where somebody writes them down. */
function teller(report: Report, clock: LogClock, { flags, shiftMicros }: Order) {
  let diagnostics: Diagnostic[] = [];
  if (flags.diagnostics !== undefined) report.onDiagnostic = (diagnostic) => diagnostics.push(diagnostic);
  return (gains: readonly IntervalGains[]): JobProgress => {
    const told = diagnostics;
    diagnostics = [];
    const { lines, firstEvent } = report;
    const startTime = firstEvent && shift(firstEvent, shiftMicros);
    return { lines, startTime, clock: shift(clock.now, shiftMicros), gains, diagnostics: told };
  };
}
