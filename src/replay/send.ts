/** Sends files of OTLP/JSON lines (a dead-letter file, `otlp_file`'s, the Collector's) to a destination. */
import { createHash, type Hash } from 'node:crypto';
import { resolve } from 'node:path';
import { deadLetter } from '../export/delivery/dead-letter.ts';
import { pointsIn } from '../export/metrics/series.ts';
import { createOtlpReader } from '../export/otlp/read-lines.ts';
import type { ByteSource } from '../input/byte-source.ts';
import { readLines } from '../input/read-lines.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { InputLine } from '../model/line.ts';
import type { Delivery, DeliveryAccount, OutcomeCounts, Signal } from '../model/sink.ts';
import { type Checkpoint, openCheckpoint, type SavedState } from './checkpoint/checkpoint.ts';
import { createWriter, lossCounter } from './checkpoint/follower.ts';
import { outcomeListeners } from './checkpoint/skip-settled.ts';
import { type Deliveries, type DestinationFactory, openDeliveries } from './destinations.ts';
import { openLogs } from './input.ts';
import {
  type CheckpointOptions,
  DEFAULT_SHUTDOWN_MILLIS,
  type Log,
  type ReplayListeners,
} from './options.ts';
import { originOf } from './origin.ts';
import { ReplayError } from './replay-error.ts';

export interface SendOptions {
  readonly destination: DestinationFactory;
  /** Where the run writes down how far it came, to go on from there next time. Not for streams. */
  readonly checkpoint?: CheckpointOptions | undefined;
  /** A file for requests that failed for good, as OTLP/JSON lines. */
  readonly deadLetter?: string | undefined;
  /** Ends the reading. What was read still leaves, within `shutdownTimeoutMillis`. */
  readonly signal?: AbortSignal | undefined;
  /** How long an aborted run may take to send what is in flight. Default 10,000. */
  readonly shutdownTimeoutMillis?: number | undefined;
  readonly on: Pick<ReplayListeners, 'notice' | 'outage'> & {
    /** Called for every line that is not sent, or not all of it. */
    readonly diagnostic: (diagnostic: Diagnostic) => void;
    readonly progress: (read: { readonly lines: number }) => void;
  };
}

export interface SendReport {
  /** One for each signal that was sent; in each, `made = accepted + rejected + failed`. */
  readonly accounts: readonly DeliveryAccount[];
  /** What the destination does not take. */
  readonly leftOut: Readonly<Record<Signal, number>>;
  /** Fields that spans and points of this program have no place for, and how often. */
  readonly lostFields: ReadonlyMap<string, number>;
  /** False when the run was aborted before the end of the last file. */
  readonly whole: boolean;
}

/** Rejects with a `ReplayError` when it cannot run at all. */
export async function send(files: readonly Log[], options: SendOptions): Promise<SendReport> {
  const sources = await openLogs(files);
  if (options.checkpoint === undefined) return await sendAll(sources, options, undefined);
  const { directory, settings } = options.checkpoint;
  if (!sources.every(({ reopenable }) => reopenable)) {
    throw new ReplayError('invalid-option', 'A checkpoint is for files: a pipe cannot be read again.');
  }
  const checkpoint = await openCheckpoint<Sent>(
    directory,
    { of: 'files to send', ...settings },
    options.on.notice,
  );
  try {
    return await sendAll(sources, options, checkpoint);
  } finally {
    await checkpoint.release();
  }
}

async function sendAll(
  sources: readonly ByteSource[],
  options: SendOptions,
  checkpoint: Checkpoint<Sent> | undefined,
): Promise<SendReport> {
  const read = { lines: 0 };
  const deliveries = await openSending(options, checkpoint, read);
  const position = checkpoint && (await openPosition(checkpoint, deliveries, options.on.notice));
  const sender = createSender(deliveries, options.on.diagnostic);
  for (const source of sources) {
    let sent = (await position?.begin(source)) ?? 0;
    for await (const line of linesOf(source, options, position)) {
      if (sent-- <= 0) await sender.send(line);
      position?.add(line);
      read.lines += 1;
      options.on.progress(read);
    }
  }
  await position?.writeLast();
  const accounts = await deliveries.finish(undefined);
  return {
    accounts: accounts.filter(({ signal, made }) => signal !== 'log records' || made > 0),
    ...sender.notSent(),
    whole: options.signal?.aborted !== true,
  };
}

async function openSending(
  { destination, signal, shutdownTimeoutMillis = DEFAULT_SHUTDOWN_MILLIS, on, ...options }: SendOptions,
  checkpoint: Checkpoint<Sent> | undefined,
  read: { readonly lines: number },
): Promise<Deliveries> {
  const deliveries = await openDeliveries(
    [destination],
    {
      // Every span and point read from a file has an origin of its own.
      origin: originOf({}, []),
      metricIntervalMicros: 0,
      holdsContent: true,
      deadLetter: options.deadLetter === undefined ? undefined : deadLetter(options.deadLetter),
      onOutage: on.outage,
    },
    checkpoint && {
      ...checkpoint,
      listeners: outcomeListeners(checkpoint.journal, checkpoint.journalState, () => read.lines, isDone),
    },
  );
  signal?.addEventListener('abort', () => deliveries.setDeadline(shutdownTimeoutMillis), { once: true });
  checkpoint?.lost.addEventListener('abort', () => deliveries.setDeadline(0), { once: true });
  return deliveries;
}

/** The lines of a file, until the run is aborted. */
async function* linesOf(
  source: ByteSource,
  { signal, on }: SendOptions,
  position: Position | undefined,
): AsyncGenerator<InputLine, void, undefined> {
  for await (const lines of readLines(source, { signal, onDiagnostic: on.diagnostic })) {
    await position?.write();
    for (const line of lines) {
      if (signal?.aborted) return;
      yield line;
    }
  }
}

function createSender(deliveries: Deliveries, onDiagnostic: (diagnostic: Diagnostic) => void) {
  const reader = createOtlpReader();
  const leftOut: Record<Signal, number> = { spans: 0, 'metric points': 0, 'log records': 0 };
  const one = () => 1;

  async function write<Item>(
    sinks: readonly Delivery<Item>[],
    items: readonly Item[],
    signal: Signal,
    weigh: (item: Item) => number,
  ): Promise<void> {
    if (sinks.length === 0) for (const item of items) leftOut[signal] += weigh(item);
    for (const sink of sinks) await sink.write(items);
  }

  return {
    async send(line: InputLine): Promise<void> {
      const refuse = (message: string) =>
        onDiagnostic({
          severity: 'error',
          code: 'line-not-sent',
          message,
          at: { source: line.source, line: line.line },
        });
      const request = reader.read(line);
      if (typeof request === 'string') return refuse(`the line was not sent: ${request}`);
      const { unsupportedPoints } = request;
      if (unsupportedPoints > 0) {
        refuse(
          `${unsupportedPoints} metric points were not sent: only monotonic integer sums and histograms can be`,
        );
      }
      const place = placeOf(line);
      await write(deliveries.spans, placed(request.spans, place), 'spans', one);
      await write(deliveries.logs, placed(request.logs, place), 'log records', one);
      await write(deliveries.metrics, placed(request.snapshots, place), 'metric points', pointsIn);
    },
    notSent: () => ({ leftOut, lostFields: reader.leftOut() }),
  };
}

/** What failed and is not in a dead-letter file is sent again by the next run. */
function isDone({ failed, deadLettered }: OutcomeCounts): boolean {
  return failed <= deadLettered;
}

/** The same in each run. With the items of a line counted up from it, no two of the same kind have the same. */
function placeOf({ source, endOffsetBytes }: InputLine): number {
  const place = `${resolve(source)}\n${endOffsetBytes}`;
  return createHash('sha256').update(place).digest().readUIntBE(0, 6);
}

function placed<Item extends object>(items: readonly Item[], first: number): readonly Item[] {
  return items.map((item, at) => ({ ...item, place: first + at }));
}

/** How far a run came in its files. Plain data. */
interface Sent extends SavedState {
  /** The destination. */
  readonly to: string;
  readonly accepted: readonly string[];
  readonly files: Readonly<Record<string, SentFile>>;
}

/** The first lines of a file, which all have their outcome, and a hash of them. */
interface SentFile {
  readonly lines: number;
  readonly sha256: string;
}

type Position = Awaited<ReturnType<typeof openPosition>>;

/** Throws a `ReplayError` when the checkpoint is of another destination. */
async function openPosition(
  checkpoint: Checkpoint<Sent>,
  deliveries: Deliveries,
  onNotice: (sentence: string) => void = () => {},
) {
  const to = [...new Set(deliveries.accounts().map(({ destination }) => destination))].join(', ');
  const { snapshot: before, directory } = checkpoint;
  if (before !== undefined && before.to !== to) {
    throw new ReplayError(
      'checkpoint',
      `The checkpoint ${directory} is of files that were sent to ${before.to}, not to ${to}. Give each receiver a directory of its own.`,
    );
  }
  const files: Record<string, SentFile> = { ...before?.files };
  const newlyLost = lossCounter(deliveries.accounts);
  let [path, lines, hash, lost] = ['', 0, createHash('sha256'), 0];
  const note = () => {
    if (path !== '') files[path] = { lines, sha256: hash.copy().digest('hex') };
  };
  const writer = createWriter<Sent>(
    checkpoint,
    {
      stage: () => `${path} ${lines}`,
      settled: deliveries.settled,
      async snapshot() {
        note();
        return { to, accepted: deliveries.accepted(), files };
      },
      mayMoveOn() {
        lost += newlyLost();
        return lost === 0;
      },
    },
    onNotice,
  );
  // The journal belongs to a checkpoint, so there has to be one before anything is sent.
  if (before === undefined) await writer.attempt();

  return {
    /** @returns number of lines of the file that an earlier run has sent */
    async begin(source: ByteSource): Promise<number> {
      note();
      [path, lines, hash] = [resolve(source.name), 0, createHash('sha256')];
      const sent = files[path];
      if (sent === undefined || sent.lines === 0) return 0;
      if (await beginsWith(source, sent)) {
        onNotice(`an earlier run has sent the first ${sent.lines} lines of ${source.name}.`);
        return sent.lines;
      }
      onNotice(`${source.name} is not the file that was sent before: it is sent from its beginning.`);
      return 0;
    },
    /** Adds a line that was read. */
    add(line: InputLine): void {
      // A line that is still being written is read again by the next run.
      if (line.damage?.kind === 'no_line_end') return;
      addTo(hash, line);
      lines += 1;
    },
    /** Called before a batch is sent: writes the checkpoint, if it is due. Throws when another process has taken it over. */
    async write(): Promise<void> {
      await checkpoint.assertHeld();
      if (writer.isDue(performance.now(), false)) await writer.write();
    },
    async writeLast(): Promise<void> {
      await checkpoint.assertHeld();
      await writer.write();
      if (lost > 0) {
        onNotice(
          `${lost} spans, points or records were not delivered: the next run with this checkpoint sends them.`,
        );
      }
    },
  };
}

async function beginsWith(source: ByteSource, { lines, sha256 }: SentFile): Promise<boolean> {
  const hash = createHash('sha256');
  let left = lines;
  for await (const batch of readLines(source, { signal: undefined, onDiagnostic: () => {} })) {
    for (const line of batch.slice(0, left)) addTo(hash, line);
    left -= Math.min(left, batch.length);
    if (left === 0) break;
  }
  return left === 0 && hash.digest('hex') === sha256;
}

function addTo(hash: Hash, { text }: InputLine): void {
  hash.update(text).update('\n');
}
