import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { type ConsumeOptions, consume } from '../../src/fleet/consume.ts';
import { compressedStore, directoryStore } from '../../src/fleet/store.ts';
import type { Diagnostic } from '../../src/model/diagnostic.ts';
import type { DestinationFactory } from '../../src/replay/destinations.ts';
import { runMain } from '../run-main.ts';
import {
  choicesOf,
  type FakeBroker,
  fakeBroker,
  fakeStore,
  process as newProcess,
  type Received,
  received,
  receiver,
} from './fake-broker.ts';
import { recorded } from './shipped.ts';

const at = 1_795_000_000;
const turn = (session: string, ts: number) => [
  { ts, event: 'pre_llm_call', session_id: session, turn_id: `${session}-t`, model: 'm' },
  { ts: ts + 1, event: 'post_llm_call', session_id: session, turn_id: `${session}-t`, model: 'm' },
  { ts: ts + 2, event: 'on_session_finalize', session_id: session, reason: 'shutdown' },
];

interface World {
  readonly broker: FakeBroker;
  readonly clock: { now: number };
  readonly names: Map<string, string>;
  readonly got: Received;
  readonly notices: string[];
  readonly diagnostics: Diagnostic[];
  /** Consumes until everything is committed, and so many looks at the broker longer. */
  run(more?: number, options?: Partial<ConsumeOptions>): ReturnType<typeof consume>;
}

function world(partitions = 1): World {
  const clock = { now: 1_800_000_000_000 };
  const broker = fakeBroker(partitions, () => {
    clock.now += 1000;
  });
  const [names, got] = [new Map<string, string>(), received()];
  const [notices, diagnostics]: [string[], Diagnostic[]] = [[], []];
  return {
    broker,
    clock,
    names,
    got,
    notices,
    diagnostics,
    async run(more = 5, options = {}) {
      const stop = new AbortController();
      const process = newProcess();
      const member = broker.join(process, choicesOf([3]));
      let left = more;
      let ticks = 0;
      const next = async (millis: number) => {
        if (broker.isDrained() && left-- <= 0) stop.abort();
        if (ticks++ > 5000) throw new Error('it does not end');
        return await member.next(millis);
      };
      return await consume(async () => ({ ...member, next }), fakeStore(names)(process), {
        topic: 'hooks',
        group: 'g',
        cost: false,
        destinations: [receiver(got, process)],
        clock: () => clock.now,
        signal: stop.signal,
        on: { notice: (sentence) => notices.push(sentence), diagnostic: (one) => void diagnostics.push(one) },
        ...options,
      });
    },
  };
}

function produce(broker: FakeBroker, source: string, lines: readonly string[], partition = 0): void {
  for (const line of lines) broker.produce(partition, source, line);
}

test('the committed offset names the snapshot; those before it are removed', async () => {
  const { broker, names, run } = world();
  produce(broker, 'a', recorded(turn('s', at)));
  expect((await run()).ended).toBeUndefined();
  expect([[...names.keys()], broker.committed.get(0)]).toEqual([['g/hooks/0/3'], 3n]);
});

test('a source that falls silent is flushed after a second, and its sessions are closed after the idle timeout', async () => {
  const { broker, got, run } = world();
  produce(broker, 'a', recorded([...turn('s', at), ...turn('open', at + 1).slice(0, 1)]));
  await run(3);
  expect(got.spans.size).toBe(2);
  await run(2000);
  const reasons = [...got.spans.keys()].map(
    (span) => JSON.parse(span).attributes['hermes.incomplete.reason'],
  );
  expect(reasons.filter((reason) => reason === 'idle')).toHaveLength(2);
});

test('two hosts in one partition, one of them two hours late, are two logs', async () => {
  const { broker, got, diagnostics, run } = world();
  const [early, late] = [recorded(turn('late', at), 1), recorded(turn('now', at + 7200), 2)];
  for (const [index, line] of early.entries()) {
    produce(broker, 'x', [line]);
    produce(broker, 'y', late.slice(index, index + 1));
  }
  await run();
  expect([got.spans.size, diagnostics.map(({ code }) => code)]).toEqual([4, []]);
});

test('nothing is read beyond a gap: the consumer ends, and says so', async () => {
  const { broker, run } = world();
  produce(broker, 'a', recorded(turn('s', at)));
  broker.removeOne(0, 1n);
  expect((await run()).ended).toEqual({
    reason: expect.stringMatching(/partition 0 goes on beyond offset 1/),
    startAgain: true,
  });
});

test('messages that retention removed before they were read are counted and said', async () => {
  const { broker, notices, run } = world();
  produce(broker, 'a', recorded(turn('s', at)));
  await run();
  produce(broker, 'a', recorded(turn('t', at + 60), 8));
  produce(broker, 'a', recorded(turn('u', at + 120), 9));
  broker.removeBefore(0, 6n);
  expect((await run()).ended).toBeUndefined();
  expect(notices.join('\n')).toContain('3 messages of partition 0 were removed by retention');
});

test('a snapshot that is missing, damaged or of other settings is refused', async () => {
  const { broker, names, run } = world();
  produce(broker, 'a', recorded(turn('s', at)));
  await run(5, { settings: { '--trace-per': 'session' } });
  await expect(run(5, { settings: { '--trace-per': 'turn' } })).rejects.toThrow(
    'was made with --trace-per session, not turn',
  );
  const [name = '', text = ''] = [...names][0] ?? [];
  names.set(name, text.replace('"lost":0', '"lost":1'));
  await expect(run()).rejects.toThrow('is damaged');
  names.clear();
  await expect(run()).rejects.toThrow('g/hooks/0/3 is missing');
});

test('a partition that cannot be opened: the destinations of those before it are closed', async () => {
  const { broker, names, got, run } = world(2);
  produce(broker, 'a', recorded(turn('s', at)), 0);
  produce(broker, 'b', recorded(turn('t', at)), 1);
  await run();
  names.delete('g/hooks/1/3');
  const open = new Set<unknown>();
  const counting: DestinationFactory = async (opening) => {
    const destination = await receiver(got, newProcess())(opening);
    open.add(destination);
    return { ...destination, close: async () => void open.delete(destination) };
  };
  await expect(run(5, { destinations: [counting] })).rejects.toThrow('g/hooks/1/3 is missing');
  expect(open.size).toBe(0);
});

test.each([
  ['cannot be reached', { failed: 2, refused: 0 }, true],
  ['refuses for good', { failed: 2, refused: 2 }, false],
])('a receiver that %s: nothing is committed', async (_, counts, startAgain) => {
  const { broker, run } = world();
  produce(broker, 'a', recorded(turn('s', at)));
  const failing = receiver(received(), newProcess());
  const { ended } = await run(5, {
    destinations: [
      async (how) => {
        const open = await failing(how);
        const spans = open.spans && {
          ...open.spans,
          soFar: () => ({ ...open.spans?.soFar(), ...counts, problems: ['no (2 spans)'] }) as never,
        };
        return { ...open, spans };
      },
    ],
  });
  expect([ended, broker.committed.get(0)]).toEqual([
    { reason: expect.stringContaining(': no (2 spans)'), startAgain },
    undefined,
  ]);
  expect(ended?.reason.includes('--dead-letter')).toBe(!startAgain);
});

test('a new group begins at the end of the topic when asked to', async () => {
  const { broker, got, run } = world();
  produce(broker, 'a', recorded(turn('s', at)));
  await run(5, { from: 'latest' });
  expect([got.spans.size, broker.committed.get(0)]).toEqual([0, 3n]);
});

const delegates = ['delegate-single', 'delegate-cli-background'];

test.each(delegates)(
  '%s, keyed by its log, keeps its tree; a child without its parent is said',
  async (name) => {
    const log = readFileSync(
      new URL(`../../fixtures/recordings/0.19.0/${name}/flat.ndjson`, import.meta.url),
      'utf8',
    );
    const lines = log.split('\n').filter((line) => line !== '');
    const together = world();
    produce(together.broker, 'home', lines);
    await together.run(2000);
    const spans = [...together.got.spans.keys()].map((span) => JSON.parse(span));
    const ids = new Set(spans.map(({ spanId }) => spanId));
    expect(spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId))).toEqual(
      [],
    );
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(together.diagnostics.filter(({ code }) => code === 'unknown-parent')).toEqual([]);

    const apart = world();
    for (const line of lines) apart.broker.produce(0, String(JSON.parse(line).session_id), line);
    await apart.run(2000);
    expect(apart.diagnostics.map(({ code }) => code)).toContain('unknown-parent');
  },
);

test('a directory keeps snapshots whole', async () => {
  const store = compressedStore(
    directoryStore(`${(await import('node:os')).tmpdir()}/hermes-otel-store-${globalThis.process.pid}`),
  );
  await store.put('g/t/0/7', 'text');
  expect([await store.get('g/t/0/7'), await store.get('g/t/0/8')]).toEqual(['text', undefined]);
  await store.remove('g/t/0/7');
  await store.remove('g/t/0/7');
  expect(await store.get('g/t/0/7')).toBeUndefined();
});

test.each([
  [['--topic', 't', '--checkpoint', 'd'], /needs --brokers/],
  [['--brokers', 'b:1', '--checkpoint', 'd'], /needs --topic/],
  [['--brokers', 'b:1', '--topic', 't'], /needs --checkpoint/],
  [
    ['--brokers', 'b:1', '--topic', 't', '--checkpoint', 'd', '--key-as', 'value'],
    /--key-as takes key or header:NAME/,
  ],
  [['--brokers', 'b:1', '--topic', 't', '--checkpoint', 'd', '-e', 'console'], /not to console/],
  [['--brokers', 'b:1', '--topic', 't', '--checkpoint', 'd', '--sasl', 'plain'], /--sasl needs --user/],
  [
    [
      'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta',
      '--brokers',
      'b:1',
      '--topic',
      't',
      '--checkpoint',
      'd',
    ],
    /delta/,
  ],
])('consume %j: one sentence, exit code 2', async (args, sentence) => {
  const { code, err } = await runMain(['consume', ...args]);
  expect([code, err]).toEqual([2, expect.stringMatching(sentence)]);
});
