/**
 * Reads a topic as a member of a consumer group, exactly also under kill -9. Five rules make it so: on every join all state is
 * dropped; the snapshot that is loaded is the one that the committed offset names; messages below the position are skipped;
 * nothing is read beyond a gap; and an offset is committed only while its partition is owned, after its snapshot was stored.
 */

import type { DeliveryAccount } from '../model/sink.ts';
import { ReplayError } from '../replay/replay-error.ts';
import { type Assignment, type GroupMember, type Message, Unreachable } from './group.ts';
import { type FleetOptions, openPartition, type Partition } from './partition.ts';
import type { SnapshotStore } from './store.ts';

export interface ConsumeOptions extends FleetOptions {
  readonly group: string;
  /** Where a partition begins that the group never committed. Default `earliest`. */
  readonly from?: 'earliest' | 'latest' | undefined;
  /** Time between two snapshots. Default 1,000. */
  readonly snapshotIntervalMillis?: number | undefined;
  /** The wall clock in epoch milliseconds. Default `Date.now`. */
  readonly clock?: (() => number) | undefined;
}

export interface Consumed {
  /** Messages that were ingested, over all assignments. */
  readonly messages: number;
  /** One for each partition that this member owned, when it lost it. */
  readonly accounts: readonly DeliveryAccount[];
  /** Why it ended; `undefined` after a stop that was asked for. */
  readonly ended: Ended | undefined;
}

export interface Ended {
  readonly reason: string;
  /** True when another start may succeed, false when it would end in the same way. */
  readonly startAgain: boolean;
}

/** How long one wait for messages takes: silences and stops are noticed this late. */
const TICK_MILLIS = 100;
/** A snapshot takes at most this share of the time. */
const SNAPSHOT_SHARE = 0.1;
/** How long snapshots or commits may fail: until then a crash reads more and more again. */
const PATIENCE_MILLIS = 60_000;
/** How long a partition that was lost may send what is in flight. */
const LEAVE_MILLIS = 2000;

/** Runs until `options.signal` aborts. Rejects with a `ReplayError` when it cannot run at all. */
export async function consume(
  join: () => Promise<GroupMember>,
  store: SnapshotStore,
  options: ConsumeOptions,
): Promise<Consumed> {
  const accounts: DeliveryAccount[] = [];
  let messages = 0;
  let ended: Ended | undefined;
  const onServed = (partitions: readonly Partition[], taken: number, left: readonly DeliveryAccount[]) => {
    messages += taken;
    accounts.push(...left);
    const lost = partitions.reduce((sum, partition) => sum + partition.lost(), 0);
    if (lost > 0) options.on?.notice?.(`${lost} messages were lost to retention so far.`);
  };
  let member: GroupMember | undefined;
  try {
    member = await join();
    while (!options.signal?.aborted && ended === undefined) {
      const owned = member.assignment();
      if (owned === undefined) await member.next(TICK_MILLIS);
      else {
        options.on?.notice?.(
          `reading partitions ${owned.partitions.join(', ') || '(none)'} of ${options.topic}.`,
        );
        ended = await serve({ member, store, options, owned }, onServed);
      }
    }
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    ended = again(error.message);
  } finally {
    await member?.close();
  }
  return { messages, accounts, ended };
}

function again(reason: string): Ended {
  return { reason, startAgain: true };
}

interface Serving {
  readonly member: GroupMember;
  readonly store: SnapshotStore;
  readonly options: ConsumeOptions;
  readonly owned: Assignment;
}

type OnServed = (
  partitions: readonly Partition[],
  taken: number,
  accounts: readonly DeliveryAccount[],
) => void;

/** Reads one assignment to its end, or until the stop. Returns why it ended early. */
async function serve(serving: Serving, onServed: OnServed): Promise<Ended | undefined> {
  const { member, options } = serving;
  const { signal, clock = Date.now, snapshotIntervalMillis = 1000, shutdownTimeoutMillis } = options;
  const byNumber = await openAll(serving, clock);
  const partitions = [...byNumber.values()];
  const save = createSaver(serving, partitions);
  const isOwned = () => member.assignment() === serving.owned;
  const onStop = () => {
    for (const { destinations } of partitions)
      destinations.setDeadline(shutdownTimeoutMillis ?? LEAVE_MILLIS);
  };
  signal?.addEventListener('abort', onStop, { once: true });
  let [taken, dueAt] = [0, 0];
  let ended: Ended | undefined;
  try {
    await member.readFrom(new Map(partitions.map(({ number, position }) => [number, position()])));
    while (isOwned() && !signal?.aborted && ended === undefined) {
      const messages = await member.next(TICK_MILLIS);
      if (!isOwned()) break;
      ended = await take(byNumber, messages);
      taken += messages.length;
      if (clock() < dueAt) continue;
      const from = clock();
      ended ??= await save();
      dueAt = clock() + Math.max(snapshotIntervalMillis, (clock() - from) / SNAPSHOT_SHARE);
    }
    if (isOwned()) ended ??= await save();
  } finally {
    signal?.removeEventListener('abort', onStop);
    const left = await finishAll(partitions);
    onServed(partitions, taken, left.flat());
  }
  return ended;
}

/** Returns `undefined` unless there is a gap. */
async function take(
  partitions: ReadonlyMap<number, Partition>,
  messages: readonly Message[],
): Promise<Ended | undefined> {
  for (const [number, some] of byPartition(messages)) {
    const partition = partitions.get(number);
    if (partition !== undefined && !(await partition.take(some))) return gap(partition.position(), number);
  }
  return undefined;
}

function gap(position: bigint, partition: number): Ended {
  return again(
    `partition ${partition} goes on beyond offset ${position}, which was not read: compacted and transactional topics cannot be read`,
  );
}

function byPartition(messages: readonly Message[]): ReadonlyMap<number, readonly Message[]> {
  const parts = new Map<number, Message[]>();
  for (const message of messages) {
    const part = parts.get(message.partition);
    if (part === undefined) parts.set(message.partition, [message]);
    else part.push(message);
  }
  return parts;
}

/**
 * Loads what the committed offsets name. Throws a `ReplayError` for a snapshot that is missing or cannot be read; the
 * destinations that were opened before it are closed then.
 */
async function openAll(
  { member, store, options, owned }: Serving,
  clock: () => number,
): Promise<ReadonlyMap<number, Partition>> {
  const partitions = new Map<number, Partition>();
  if (owned.partitions.length === 0) return partitions;
  const offsets = await member.offsets(owned.partitions);
  try {
    for (const [number, { committed, earliest, end }] of offsets) {
      const begin = options.from === 'latest' ? end : earliest;
      const from =
        committed === undefined
          ? { position: begin, place: '' }
          : await stored(store, options, number, committed);
      const partition = await openPartition(number, options, { ...from, end }, clock);
      partitions.set(number, partition);
      if (from.position >= earliest) continue;
      partition.skipTo(earliest);
      options.on?.notice?.(
        `${earliest - from.position} messages of partition ${number} were removed by retention before they were read: their spans are missing.`,
      );
    }
  } catch (error) {
    await finishAll([...partitions.values()]);
    throw error;
  }
  return partitions;
}

function finishAll(partitions: readonly Partition[]): Promise<readonly (readonly DeliveryAccount[])[]> {
  return Promise.all(partitions.map(({ destinations }) => destinations.finish(LEAVE_MILLIS)));
}

async function stored(store: SnapshotStore, options: ConsumeOptions, partition: number, position: bigint) {
  const name = nameOf(options, partition, position);
  const place = `${store.place}/${name}`;
  const text = await store.get(name);
  if (text !== undefined) return { text, position, place };
  throw new ReplayError(
    'checkpoint',
    `The checkpoint ${place} is missing, which the offset of group ${options.group} names: begin anew with another --group.`,
  );
}

function nameOf({ group, topic }: ConsumeOptions, partition: number, offset: bigint): string {
  return [group, topic, partition, offset].map((part) => encodeURIComponent(String(part))).join('/');
}

/**
 * Stores snapshots, and commits the offsets that name them. What it makes returns why the consumer has to end: something
 * could not be delivered, or snapshots have failed for too long.
 */
function createSaver(
  { member, store, options, owned }: Serving,
  partitions: readonly Partition[],
): () => Promise<Ended | undefined> {
  const clock = options.clock ?? Date.now;
  const isOwned = () => member.assignment() === owned;
  /** The last offset that was committed, by partition. */
  const committed = new Map(partitions.map(({ number, loadedFrom }) => [number, loadedFrom]));
  let failingSince: number | undefined;

  async function saveOne(partition: Partition): Promise<void> {
    const { number } = partition;
    const { text, position, apply } = await partition.snapshot();
    const before = committed.get(number);
    // This object has a name that counts already: only a member of the present group may replace it.
    if (before === position) await member.commit(number, position);
    if (!isOwned()) return;
    await store.put(nameOf(options, number, position), text);
    if (!isOwned()) return;
    await member.commit(number, position);
    committed.set(number, position);
    await apply();
    if (before !== undefined && before !== position) await store.remove(nameOf(options, number, before));
  }

  function failed(reason: string): Ended | undefined {
    const sentence = `no snapshot could be stored and committed: ${reason}`;
    if (failingSince === undefined) options.on?.notice?.(sentence);
    failingSince ??= clock();
    return clock() - failingSince > PATIENCE_MILLIS ? again(sentence) : undefined;
  }

  return async () => {
    const due = partitions.filter((partition) => partition.isDue());
    await Promise.all(due.map(({ destinations }) => destinations.settled()));
    if (!isOwned()) return undefined;
    const undelivered = undeliveredIn(due.flatMap(({ destinations }) => destinations.accounts()));
    if (undelivered !== undefined) return undelivered;
    // All of them end before the next attempt begins.
    const outcomes = await Promise.allSettled(due.map(saveOne));
    const rejected = outcomes.find(({ status }) => status === 'rejected');
    if (rejected?.status !== 'rejected') failingSince = undefined;
    else if (!(rejected.reason instanceof Unreachable)) throw rejected.reason;
    else if (isOwned()) return failed(rejected.reason.message);
    return undefined;
  };
}

/** About items that no receiver has and no dead-letter file keeps. */
function undeliveredIn(accounts: readonly DeliveryAccount[]): Ended | undefined {
  const undelivered = accounts.filter(({ failed, deadLettered }) => failed > deadLettered);
  if (undelivered.length === 0) return undefined;
  const reason = undelivered.flatMap(({ problems }) => problems).join('; ');
  const refused = undelivered.some((account) => account.refused > account.deadLettered);
  if (!refused) return again(`nothing is committed, as not everything was delivered: ${reason}`);
  return {
    reason: `nothing is committed, as a receiver refuses what it would get again: ${reason}. With --dead-letter FILE it is kept there, and reading goes on`,
    startAgain: false,
  };
}
