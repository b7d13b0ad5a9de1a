/**
 * Replays logs in a bucket, one source after the other: each has its own state and its own metrics, and its objects are one
 * log. After each object a snapshot of the source can be stored. Whoever loads it goes on behind that object, exactly.
 */
import { createHash } from 'node:crypto';
import { plainText } from '../export/outside-text.ts';
import { decompressed } from '../input/gunzip.ts';
import { createRedaction } from '../model/redact.ts';
import { type DeliveryAccount, summed } from '../model/sink.ts';
import { type EpochMicros, earlier, later, shift } from '../model/time.ts';
import { createState } from '../reconstruct/state.ts';
import { stateFromText, stateToText } from '../reconstruct/state-text.ts';
import { openBudgets } from '../replay/budgets.ts';
import { requireSame, type Settings, sealed, unsealed } from '../replay/checkpoint/checkpoint.ts';
import { lossCounter } from '../replay/checkpoint/follower.ts';
import type { DestinationSnapshot } from '../replay/destinations.ts';
import { type Emission, emit } from '../replay/emit.ts';
import { finish, ingest } from '../replay/ingest.ts';
import { parsedLines, SILENCE } from '../replay/input.ts';
import { DEFAULT_SHUTDOWN_MILLIS, type ReplayOptions, reconstructOptions } from '../replay/options.ts';
import { openPrices } from '../replay/prices.ts';
import { createRepeats, FOLLOWED_LINES, type LogRepeats, type RecentText } from '../replay/recent.ts';
import { openNamed } from '../replay/replay.ts';
import { ReplayError } from '../replay/replay-error.ts';
import {
  accountedLines,
  assertAccounted,
  createReport,
  logReport,
  type ReplayReport,
  type Report,
} from '../replay/report.ts';
import type { Bucket, StoredObject } from './bucket.ts';
import { Unreachable } from './group.ts';
import { type BucketSource, objectSource } from './objects.ts';
import type { SnapshotStore } from './store.ts';

/** The options of a replay that a bucket knows. Metrics are cumulative, as a point may be sent again. */
export type BatchOptions = Omit<ReplayOptions, 'follow' | 'incremental' | 'temporality' | 'assumeTimes'> & {
  /** Where snapshots of the sources are kept. Default: nowhere; each run reads everything. */
  readonly store?: SnapshotStore | undefined;
  /** What must not change between two snapshots of a source, by a name that messages show. */
  readonly settings?: Settings | undefined;
};

/** What all sources of a run share. */
interface Batch {
  readonly bucket: Bucket;
  readonly options: BatchOptions;
  readonly report: Report;
  readonly shared: Pick<Emission, 'report' | 'budgets' | 'prices' | 'measured' | 'isNew' | 'shiftMicros'>;
  readonly accounts: DeliveryAccount[];
  /** True when a destination was opened before: a file is continued then. */
  began: boolean;
}

/** Replays the sources. Rejects with a `ReplayError` in the end when an object could not be read; the other sources are replayed. */
export async function replayBatch(
  bucket: Bucket,
  sources: readonly BucketSource[],
  options: BatchOptions,
): Promise<ReplayReport> {
  const files = sources.reduce((sum, { objects }) => sum + objects.length, 0);
  const report = createReport(files, createRedaction(options.redact));
  report.onDiagnostic = options.on?.diagnostic;
  const [budgets, prices] = [await openBudgets(options), await openPrices(options)];
  const shiftMicros = Number(options.timeShift ?? 0) * 1000;
  const shared = { report, budgets, prices, measured: undefined, isNew: undefined, shiftMicros };
  const batch: Batch = { bucket, options, report, shared, accounts: [], began: false };
  let whole: Times = { firstEvent: undefined, lastEvent: undefined };
  let skipped = 0;
  const unreadable: ReplayError[] = [];
  for (const source of sources) {
    if (options.signal?.aborted) break;
    const accounts = batch.accounts.length;
    const isNew = await replaySource(source, batch).catch((error: unknown) => {
      if (!(error instanceof ReplayError && error.code === 'unreadable-log')) throw error;
      unreadable.push(error);
      // What waits in its reorder window has no outcome in this run.
      report.lines = accountedLines(report);
      return true;
    });
    if (isNew) whole = widened(whole, report);
    else skipped++;
    if (!batch.accounts.slice(accounts).some(isRefused)) continue;
    // Each of the others would be retried as long.
    options.on?.notice?.('a destination accepted nothing of this source: those behind it are not read.');
    break;
  }
  if (skipped > 0)
    options.on?.notice?.(
      `${skipped} of ${sources.length} sources were replayed before, and nothing in them is new.`,
    );
  if (unreadable.length > 0) throw inOne(unreadable);
  return {
    ...logReport({ ...report, ...whole }),
    accounts: inAll(batch.accounts),
    budgets: budgets?.check() ?? [],
    totals: budgets?.totals,
    live: false,
  };
}

function inOne([first, ...others]: readonly ReplayError[]): ReplayError | undefined {
  if (first === undefined || others.length === 0) return first;
  const message = `${first.message} So it is with ${others.length} more; all other sources were replayed.`;
  return new ReplayError('unreadable-log', message, { cause: first });
}

function isRefused({ accepted, failed, deadLettered }: DeliveryAccount): boolean {
  return failed > deadLettered && accepted === 0;
}

type Times = Pick<Report, 'firstEvent' | 'lastEvent'>;

function widened(whole: Times, { firstEvent, lastEvent }: Times): Times {
  if (firstEvent === undefined || lastEvent === undefined) return whole;
  return {
    firstEvent: earlier(whole.firstEvent ?? firstEvent, firstEvent),
    lastEvent: later(whole.lastEvent ?? lastEvent, lastEvent),
  };
}

/** Plain data: the first line of a snapshot. The state is the second one. */
interface Saved {
  readonly settings: Settings;
  readonly source: string;
  /** The objects that were read. */
  readonly done: readonly StoredObject[];
  /** True when what was open behind the last of them was closed and sent. */
  readonly ended: boolean;
  /** Lines that were read and have no outcome yet: they wait in the reorder window. */
  readonly waiting: number;
  readonly firstEvent: EpochMicros | undefined;
  readonly destinations: DestinationSnapshot;
  readonly repeats: RecentText;
}

interface Found {
  readonly saved: Saved;
  readonly state: string;
}

/** A source that is being replayed. */
interface OpenSource {
  readonly source: string;
  readonly run: Emission & { readonly repeats: LogRepeats };
  readonly done: StoredObject[];
}

/** Returns false when there was nothing to do. */
async function replaySource({ source, objects }: BucketSource, batch: Batch): Promise<boolean> {
  const { signal, on, shutdownTimeoutMillis = DEFAULT_SHUTDOWN_MILLIS } = batch.options;
  const found = await load(source, batch.options);
  const { rest, changed } = restOf(objects, found?.saved.done ?? []);
  if (found?.saved.ended && rest.length === 0) return false;
  if (changed !== undefined) {
    const key = plainText(changed, 500);
    on?.notice?.(`${key} is not what was replayed before: its source is replayed from the beginning.`);
  }
  const open = await openSource(source, objects, changed === undefined ? found : undefined, batch);
  const onAbort = () => open.run.destinations.setDeadline(shutdownTimeoutMillis);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await readObjects(open, rest, batch);
    assertAccounted(batch.report);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    const withinMillis = signal?.aborted ? shutdownTimeoutMillis : undefined;
    batch.accounts.push(...(await open.run.destinations.finish(withinMillis)));
  }
  return true;
}

/** Goes on where `found` ends. */
async function openSource(
  source: string,
  objects: readonly StoredObject[],
  found: Found | undefined,
  batch: Batch,
): Promise<OpenSource> {
  const { options, report, shared } = batch;
  const { saved } = found ?? {};
  const settings = reconstructOptions(options, false);
  const state = found === undefined ? createState(settings) : stateFromText(found.state, settings);
  const { names, destinations } = await openNamed(
    { ...options, resource: { ...options.resource, 'service.instance.id': source } },
    batch.began || options.store ? { snapshot: saved?.destinations } : undefined,
  );
  batch.began = true;
  report.lines += saved?.waiting ?? 0;
  report.firstEvent = saved?.firstEvent;
  report.lastEvent = undefined;
  if (report.firstEvent !== undefined) destinations.startAt(shift(report.firstEvent, shared.shiftMicros));
  const listed = new Set(objects.map(({ key }) => key));
  return {
    source,
    run: { ...shared, state, names, destinations, repeats: createRepeats(saved?.repeats, FOLLOWED_LINES) },
    done: (saved?.done ?? []).filter(({ key }) => listed.has(key)),
  };
}

/** Reads the objects, and closes what is open behind the last one. At an interrupt it stays open where the next run can go on with it. */
async function readObjects(open: OpenSource, rest: readonly StoredObject[], batch: Batch): Promise<void> {
  const { run, done } = open;
  const saver = createSaver(open, batch);
  for (const object of rest) {
    await replayObject(object, run, batch);
    if (batch.options.signal?.aborted) {
      if (saver === undefined) break;
      return await emit(run, ingest(run, SILENCE));
    }
    done.push(object);
    if (object !== rest.at(-1)) await saver?.between();
  }
  // What is closed now is no part of the snapshot: objects that come later may go on with it.
  const text = await saver?.text(true);
  if (run.report.firstEvent !== undefined) await emit(run, finish(run));
  await run.destinations.flush();
  if (text !== undefined) await saver?.put(text);
}

/** Stores snapshots of a source; `undefined` without a store. */
function createSaver({ source, run, done }: OpenSource, { options, report }: Batch) {
  const { store, settings = {}, on } = options;
  if (store === undefined) return undefined;
  const { destinations, state, repeats } = run;
  const newlyLost = lossCounter(destinations.accounts);
  let isLost = false;

  async function text(ended: boolean): Promise<string> {
    const head: Saved = {
      settings,
      source,
      done,
      ended,
      waiting: report.lines - accountedLines(report),
      firstEvent: report.firstEvent,
      destinations: await destinations.snapshot(),
      repeats: repeats.toText(),
    };
    return sealed(`${JSON.stringify(head)}\n${stateToText(state, report.redaction)}`).text;
  }

  /** After a loss the snapshot before stays, so that the next run sends again what was lost. */
  async function put(snapshot: string): Promise<void> {
    const lost = newlyLost();
    if (lost > 0 && !isLost) {
      on?.notice?.(
        `${lost} spans or points of ${plainText(source, 500)} were not delivered: the next run sends them again.`,
      );
      isLost = true;
    }
    if (!isLost) await usable(() => store?.put(nameOf(source), snapshot));
  }

  return {
    text,
    put,
    async between() {
      await destinations.settled();
      await put(await text(false));
    },
  };
}

async function replayObject(
  object: StoredObject,
  run: OpenSource['run'],
  { bucket, options, report, accounts }: Batch,
): Promise<void> {
  const source = objectSource(bucket, object);
  const unread = () => report.diagnosticCounts.get('read-failed') ?? 0;
  const before = unread();
  for await (const lines of parsedLines(decompressed(source), { options, report })) {
    await emit(run, ingest(run, lines));
    options.on?.progress?.({
      report,
      live: false,
      accounts: () => inAll([...accounts, ...run.destinations.accounts()]),
      lagBytes: () => 0,
      openSessions: () => run.state.sessions.size,
      openTurns: () => run.state.openTurns.size,
    });
  }
  if (unread() === before) return;
  // Nothing is wrong with its bytes, so another run may read them.
  const { message = '' } = report.diagnostics.findLast(({ code }) => code === 'read-failed') ?? {};
  throw new ReplayError('unreadable-log', `${source.name} cannot be read: ${message}.`);
}

/**
 * The objects that have to be read. They follow on those that were read, or nothing of the earlier runs is of use: then
 * `changed` names the object that shows it.
 */
function restOf(
  objects: readonly StoredObject[],
  done: readonly StoredObject[],
): { readonly rest: readonly StoredObject[]; readonly changed: string | undefined } {
  const before = new Map(done.map(({ key, etag }) => [key, etag]));
  const isDone = ({ key, etag }: StoredObject) => before.get(key) === etag;
  const rest = objects.slice(objects.findLastIndex(isDone) + 1);
  const strange =
    objects.slice(0, objects.length - rest.length).find((object) => !isDone(object)) ??
    rest.find(({ key }) => before.has(key));
  return strange === undefined ? { rest, changed: undefined } : { rest: objects, changed: strange.key };
}

async function load(source: string, options: BatchOptions): Promise<Found | undefined> {
  const { store, settings = {} } = options;
  const name = nameOf(source);
  const text = await usable(() => store?.get(name));
  if (store === undefined || text === undefined) return undefined;
  const place = `${store.place}/${name}`;
  const anew = 'remove it to begin anew';
  const [head = '', state = ''] = unsealed(text, place, anew).body.split('\n');
  const saved: Saved = JSON.parse(head);
  requireSame(settings, saved.settings, place, anew);
  return { saved, state };
}

async function usable<T>(use: () => Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    throw new ReplayError('checkpoint', `The checkpoint cannot be used: ${error.message}.`, { cause: error });
  }
}

function nameOf(source: string): string {
  return `sources/${createHash('sha256').update(source).digest('hex').slice(0, 32)}`;
}

/** One account for each destination and signal. */
const inAll = (accounts: readonly DeliveryAccount[]) =>
  summed(accounts, ({ signal, destination }) => `${signal} ${destination}`);
