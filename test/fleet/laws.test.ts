import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { consume } from '../../src/fleet/consume.ts';
import { replay } from '../../src/replay/replay.ts';
import { sessions } from '../reconstruct/hermes-log.ts';
import {
  type Choices,
  choicesOf,
  fakeBroker,
  fakeStore,
  Killed,
  process as newProcess,
  type Received,
  received,
  receiver,
} from './fake-broker.ts';
import { recorded, redelivered, restarts } from './shipped.ts';

// Any cut, re-reading, hand-over or doubling gives the spans and points of one replay. `npm run test:laws` looks longer.
const RUNS = { endOnFailure: true, numRuns: Number(globalThis.process.env.LAW_RUNS ?? 12) };

/** A thousand runs take minutes. */
const LONG = 3_600_000;

interface Source {
  readonly key: string;
  readonly lines: readonly string[];
}

const source = sessions({ min: 1, max: 2 }).map((made) => recorded(made.flatMap(({ events }) => events)));
const fleet = fc.array(source, { minLength: 1, maxLength: 4 }).map((logs) =>
  // Sessions of two homes never have the same id.
  logs.map(
    (lines, index): Source => ({
      key: `host-${index}`,
      lines: lines.map((line) =>
        line.replaceAll(
          /"(session_id|child_session_id|parent_session_id|turn_id|parent_turn_id|task_id|api_request_id|tool_call_id)":"/g,
          `$&${index}-`,
        ),
      ),
    }),
  ),
);
const numbers = fc.array(fc.nat(1000), { minLength: 8, maxLength: 40 });
/** After how many steps each process is killed, one after the other. */
const kills = fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 8 });

const PARTITIONS = 2;
const OPTIONS = {
  topic: 'hooks',
  group: 'g',
  idleTimeoutMillis: 30 * 60_000,
  reorderWindowMillis: 5000,
  cost: false,
};

/** All messages of all sources, interleaved, in a broker whose clock moves with each look at it. */
function produced(sources: readonly Source[], choose: Choices) {
  const clock = { now: 1_800_000_000_000, idle: 0 };
  const broker = fakeBroker(PARTITIONS, () => {
    clock.now += broker.isDrained() ? 60_000 : 100;
    if (broker.isDrained()) clock.idle++;
  });
  const queues = sources.map(({ key, lines }, index) => ({
    key,
    partition: index % PARTITIONS,
    lines: [...lines],
  }));
  for (let open = queues; open.length > 0; open = open.filter(({ lines }) => lines.length > 0)) {
    const queue = open[choose() % open.length];
    const line = queue?.lines.shift();
    // The Collector sends a line as a JSON string.
    if (queue !== undefined && line !== undefined)
      broker.produce(queue.partition, queue.key, choose() % 2 ? line : JSON.stringify(line));
  }
  return { broker, clock };
}

interface Plan {
  readonly kills: readonly number[];
  readonly members: number;
  readonly numbers: readonly number[];
}

/** Consumes everything, and waits until all is closed by the wall clock. */
async function consumed(
  sources: readonly Source[],
  { kills: planned, members, numbers: chosen }: Plan,
): Promise<Received> {
  const choose = choicesOf(chosen);
  const { broker, clock } = produced(sources, choicesOf([3, 1, 2, 0]));
  const names = new Map<string, string>();
  const storeOf = fakeStore(names);
  const got = received();
  const left = [...planned];
  let ticks = 0;
  let rebalances = planned.length;
  const stop = new AbortController();

  /** Before each look at the broker. Everything is closed two hours after the last message. */
  function disturb(): void {
    if (ticks++ > 20_000) throw new Error('it does not end');
    if (clock.idle > 130) stop.abort();
    if (rebalances === 0 || choose() % 31 !== 0) return;
    rebalances--;
    clock.idle = 0;
    broker.rebalance();
  }

  async function live(): Promise<void> {
    while (!stop.signal.aborted) {
      const process = newProcess(left.shift());
      const member = broker.join(process, choose);
      clock.idle = 0;
      const next = async (millis: number) => {
        disturb();
        return await member.next(millis);
      };
      try {
        const { ended } = await consume(async () => ({ ...member, next }), storeOf(process), {
          ...OPTIONS,
          destinations: [receiver(got, process)],
          clock: () => clock.now,
          signal: stop.signal,
        });
        expect(ended).toBeUndefined();
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
    }
  }

  await Promise.all(Array.from({ length: members }, live));
  expect(broker.isDrained()).toBe(true);
  // One snapshot for each partition: those before were removed, but for what a killed process left.
  expect(names.size).toBeLessThanOrEqual(PARTITIONS + planned.length * PARTITIONS);
  return got;
}

const keysOf = (items: ReadonlyMap<string, number>) => [...items.keys()].sort();

/** The last value of each series. */
function totals({ points }: Received) {
  const last = new Map<string, { readonly endTime: number; readonly value: unknown }>();
  for (const text of points.keys()) {
    const [instance, name, { attributes, endTime, value }] = JSON.parse(text);
    const series = JSON.stringify([instance, name, attributes]);
    if ((last.get(series)?.endTime ?? 0) < endTime) last.set(series, { endTime, value });
  }
  return new Map(Array.from(last, ([series, { value }]) => [series, value]));
}

test(
  'law: kills, hand-overs, re-reading and doubles give the spans and points of one uninterrupted run',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fleet,
        fc.record({ kills, members: fc.integer({ min: 1, max: 3 }), numbers }),
        restarts,
        async (sources, plan, blocks) => {
          const calm = { kills: [], members: 1, numbers: [1] };
          const twice = sources.map(({ key, lines }) => ({ key, lines: redelivered(lines, blocks) }));
          const [once, whole, cut] = [
            await consumed(sources, calm),
            await consumed(twice, calm),
            await consumed(twice, plan),
          ];
          expect(keysOf(cut.spans)).toEqual(keysOf(once.spans));
          expect(keysOf(cut.points)).toEqual(keysOf(whole.points));
          expect(totals(cut)).toEqual(totals(once));
          // Uninterrupted, nothing is sent twice.
          expect(new Set(whole.spans.values())).toEqual(new Set([1]));
        },
      ),
      RUNS,
    );
  },
  LONG,
);

const far = JSON.stringify({
  ts: 1_796_000_000.5,
  event: 'on_session_start',
  session_id: 'later',
  pid: 1,
  seq: 1,
});

test(
  'law: the spans are those that a replay of each log makes',
  async () => {
    await fc.assert(
      fc.asyncProperty(fleet, async (sources) => {
        const whole = await consumed(sources, { kills: [], members: 1, numbers: [1] });
        const plain = received();
        for (const { lines } of sources) {
          // What comes much later closes what is idle, as the wall clock does for a source that is silent.
          const log = { name: 'log', stream: Readable.from([[...lines, far, ''].join('\n')]) };
          await replay(log, { ...OPTIONS, destinations: [receiver(plain, newProcess())] });
        }
        const ofLogs = keysOf(plain.spans).filter((span) => !span.includes('"later"'));
        expect(keysOf(whole.spans)).toEqual(ofLogs);
      }),
      RUNS,
    );
  },
  LONG,
);
