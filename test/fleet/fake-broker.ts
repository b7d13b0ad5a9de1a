/** A broker in memory with one topic and one consumer group, a store, and a receiver; any step of them can be the last one. */

import type { Assignment, GroupMember, Message } from '../../src/fleet/group.ts';
import { Unreachable } from '../../src/fleet/group.ts';
import type { SnapshotStore } from '../../src/fleet/store.ts';
import type { MetricSnapshot, OtelSpan } from '../../src/model/otel.ts';
import type { Delivery, DeliveryAccount } from '../../src/model/sink.ts';
import type { DestinationFactory } from '../../src/replay/destinations.ts';

/** What a process that is killed does next: nothing. */
export class Killed extends Error {}

export interface Process {
  /** Counts a step; throws `Killed` at the last one, and ever after. */
  step(): void;
  killed(): boolean;
}

export function process(steps = Number.POSITIVE_INFINITY): Process {
  let left = steps;
  return {
    step() {
      if (left-- <= 0) throw new Killed();
    },
    killed: () => left < 0,
  };
}

export interface FakeBroker {
  readonly committed: Map<number, bigint>;
  produce(partition: number, source: string, text: string): void;
  /** Removes messages, as retention does. */
  removeBefore(partition: number, offset: bigint): void;
  /** Removes one message, as compaction does. */
  removeOne(partition: number, offset: bigint): void;
  /** True when all messages were committed. */
  isDrained(): boolean;
  join(process: Process, choices: Choices): GroupMember;
  /** All members join again. */
  rebalance(): void;
}

/** Numbers that a test chose, one after the other. */
export type Choices = () => number;

export function choicesOf(numbers: readonly number[]): Choices {
  let at = 0;
  return () => numbers[at++ % Math.max(1, numbers.length)] ?? 0;
}

export function fakeBroker(partitions: number, onTick: () => void = () => {}): FakeBroker {
  const logs = Array.from({ length: partitions }, (): Message[] => []);
  const ends = logs.map(() => 0n);
  const committed = new Map<number, bigint>();
  const members = new Map<object, Assignment | undefined>();

  function rebalance(): void {
    const all = [...members.keys()];
    for (const [index, member] of all.entries()) {
      const owned = logs.flatMap((_, number) => (number % all.length === index ? [number] : []));
      members.set(member, { partitions: owned });
    }
  }

  return {
    committed,
    produce(partition, source, text) {
      const offset = ends[partition] ?? 0n;
      ends[partition] = offset + 1n;
      logs[partition]?.push({ partition, offset, source, text, producedAt: 0 });
    },
    removeBefore(partition, before) {
      logs[partition] = (logs[partition] ?? []).filter(({ offset }) => offset >= before);
    },
    removeOne(partition, one) {
      logs[partition] = (logs[partition] ?? []).filter(({ offset }) => offset !== one);
    },
    isDrained: () => ends.every((end, number) => (committed.get(number) ?? 0n) === end),
    rebalance,
    join(process, choices) {
      const self = {};
      let from = new Map<number, bigint>();
      let readFor: Assignment | undefined;
      members.set(self, undefined);
      rebalance();
      return {
        assignment: () => members.get(self),
        async offsets(numbers) {
          process.step();
          return new Map(
            numbers.map((number) => [
              number,
              {
                committed: committed.get(number),
                earliest: logs[number]?.[0]?.offset ?? ends[number] ?? 0n,
                end: ends[number] ?? 0n,
              },
            ]),
          );
        },
        async readFrom(offsets) {
          process.step();
          from = new Map(offsets);
          readFor = members.get(self);
        },
        async next() {
          await new Promise((resolve) => setImmediate(resolve));
          process.step();
          onTick();
          if (readFor !== members.get(self)) return [];
          return Array.from(from).flatMap(([number, offset]) => {
            // Now and then messages come again.
            const again = choices() % 7 === 0 ? 2n : 0n;
            const some = (logs[number] ?? [])
              .filter((message) => message.offset >= offset - again)
              .slice(0, 3 + (choices() % 20));
            const last = some.at(-1);
            if (last !== undefined && last.offset >= offset) from.set(number, last.offset + 1n);
            return some;
          });
        },
        async commit(number, offset) {
          process.step();
          const owned = members.get(self);
          if (readFor !== owned || !owned?.partitions.includes(number))
            throw new Unreachable('not a member of this generation');
          committed.set(number, offset);
        },
        async close() {
          members.delete(self);
          rebalance();
        },
      };
    },
  };
}

/** The same snapshots for all processes, each of which can be killed before or after any access. */
export function fakeStore(names: Map<string, string>): (process: Process) => SnapshotStore {
  return (process) => ({
    place: 'memory',
    async get(name) {
      process.step();
      return names.get(name);
    },
    async put(name, text) {
      process.step();
      names.set(name, text);
      process.step();
    },
    async remove(name) {
      process.step();
      names.delete(name);
    },
  });
}

/** What a receiver got, each span and point as text; with how often. */
export interface Received {
  readonly spans: Map<string, number>;
  readonly points: Map<string, number>;
}

export function received(): Received {
  return { spans: new Map(), points: new Map() };
}

const ACCOUNT = {
  made: 0,
  accepted: 0,
  rejected: 0,
  failed: 0,
  retries: 0,
  cut: 0,
  deadLettered: 0,
  notTaken: 0,
  refused: 0,
  unwanted: 0,
  spilled: 0,
};

export function receiver({ spans, points }: Received, process: Process): DestinationFactory {
  const count = (into: Map<string, number>, item: unknown) => {
    const text = JSON.stringify(item);
    into.set(text, (into.get(text) ?? 0) + 1);
  };
  function sink<Item>(signal: 'spans' | 'metric points', add: (item: Item) => void): Delivery<Item> {
    const account = { ...ACCOUNT, destination: 'memory', signal } as DeliveryAccount;
    return {
      async write(items) {
        process.step();
        for (const item of items) add(item);
      },
      settled: async () => process.step(),
      soFar: () => account,
      setDeadline: () => {},
      finish: async () => account,
    };
  }
  return async (run) => {
    const instance = run.origin.resource.attributes['service.instance.id'];
    return {
      spans: sink<OtelSpan>('spans', (span) => count(spans, span)),
      metrics: sink<MetricSnapshot>('metric points', ({ metrics }) => {
        for (const { instrument, points: all } of metrics)
          for (const point of all) count(points, [instance, instrument.name, point]);
      }),
      close: async () => {},
    };
  };
}
