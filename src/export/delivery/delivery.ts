import { type Delivery, NO_OUTCOME, type OutcomeCounts } from '../../model/sink.ts';
import { type Encoder, encodeAll, type RequestBody } from '../otlp/encoder.ts';
import { openAccount } from './account.ts';
import type { Clock } from './clock.ts';
import type { DeadLetter } from './dead-letter.ts';
import { createDeliver, type Outcome, type RetryRefusals } from './deliver.ts';
import type { Spill, SpilledLine } from './spill.ts';
import type { Transport } from './transport.ts';

// Carries every item of one signal to one receiver: items are gathered into requests, a bounded number of requests is in
// flight, and each request is followed to its outcome. There is no path that drops: a writer that is faster than the
// receiver waits, unless requests may wait on disk while the receiver is down.

export interface DeliveryLimits {
  /** Size of one uncompressed request. */
  readonly maxRequestBytes: number;
  /** Spans, or metric points; a snapshot of points is not divided for it. */
  readonly maxRequestItems: number;
  /** Requests in flight at once. */
  readonly concurrency: number;
  /** How long one request is tried. */
  readonly retryForMillis: number;
  /** How long an item may wait in a request that is not full. */
  readonly flushIntervalMillis: number;
}

export interface DeliveryOptions<Item, Body> {
  readonly transport: Pick<Transport<Body>, 'destination' | 'prepare'>;
  readonly encoder: Encoder<Item>;
  /** Makes the bodies that the transport carries. */
  readonly newRequest: () => RequestBody<Item, Body>;
  readonly limits: DeliveryLimits;
  readonly clock: Clock;
  /** Keeps requests that failed for good; `undefined`: they are lost. */
  readonly deadLetter?: DeadLetter | undefined;
  readonly onOutage: (sentence: string) => void;
  readonly retryRefusals?: RetryRefusals | undefined;
  /** Where requests wait while the receiver is down; `undefined`: in memory, and the writer waits with them. */
  readonly spill?: Spill | undefined;
  /** Reads what the encoder wrote as JSON; required with `spill`. */
  readonly readLine?: ((text: string) => readonly Item[]) | undefined;
  /** Makes one listener for each request. */
  readonly newListener?: (() => OutcomeListener<Item>) | undefined;
}

/** Learns the outcome of the items of one request. */
export interface OutcomeListener<Item> {
  /** Called at encode time. Reading 512 spans again on completion doubled the cost. */
  add(item: Item): void;
  /**
   * Not called when the only outcome is that no time was left, or that the reader of the output left. All counts are 0
   * when the items wait on disk: the next run finds them there.
   */
  onOutcome(counts: OutcomeCounts): void;
}

type FinalAnswer = Extract<Outcome, { kind: 'final' }>;

interface Batch<Item, Body> {
  readonly items: readonly Item[];
  readonly listener: OutcomeListener<Item> | undefined;
  readonly body: Body;
  readonly sizeBytes: number;
}

/** A receiver that is down for longer keeps no other one waiting. */
const SPILL_AFTER_MILLIS = 2000;

export function createDelivery<Item, Body>(options: DeliveryOptions<Item, Body>): Delivery<Item> {
  const { transport, encoder, newRequest, limits, clock, deadLetter, newListener, spill } = options;
  const request = newRequest();
  const stop = new AbortController();
  const inFlight = createWindow(limits.concurrency);
  const account = openAccount(transport.destination, encoder.signal);
  const deliver = createDeliver({
    transport,
    clock,
    retryForMillis: limits.retryForMillis,
    stop: stop.signal,
    onRequest: (isRetry) => account.add({ requests: 1, retries: isRetry ? 1 : 0 }),
    onOutage: options.onOutage,
    retryRefusals: options.retryRefusals,
  });

  let gathered: Item[] = [];
  let gatheredWeight = 0;
  let listener = newListener?.();
  /** Halved when the receiver finds a request too large. It never causes a single item to be cut. */
  let softMaxBytes = limits.maxRequestBytes;
  let cancelTimer: (() => void) | undefined;
  let overdue = false;
  let writing: Promise<void> = Promise.resolve();
  /** An error that should never happen, kept for `settled` to throw. */
  let bug: unknown;
  let cancelDeadline: (() => void) | undefined;
  const paused = new AbortController();
  let draining: Promise<void> | undefined;

  const weigh = (items: readonly Item[]) => items.reduce((sum, item) => sum + encoder.weight(item), 0);

  function gather(item: Item): boolean {
    const maxBytes = gathered.length === 0 ? limits.maxRequestBytes : softMaxBytes;
    if (!request.add(item, maxBytes)) return false;
    gathered.push(item);
    listener?.add(item);
    gatheredWeight += encoder.weight(item);
    if (gathered.length === 1) cancelTimer = clock.timer(limits.flushIntervalMillis, onTimer);
    return true;
  }

  function takeBatch(): Batch<Item, Body> | undefined {
    cancelTimer?.();
    overdue = false;
    if (gathered.length === 0) return undefined;
    const sizeBytes = request.sizeBytes();
    const batch = { items: gathered, listener, body: request.finish(), sizeBytes };
    gathered = [];
    listener = newListener?.();
    gatheredWeight = 0;
    return batch;
  }

  /** A batch made again: a half of one that was too large, or an item that fits no request. */
  function batchOf(items: readonly Item[]): Batch<Item, Body> {
    const again = newListener?.();
    const body = newRequest();
    for (const item of items) {
      again?.add(item);
      body.add(item, Number.POSITIVE_INFINITY);
    }
    const sizeBytes = body.sizeBytes();
    return { items, listener: again, body: body.finish(), sizeBytes };
  }

  function onTimer(): void {
    if (inFlight.hasRoom()) void dispatch();
    else overdue = true;
  }

  /** Returns when the gathered batch is in flight; `settled` waits for its outcome. */
  async function dispatch(): Promise<void> {
    const batch = takeBatch();
    if (batch === undefined) return;
    if (spill?.isEmpty() === false && (await putOnDisk(batch))) return;
    await inFlight.enter();
    void follow(batch)
      .catch((error: unknown) => {
        bug ??= error;
      })
      .finally(() => {
        inFlight.leave();
        if (overdue && inFlight.hasRoom()) void dispatch();
      });
  }

  async function follow(batch: Batch<Item, Body>): Promise<void> {
    const outcome = await deliver(batch.body, spill && { deferAfterMillis: SPILL_AFTER_MILLIS });
    if (outcome.kind !== 'deferred') return await settle(batch, outcome);
    if (await putOnDisk(batch)) return;
    const last = await deliver(batch.body);
    if (last.kind !== 'deferred') await settle(batch, last);
  }

  /** @returns false when there is no room for it: the writer waits then. */
  async function putOnDisk({ items, listener: own }: Batch<Item, Body>): Promise<boolean> {
    const line = encodeAll(encoder, items, 'application/json');
    if (!(await spill?.append(line, weigh(items)))) return false;
    own?.onOutcome(NO_OUTCOME);
    startDraining();
    return true;
  }

  /** Sends what waits on disk, oldest first, one request at a time. New requests queue up behind it. */
  function startDraining(): void {
    if (spill === undefined || spill.isEmpty() || draining !== undefined || paused.signal.aborted) return;
    draining = drain(spill)
      .catch((error: unknown) => {
        bug ??= error;
      })
      .finally(() => {
        draining = undefined;
        if (bug === undefined) startDraining();
      });
  }

  async function drain(queue: Spill): Promise<void> {
    for (let line = await queue.next(); line !== undefined; line = await queue.next()) {
      // What has no outcome when the run ends stays in the queue for the next run.
      if (!(await sendFromDisk(line))) return;
      await queue.done();
    }
  }

  /** @returns false when it has no outcome. */
  async function sendFromDisk({ text, isOfThisRun }: SpilledLine): Promise<boolean> {
    const batch = batchOf(options.readLine?.(text) ?? []);
    if (batch.items.length === 0) return true;
    const outcome = await deliver(batch.body, { sinceOutage: true, pause: paused.signal });
    if (outcome.kind === 'deferred' || (outcome.kind === 'final' && stop.signal.aborted)) return false;
    if (!isOfThisRun) account.add({ made: weigh(batch.items) });
    await settle(batch, outcome);
    return true;
  }

  async function settle(
    batch: Batch<Item, Body>,
    outcome: Exclude<Outcome, { kind: 'deferred' }>,
  ): Promise<void> {
    const made = weigh(batch.items);
    switch (outcome.kind) {
      case 'accepted': {
        const rejected = Math.min(outcome.rejected, made);
        const counts = { accepted: made - rejected, rejected };
        account.add(counts, rejected > 0 ? outcome.message : undefined);
        if (rejected === 0 && outcome.message !== '') account.note(outcome.message);
        batch.listener?.onOutcome({ ...NO_OUTCOME, ...counts });
        return;
      }
      case 'unwanted':
        return account.add({ unwanted: made, made: -made });
      case 'too_large':
        return await halve(batch, outcome.sentence);
      case 'final':
        return await fail(batch, outcome.sentence, outcome);
      default:
        outcome satisfies never;
    }
  }

  async function halve(batch: Batch<Item, Body>, sentence: string): Promise<void> {
    const halves = halvesOf(batch.items);
    if (halves === undefined) return await fail(batch, sentence);
    softMaxBytes = Math.min(softMaxBytes, Math.ceil(batch.sizeBytes / 2));
    for (const items of halves) await follow(batchOf(items));
  }

  /** `undefined` when the items cannot be divided without a loss. */
  function halvesOf(items: readonly Item[]): readonly (readonly Item[])[] | undefined {
    const [first] = items;
    if (first === undefined) return undefined;
    const middle = Math.ceil(items.length / 2);
    if (items.length > 1) return [items.slice(0, middle), items.slice(middle)];
    const smaller = encoder.shrink(first);
    return smaller?.loss === undefined ? smaller?.items.map((item) => [item]) : undefined;
  }

  async function fail(
    { items, listener: own }: Batch<Item, Body>,
    sentence: string,
    { isNoReceiver, mayPass = false }: Pick<FinalAnswer, 'isNoReceiver' | 'mayPass'> = {},
  ): Promise<void> {
    const problem = await deadLetter?.append(encodeAll(encoder, items, 'application/json'));
    if (problem !== undefined) account.note(problem);
    const failed = weigh(items);
    const isKept = deadLetter !== undefined && problem === undefined;
    const deadLettered = isKept ? failed : 0;
    const [notTaken, refused] = [isNoReceiver ? failed : 0, mayPass ? 0 : failed];
    account.add({ failed, deadLettered, notTaken, refused }, sentence);
    // What failed for lack of time is left for the next run.
    if (isKept || !stop.signal.aborted) own?.onOutcome({ ...NO_OUTCOME, failed, deadLettered });
  }

  /** Gathers an item that did not fit: sends what was gathered before it, and shrinks it when it still does not fit. */
  async function makeRoomFor(item: Item, isPart = false): Promise<void> {
    await dispatch();
    if (gather(item)) return;
    const smaller = encoder.shrink(item);
    if (smaller === undefined) {
      const sentence = `one of the ${encoder.signal} is larger than HERMES_OTEL_MAX_REQUEST_BYTES and cannot be cut`;
      return await fail(batchOf([item]), sentence);
    }
    if (smaller.loss !== undefined && !isPart) {
      account.add({ cut: encoder.weight(item) });
      account.note(smaller.loss);
    }
    for (const part of smaller.items) {
      if (!gather(part)) await makeRoomFor(part, true);
    }
  }

  async function writeAll(items: readonly Item[]): Promise<void> {
    account.add({ made: weigh(items) });
    for (const item of items) {
      // Nearly every item fits: no await then.
      if (!gather(item)) await makeRoomFor(item);
      if (gatheredWeight >= limits.maxRequestItems) await dispatch();
    }
  }

  async function settled(): Promise<void> {
    await writing;
    await dispatch();
    await inFlight.empty();
    if (bug !== undefined) throw bug;
  }

  function setDeadline(withinMillis: number): void {
    cancelDeadline ??= clock.timer(withinMillis, () => stop.abort());
  }

  startDraining();
  return {
    write(items) {
      writing = writeAll(items);
      return writing;
    },
    settled,
    soFar: () => ({ ...account.soFar(), spilled: spill?.itemsLeft() ?? 0 }),
    setDeadline,
    async finish(withinMillis) {
      if (withinMillis !== undefined) setDeadline(withinMillis);
      await settled();
      paused.abort();
      await draining;
      cancelDeadline?.();
      const left = spill?.itemsLeft() ?? 0;
      await spill?.close();
      return account.close(left);
    },
  };
}

/** A bounded number of requests in flight. */
export function createWindow(size: number) {
  let inside = 0;
  const entering: (() => void)[] = [];
  const emptying: (() => void)[] = [];
  return {
    hasRoom: () => inside < size && entering.length === 0,
    /** Waits for room and takes it, in the order of the calls. */
    enter(): Promise<void> {
      if (inside < size) {
        inside += 1;
        return Promise.resolve();
      }
      return new Promise((resolve) => entering.push(resolve));
    },
    leave() {
      const next = entering.shift();
      if (next !== undefined) return next();
      inside -= 1;
      if (inside === 0) for (const resolve of emptying.splice(0)) resolve();
    },
    /** Resolves when nothing is in flight. */
    empty: (): Promise<void> =>
      inside === 0 ? Promise.resolve() : new Promise((resolve) => emptying.push(resolve)),
  };
}
