import type { DeliveryAccount, Settlement } from '../../model/sink.ts';
import type { Transport } from './answer.ts';
import type { Clock } from './clock.ts';
import type { DeadLetter } from './dead-letter.ts';
import { createDeliver, type Outcome } from './deliver.ts';
import type { ItemRules } from './item-rules.ts';
import { createLedger, type NewLedger } from './ledger.ts';
import { createWindow } from './window.ts';

// The way of every item to one receiver: gathered into requests, at most so many of them under way, each followed to
// its end. There is no queue and no path that drops: who gives faster than the receiver takes, waits.

export interface DeliveryLimits {
  /** Of an uncompressed request. */
  readonly maxRequestBytes: number;
  /** Spans, or metric points; a snapshot of points is not divided for it. */
  readonly maxRequestItems: number;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** For how long one request is tried. */
  readonly retryForMillis: number;
  /** How long an item may wait for company. */
  readonly flushIntervalMillis: number;
}

export interface DeliveryOptions<Item> {
  /** As people name it, without secrets. */
  readonly destination: string;
  readonly rules: ItemRules<Item>;
  readonly transport: Transport;
  readonly limits: DeliveryLimits;
  readonly clock: Clock;
  /** Where requests that failed for good are kept; `undefined`: nowhere. */
  readonly deadLetter: DeadLetter | undefined;
  readonly onOutage: (sentence: string) => void;
  /** For each request. */
  readonly newWitness?: (() => Witness<Item>) | undefined;
  /** Who keeps the account; by default nobody but us. */
  readonly newLedger?: NewLedger | undefined;
}

export interface Delivery<Item> {
  /** Returns when there is room for more. One call at a time. */
  write(items: readonly Item[]): Promise<void>;
  /** Sends what was written so far; returns when all of it has its outcome. Not while a `write` of the same caller waits. */
  settled(): Promise<void>;
  soFar(): DeliveryAccount;
  /** From now on there is a hurry: when `withinMillis` are over, what is still under way counts as failed. Heard once. */
  hurry(withinMillis: number): void;
  /**
   * Sends what is left and closes the account. May be called while a `write` still waits.
   * @param withinMillis when it is over, what is still under way counts as failed; `undefined`: no limit of its own.
   */
  finish(withinMillis?: number): Promise<DeliveryAccount>;
}

/** Who must know what became of each item of a request. */
export interface Witness<Item> {
  /** Shown each while it is at hand: when the request has its outcome, reading so many would cost as much as sending them. */
  add(item: Item): void;
  /** Told at the moment they have their outcome; not when that is only that there was no time left, or that nobody wants them. */
  settled(how: Settlement): void;
}

interface Batch<Item> {
  readonly items: readonly Item[];
  readonly witness: Witness<Item> | undefined;
  readonly body: Uint8Array;
}

const NONE: Settlement = { accepted: 0, rejected: 0, failed: 0, deadLettered: 0 };

export function createDelivery<Item>(options: DeliveryOptions<Item>): Delivery<Item> {
  const { destination, rules, limits, clock, deadLetter, newWitness } = options;
  const encoder = rules.newEncoder();
  const stop = new AbortController();
  const window = createWindow(limits.concurrency);
  const ledger = (options.newLedger ?? createLedger)(destination, rules.signal);
  const deliver = createDeliver({
    transport: options.transport,
    clock,
    retryForMillis: limits.retryForMillis,
    stop: stop.signal,
    onRequest: ledger.request,
    onOutage: options.onOutage,
  });

  let gathered: Item[] = [];
  let gatheredWeight = 0;
  let gatheredWitness = newWitness?.();
  /** Halved when a receiver finds a request too large; never a reason to cut a single item. */
  let softMaxBytes = limits.maxRequestBytes;
  let cancelTimer: (() => void) | undefined;
  let overdue = false;
  let writing: Promise<void> = Promise.resolve();
  /** What should never be thrown, kept for `finish` to throw. */
  let bug: unknown;
  let cancelHurry: (() => void) | undefined;

  const weigh = (items: readonly Item[]) => items.reduce((sum, item) => sum + rules.weight(item), 0);

  function gather(item: Item): boolean {
    const maxBytes = gathered.length === 0 ? limits.maxRequestBytes : softMaxBytes;
    if (!encoder.add(item, maxBytes)) return false;
    gathered.push(item);
    gatheredWitness?.add(item);
    gatheredWeight += rules.weight(item);
    if (gathered.length === 1) cancelTimer = clock.timer(limits.flushIntervalMillis, onTimer);
    return true;
  }

  function takeBatch(): Batch<Item> | undefined {
    cancelTimer?.();
    overdue = false;
    if (gathered.length === 0) return undefined;
    const batch = { items: gathered, witness: gatheredWitness, body: encoder.finish() };
    gathered = [];
    gatheredWitness = newWitness?.();
    gatheredWeight = 0;
    return batch;
  }

  function onTimer(): void {
    if (window.hasRoom()) void dispatch();
    else overdue = true;
  }

  /** Returns when the batch in the making is under way; its outcome is awaited by `finish`. */
  async function dispatch(): Promise<void> {
    const batch = takeBatch();
    if (batch === undefined) return;
    await window.enter();
    void follow(batch)
      .catch((error: unknown) => {
        bug ??= error;
      })
      .finally(() => {
        window.leave();
        if (overdue && window.hasRoom()) void dispatch();
      });
  }

  async function follow(batch: Batch<Item>): Promise<void> {
    const outcome = await deliver(batch.body);
    await settle(batch, outcome);
  }

  async function settle(batch: Batch<Item>, outcome: Outcome): Promise<void> {
    const made = weigh(batch.items);
    switch (outcome.kind) {
      case 'accepted': {
        const rejected = Math.min(outcome.rejected, made);
        ledger.accepted(made - rejected);
        if (rejected > 0) ledger.rejected(rejected, outcome.message);
        else if (outcome.message !== '') ledger.note(outcome.message);
        batch.witness?.settled({ accepted: made - rejected, rejected, failed: 0, deadLettered: 0 });
        return;
      }
      case 'unwanted':
        return ledger.unwanted(made);
      case 'too_large':
        return await halve(batch, outcome.sentence);
      case 'final':
        return await lose(batch, outcome.sentence);
      default:
        outcome satisfies never;
    }
  }

  async function halve(batch: Batch<Item>, sentence: string): Promise<void> {
    const halves = halvesOf(batch.items);
    if (halves === undefined) return await lose(batch, sentence);
    softMaxBytes = Math.min(softMaxBytes, Math.ceil(batch.body.length / 2));
    for (const items of halves) await follow({ items, witness: witnessOf(items), body: encodeAgain(items) });
  }

  /** `undefined` when it cannot be divided without a loss. */
  function halvesOf(items: readonly Item[]): readonly (readonly Item[])[] | undefined {
    const [first] = items;
    if (first === undefined) return undefined;
    const middle = Math.ceil(items.length / 2);
    if (items.length > 1) return [items.slice(0, middle), items.slice(middle)];
    const reduced = rules.reduce(first);
    return reduced?.loss === undefined ? reduced?.items.map((item) => [item]) : undefined;
  }

  function encodeAgain(items: readonly Item[]): Uint8Array {
    const again = rules.newEncoder();
    for (const item of items) again.add(item, Number.POSITIVE_INFINITY);
    return again.finish();
  }

  function witnessOf(items: readonly Item[]): Witness<Item> | undefined {
    const again = newWitness?.();
    for (const item of items) again?.add(item);
    return again;
  }

  async function lose({ items, witness }: Omit<Batch<Item>, 'body'>, sentence: string): Promise<void> {
    if (items.length === 0) return;
    const problem = await deadLetter?.append(rules.toLine(items));
    if (problem !== undefined) ledger.note(problem);
    const failed = weigh(items);
    const kept = deadLetter !== undefined && problem === undefined;
    ledger.failed(failed, sentence, kept);
    // What failed for lack of time is the next run's to try.
    if (kept || !stop.signal.aborted) witness?.settled({ ...NONE, failed, deadLettered: kept ? failed : 0 });
  }

  /** Gathers an item that did not fit: sends what was gathered before it, and reduces it when nothing else helps. */
  async function makeRoomFor(item: Item, isPart = false): Promise<void> {
    await dispatch();
    if (gather(item)) return;
    const reduced = rules.reduce(item);
    if (reduced === undefined) {
      return await lose(
        { items: [item], witness: witnessOf([item]) },
        `one of the ${rules.signal} is larger than --max-request-bytes and cannot be cut`,
      );
    }
    if (reduced.loss !== undefined && !isPart) ledger.cut(rules.weight(item), reduced.loss);
    for (const part of reduced.items) {
      if (!gather(part)) await makeRoomFor(part, true);
    }
  }

  async function writeAll(items: readonly Item[]): Promise<void> {
    for (const item of items) {
      ledger.made(rules.weight(item));
      // Nearly every item fits: it is not waited for.
      if (!gather(item)) await makeRoomFor(item);
      if (gatheredWeight >= limits.maxRequestItems) await dispatch();
    }
  }

  async function settled(): Promise<void> {
    await writing;
    await dispatch();
    await window.empty();
    if (bug !== undefined) throw bug;
  }

  function hurry(withinMillis: number): void {
    cancelHurry ??= clock.timer(withinMillis, () => stop.abort());
  }

  return {
    write(items) {
      writing = writeAll(items);
      return writing;
    },
    settled,
    soFar: ledger.soFar,
    hurry,
    async finish(withinMillis) {
      if (withinMillis !== undefined) hurry(withinMillis);
      await settled();
      cancelHurry?.();
      return ledger.close();
    },
  };
}
