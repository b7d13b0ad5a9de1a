/** Where a replay's spans and metrics go: all destinations behind one front, and the meter before them. */
import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openSpill, type Spill } from '../export/delivery/spill.ts';
import type { OutcomeListeners, RunOptions } from '../export/destination.ts';
import { createMeter, type MeterState } from '../export/metrics/meter.ts';
import type {
  Instrument,
  Measurement,
  MetricSnapshot,
  Origin,
  OtelSpan,
  Temporality,
} from '../model/otel.ts';
import type { Delivery } from '../model/sink.ts';
import { type DeliveryAccount, logsOf, type Signal } from '../model/sink.ts';
import type { AgentSpan } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';
import type { TreeDelivery } from '../view/console-sink.ts';
import type { TreeMemory } from '../view/live-tree.ts';
import type { JournalState } from './checkpoint/journal.ts';
import { skipSettledPoints, skipSettledSpans } from './checkpoint/skip-settled.ts';
import { agentSpanKeyOf, spanKeyOf } from './checkpoint/span-key.ts';

/** Opens one destination for one replay. Rejects with a `ReplayError` when it cannot be opened. */
export type DestinationFactory = (run: DestinationRun) => Promise<OpenDestination>;

/** What a destination may know of the run. */
export interface DestinationRun extends RunOptions {
  readonly origin: Origin;
  /** Of metrics, on the log's clock. */
  readonly metricIntervalMicros: number;
  /** What the run before remembered, for a destination that does not send at once what it gets. */
  readonly memory?: TreeMemory | undefined;
  /** True when a later run goes on where this one stops. */
  readonly goesOn: boolean;
  /** True when spans hold messages, arguments and results: files are for their owner only. */
  readonly holdsContent: boolean;
}

/** What a destination takes; a signal that it does not take is absent. */
export interface OpenDestination {
  /** Spans under the names of a convention. */
  readonly spans?: Delivery<OtelSpan> | undefined;
  readonly metrics?: Delivery<MetricSnapshot> | undefined;
  /** Takes spans and sends their log records. Not called for spans that have none, or are still open. */
  readonly logs?: Delivery<OtelSpan> | undefined;
  /** Spans as they are, for a terminal. */
  readonly tree?: TreeDelivery | undefined;
  /** Frees sockets and files; called after all of them have finished. */
  close(): Promise<void>;
}

export type Destinations = Awaited<ReturnType<typeof openDestinations>>;

/** What the next run goes on from. Plain data. */
export interface DestinationSnapshot {
  /** `undefined` when no destination takes metrics. */
  readonly meter: MeterState | undefined;
  /** Of the trees in the terminal; `undefined` when there are none. */
  readonly tree: TreeMemory | undefined;
  /** Receivers that have accepted something, as `signal destination`. A refusal of theirs may pass. */
  readonly accepted?: readonly string[];
}

/** Of a run that can be resumed. */
export interface Continuity<Snapshot = DestinationSnapshot> {
  readonly snapshot: Snapshot | undefined;
  /** What became of spans and points since the snapshot; absent where that is not written down. */
  readonly journalState?: JournalState | undefined;
  readonly listeners?: OutcomeListeners | undefined;
  /** Where a receiver that is down keeps its requests, while others go on. Absent: all wait for it. */
  readonly directory?: string | undefined;
}

/** The names of a convention. */
export interface Naming {
  readonly toSpan: (span: AgentSpan) => OtelSpan;
  readonly instruments: readonly Instrument[];
  readonly temporality: Temporality;
}

/** What all destinations of a run have in common. */
type CommonRun = Omit<DestinationRun, 'memory' | 'outcomeListeners' | 'goesOn' | 'retryRefusals' | 'spill'>;

export type Deliveries = Awaited<ReturnType<typeof openDeliveries>>;

/**
 * The deliveries of all destinations, by what they take. They skip what an earlier run has delivered.
 * Rejects with the `ReplayError` of the first destination that cannot be opened, and closes those before it.
 */
export async function openDeliveries(
  factories: readonly DestinationFactory[],
  run: CommonRun,
  continuity: Continuity<Pick<DestinationSnapshot, 'accepted'> & Partial<DestinationSnapshot>> | undefined,
) {
  const { snapshot, journalState, listeners } = continuity ?? {};
  const before = snapshot?.accepted ?? [];
  // The log itself is the queue of a single receiver.
  const directory = factories.length > 1 ? continuity?.directory : undefined;
  const spills = directory === undefined ? undefined : spillsIn(directory);
  if (continuity !== undefined && snapshot === undefined) spills?.removeAll();
  const whole: DestinationRun = {
    ...run,
    outcomeListeners: listeners,
    memory: snapshot?.tree,
    goesOn: continuity !== undefined,
    ...(continuity && {
      retryRefusals: (destination: string, signal: Signal) =>
        before.includes(`${signal} ${destination}`) ? 'accepted-before' : 'once-accepted',
      spill: spills?.open,
    }),
  };
  const opened: OpenDestination[] = [];
  const close = () => Promise.all(opened.map((destination) => destination.close()));
  try {
    // One after the other: each loads its own modules.
    for (const open of factories) opened.push(await open(whole));
  } catch (error) {
    // What an earlier run left may be on its way already.
    const deliveries = opened.flatMap(({ spans, metrics, logs }) => [spans, metrics, logs]);
    await Promise.all(deliveries.map((delivery) => delivery?.finish(0))).catch(() => {});
    await close().catch(() => {});
    throw error;
  }
  for (const file of spills?.others() ?? []) {
    run.onOutage?.(
      `${file} waits for a receiver that this run does not have: \`hermes-otel send\` delivers it`,
    );
  }
  const settledSpans = (destination: string) => journalState?.spans.get(destination);
  const nameOf = (sink: Delivery<never>) => sink.soFar().destination;
  const ends = opened.map(({ spans, tree }) => ({
    spans: spans && skipSettledSpans(spans, settledSpans(nameOf(spans)), spanKeyOf),
    tree: tree && {
      ...tree,
      ...skipSettledSpans(tree, settledSpans(nameOf(tree)), agentSpanKeyOf, tree.goOn),
    },
  }));
  const logs = opened
    .flatMap((destination) => destination.logs ?? [])
    .map((sink) => skipSettledSpans(sink, settledSpans(logsOf(nameOf(sink))), spanKeyOf));
  const metrics = opened
    .flatMap((destination) => destination.metrics ?? [])
    .map((sink) => skipSettledPoints(sink, journalState?.points.get(nameOf(sink))));
  const sinks = [...ends.flatMap(({ spans, tree }) => spans ?? tree ?? []), ...logs, ...metrics];
  const accounts = () => sinks.map((sink) => sink.soFar());
  return {
    spans: ends.flatMap((end) => end.spans ?? []),
    logs,
    trees: ends.flatMap(({ tree }) => tree ?? []),
    metrics,
    /** What became of everything so far, for each destination and signal. */
    accounts,
    /** Sends what was gathered, and returns when everything written so far has its outcome. */
    settled: async (): Promise<void> => {
      await Promise.all(sinks.map((sink) => sink.settled()));
    },
    /** Receivers that have accepted something, also in earlier runs, as `signal destination`. */
    accepted: (): readonly string[] => [...new Set([...before, ...acceptedIn(accounts())])],
    /** Sets the deadline: what is still in flight after `withinMillis` counts as failed. Later calls change nothing. */
    setDeadline: (withinMillis: number): void => {
      for (const sink of sinks) sink.setDeadline(withinMillis);
    },
    /** Sends what is left, before the deadline if there is one, and closes everything. */
    finish: async (withinMillis: number | undefined): Promise<readonly DeliveryAccount[]> => {
      const last = await Promise.all(sinks.map((sink) => sink.finish(withinMillis)));
      await close();
      await run.deadLetter?.close();
      return last;
    },
  };
}

export async function openDestinations(
  factories: readonly DestinationFactory[],
  run: CommonRun,
  { toSpan, instruments, temporality }: Naming,
  continuity: Continuity | undefined,
) {
  const deliveries = await openDeliveries(factories, run, continuity);
  const { spans: spanSinks, logs: logSinks, trees, metrics: metricSinks } = deliveries;
  const before = continuity?.snapshot?.meter;
  const meter =
    metricSinks.length === 0
      ? undefined
      : createMeter({
          instruments,
          temporality,
          intervalMicros: run.metricIntervalMicros,
          ...(before && { resume: before }),
        });
  let started = false;
  const write = async (spans: readonly AgentSpan[], logs: typeof logSinks) => {
    const named = spanSinks.length + logs.length === 0 ? [] : spans.map(toSpan);
    const withLogs = logs.length === 0 ? [] : named.filter(({ logs: records }) => records !== undefined);
    await Promise.all([
      ...spanSinks.map((sink) => sink.write(named)),
      ...(withLogs.length === 0 ? [] : logs.map((sink) => sink.write(withLogs))),
      ...trees.map((tree) => tree.write(spans)),
    ]);
  };
  const send = async (points: MetricSnapshot) => {
    await Promise.all(metricSinks.map((sink) => sink.write([points])));
  };
  const sendLast = async () => {
    const last = meter?.finish();
    if (last !== undefined) await send(last);
  };
  return {
    ...deliveries,
    /** Nothing happens in the log until `now`: sends the metrics of an interval that is over by then. */
    wait: async (now: EpochMicros): Promise<void> => {
      // Delta points of a run that can be taken up again lie on boundaries that its lines passed, and on no others.
      if (continuity !== undefined && temporality === 'delta') return;
      const points = meter?.wait(now);
      if (points !== undefined) await send(points);
    },
    /**
     * Sends the metrics as they stand, and all that was written; returns when everything has its outcome. Delta points stay
     * for the next run: parts of an interval would count twice should this one end before it is written down.
     */
    flush: async (): Promise<void> => {
      if (temporality === 'cumulative') await sendLast();
      await deliveries.settled();
    },
    /** What the next run goes on from. */
    snapshot: async (): Promise<DestinationSnapshot> => ({
      meter: meter?.state(),
      tree: trees[0]?.memory(),
      accepted: deliveries.accepted(),
    }),
    /** The first event of the log, where cumulative metrics begin. Later calls change nothing. */
    startAt: (time: EpochMicros): void => {
      if (!started) meter?.advance(time);
      started = true;
    },
    /** Returns when every destination has room again. */
    write: (spans: readonly AgentSpan[]) => write(spans, logSinks),
    /** The same for spans that come again when they have ended. */
    writeOpen: (spans: readonly AgentSpan[]) => write(spans, []),
    /** Records what one span measured, at its end. A promise when the log's clock passed an interval. */
    measure: (time: EpochMicros, measurements: readonly Measurement[]): Promise<void> | undefined => {
      const points = meter?.advance(time);
      if (points === undefined) {
        meter?.record(measurements);
        return undefined;
      }
      return send(points).then(() => meter?.record(measurements));
    },
    finish: async (withinMillis: number | undefined): Promise<readonly DeliveryAccount[]> => {
      // With a checkpoint `flush` has sent what is to be sent: the rest is the next run's.
      if (continuity === undefined) await sendLast();
      return await deliveries.finish(withinMillis);
    },
  };
}

function acceptedIn(accounts: readonly DeliveryAccount[]): readonly string[] {
  return accounts
    .filter(({ accepted }) => accepted > 0)
    .map(({ signal, destination }) => `${signal} ${destination}`);
}

/** On disk, for each receiver and signal. Further requests make the reading wait, as the log is a queue too. */
const MAX_SPILL_BYTES = 1024 ** 3;

function spillsIn(directory: string) {
  const used = new Set<string>();
  const files = () => readdirSync(directory).filter((name) => /^spill-[0-9a-f]+\.jsonl$/.test(name));
  return {
    open(destination: string, signal: Signal): Spill {
      const digest = createHash('sha256').update(`${signal} ${destination}`).digest('hex').slice(0, 12);
      const name = `spill-${digest}.jsonl`;
      used.add(name);
      return openSpill(join(directory, name), MAX_SPILL_BYTES);
    },
    /** What runs with other receivers left. */
    others: () =>
      files()
        .filter((name) => !used.has(name))
        .map((name) => join(directory, name)),
    /** Without a checkpoint the log is read from its beginning. */
    removeAll() {
      for (const name of files())
        for (const end of ['', '.position']) rmSync(join(directory, name + end), { force: true });
    },
  };
}
