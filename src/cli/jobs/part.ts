/** A replay of one share of the logs: the same run, of which the main thread keeps what there is but one of. */
import { convention } from '../../conventions/convention.ts';
import { createIntervals, type IntervalGains } from '../../export/metrics/intervals.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { type EpochMicros, shift } from '../../model/time.ts';
import { createState } from '../../reconstruct/state.ts';
import { deliver } from '../deliver.ts';
import { type Destinations, openDestinations } from '../destinations.ts';
import { inputOf } from '../input.ts';
import { createLogClock } from '../log-clock.ts';
import { reconstructOptions } from '../reconstruct-options.ts';
import type { ReplayFlags } from '../replay-flags.ts';
import { assertAccounted, createReport } from '../report.ts';
import { shareOf } from '../share.ts';
import { takeIn, takeRest } from '../take-in.ts';
import type { Ties } from '../ties.ts';
import type { Order, Result } from './messages.ts';
import type { Office } from './office.ts';
import { createPace } from './pace.ts';
import { sourceOf } from './plan.ts';
import { remoteEnds } from './remote-ends.ts';
import { threadIo } from './thread-io.ts';

export async function replayPart(
  order: Order,
  ties: Pick<Ties, 'groups' | 'testIds'>,
  office: Office,
): Promise<Result> {
  const { part, logs, flags, shiftMicros } = order;
  const report = createReport(logs.length);
  const sources = logs.map((log) => sourceOf(log, logs.length));
  const input = inputOf(sources, flags, office.interrupt, report, {
    assume: undefined,
    share: shareOf(part, ties),
    silent: part.index > 0,
  });
  const names = convention(flags.conventions, { captureContent: flags.captureContent });
  const ends = remoteEnds(office, flags);
  const opened = await openDestinations(
    spansOnly(flags, part.count),
    threadIo(order.env),
    names.instruments,
    {
      shared: ends.shared,
    },
  );
  const gains: IntervalGains[] = [];
  const intervals = createIntervals({
    instruments: names.instruments,
    intervalMicros: Math.max(1, flags.metricInterval) * 1000,
  });
  const destinations = flags.metrics ? measuring(opened, intervals, gains) : opened;
  const clock = createLogClock();
  const state = createState(reconstructOptions(flags, input));
  const run = { report, state, clock, names, destinations, budgets: undefined, shiftMicros };
  const diagnostics: Diagnostic[] = [];
  if (flags.diagnostics !== undefined) report.onDiagnostic = (diagnostic) => diagnostics.push(diagnostic);

  const shifted = (time: EpochMicros) => shift(time, shiftMicros);
  const pace = createPace(office.mayGoOn);
  const tell = async () => {
    const over = intervals.over(shifted(clock.now));
    if (over !== undefined) gains.push(over);
    await pace({
      lines: report.lines,
      startTime: report.firstEvent === undefined ? undefined : shifted(report.firstEvent),
      clock: shifted(clock.now),
      gains: gains.splice(0),
      diagnostics: diagnostics.splice(0),
    });
  };

  const hurry = () => destinations.hurry(flags.shutdownTimeout);
  if (office.interrupt.aborted) hurry();
  else office.interrupt.addEventListener('abort', hurry);
  for await (const lines of input.lines) {
    await deliver(run, takeIn(run, lines));
    await tell();
  }
  await deliver(run, takeRest(run));
  const last = intervals.finish();
  if (last !== undefined) gains.push(last);
  await tell();
  const accounts = await destinations.finish(office.interrupt.aborted ? flags.shutdownTimeout : undefined);
  assertAccounted(report);
  return { report: { ...report, onDiagnostic: undefined }, tallies: ends.talliesOf(accounts) };
}

/** Metrics are the main thread's. All jobs together have no more requests under way than one, as long as each has one. */
function spansOnly(flags: ReplayFlags, jobs: number): ReplayFlags {
  return {
    ...flags,
    metrics: false,
    exporter: flags.exporter.filter((name) => name !== 'openmetrics'),
    concurrency: Math.max(1, Math.floor(flags.concurrency / jobs)),
  };
}

/** Destinations whose metrics are only gathered, to be told. */
function measuring(
  destinations: Destinations,
  intervals: ReturnType<typeof createIntervals>,
  gains: IntervalGains[],
): Destinations {
  let started = false;
  return {
    ...destinations,
    startAt: (time) => {
      if (!started) void intervals.advance(time);
      started = true;
    },
    measure: (time, measurements) => {
      const over = intervals.advance(time);
      if (over !== undefined) gains.push(over);
      intervals.record(measurements);
      return undefined;
    },
  };
}
