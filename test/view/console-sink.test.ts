import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import { Chalk } from 'chalk';
import fc from 'fast-check';
import type { AgentSpan } from '../../src/model/span.ts';
import { widthOf } from '../../src/view/columns.ts';
import { consoleSink } from '../../src/view/console-sink.ts';
import type { Page } from '../../src/view/page.ts';
import { apiCall, session, shuffled, subagent, toolCall, turn } from '../agent-spans.ts';
import { expectGolden } from '../golden-file.ts';
import { delegating, failing, hostile, parallelReads } from './logs.ts';
import { PAGES, PLAIN_100 } from './pages.ts';

const ALL = [...parallelReads(), ...failing(), ...delegating()];

/** What a run prints that hands over these batches. */
async function print(
  page: Page,
  batches: readonly (readonly AgentSpan[])[],
  metrics = false,
): Promise<string> {
  let text = '';
  const write = (more: string) => {
    text += more;
  };
  const sink = consoleSink({ ...page, write, traces: true, metrics });
  for (const batch of batches) await sink.write(batch);
  await sink.finish();
  return text;
}

const oneByOne = (spans: readonly AgentSpan[]) => spans.map((span) => [span]);

test.each(PAGES)('genuine shapes, as they finish: console/%s', async (name, page) => {
  expectGolden(new URL(`golden/console/${name}`, import.meta.url), await print(page, oneByOne(ALL), true));
});

test('colours change no character', async () => {
  const colors = new Chalk({ level: 3 });
  const colored = await print({ ...PLAIN_100, colors }, oneByOne(ALL), true);
  expect(colored).toContain('\u001b[31m');
  expect(stripVTControlCharacters(colored)).toBe(await print(PLAIN_100, oneByOne(ALL), true));
});

test('a turn is printed when it finishes, with what came before it', async () => {
  const printed: string[] = [];
  const sink = consoleSink({
    ...PLAIN_100,
    write: (text) => void printed.push(text),
    traces: true,
    metrics: false,
  });
  const root = session({ at: [0, 9000] });
  const first = turn({ at: [0, 2000], below: root });
  await sink.write([apiCall({ at: [10, 500], below: first })]);
  await sink.write([toolCall({ at: [510, 900], below: first })]);
  expect(printed).toEqual([]);
  await sink.write([first]);
  expect(printed.join('')).toMatch(/^session s1.*\n├─ turn 1.*\n│ {2}├─ chat.*\n│ {2}└─ tool terminal.*\n$/);
  await sink.write([root]);
  expect(printed.at(-1)).toMatch(/^└─ completed/);
});

test('whatever the order and the batches, every span is printed once', async () => {
  const names = (text: string) =>
    text.split('\n').filter((line) => /[├└]─ .*(turn|chat|tool|approval|aux|sub-agent)/.test(line));
  const spans = ALL.filter(({ kind }) => kind !== 'session');
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 40 }), async (seed, size) => {
      const order = shuffled(ALL, seed);
      const batches = order.flatMap((_, index) =>
        index % size === 0 ? [order.slice(index, index + size)] : [],
      );
      const text = await print(PLAIN_100, batches);
      // The footer's "3 tools" stands after its branch too.
      expect(names(text).filter((line) => !line.startsWith('└─ '))).toHaveLength(spans.length);
    }),
    { numRuns: 50 },
  );
});

test('within a batch the order changes nothing but which turn is shown first', async () => {
  const rows = (text: string) => text.split('\n').filter((line) => !line.startsWith('session'));
  const expected = rows(await print(PLAIN_100, [parallelReads()]));
  for (const seed of [1, 2, 3]) {
    const text = await print(PLAIN_100, [shuffled(parallelReads(), seed)]);
    expect(rows(text).toSorted()).toEqual(expected.toSorted());
  }
});

test('turns of two sessions in turn: each header once, then a reminder', async () => {
  const [a, b] = [session({ at: [0, 9000], sessionId: 'a' }), session({ at: [0, 9000], sessionId: 'b' })];
  const turns = [1, 2].flatMap((index) =>
    [a, b].map((below) => turn({ at: [index, index + 1], below, index })),
  );
  const headers = (await print(PLAIN_100, oneByOne([...turns, a, b])))
    .split('\n')
    .filter((line) => line.startsWith('session'));
  expect(headers.map((line) => line.replace(/ {2}\d.*/, ''))).toEqual([
    'session a',
    'session b',
    'session a  (continued)',
    'session b  (continued)',
    'session a  (continued)',
    'session b  (continued)',
  ]);
});

test("a sub-agent's turn waits for the sub-agent, and that for its turn", async () => {
  const first = turn({ at: [0, 5000] });
  const delegate = toolCall({ at: [100, 4000], below: first, toolName: 'delegate_task' });
  const child = subagent({ at: [110, 3900], below: delegate });
  const childTurn = turn({ at: [120, 3800], below: { ...child, sessionId: 'child' }, inSubagent: true });
  const text = await print(PLAIN_100, oneByOne([childTurn, child, delegate, first]));
  expect(text.split('\n').map((line) => line.slice(0, 34).trimEnd())).toEqual(
    [
      'session s1  2026-11-23 08:20:14Z',
      '├─ turn 1',
      '│  └─ tool delegate_task',
      '│     └─ sub-agent leaf',
      '│        └─ turn 1',
      '',
    ].map((line) => line.slice(0, 34).trimEnd()),
  );
});

const first = turn({ at: [0, 900] });
const late = toolCall({ at: [100, 2000], below: first, toolName: 'delegate_task' });
const NOTES: readonly (readonly [claim: string, spans: readonly AgentSpan[], note: string])[] = [
  ['a child after its turn', [first, late], 'late, below turn 1'],
  [
    'a grandchild after its parent',
    [late, first, subagent({ at: [110, 1900], below: late })],
    'late, below turn 1 › tool delegate_task',
  ],
  [
    'a turn that is sent again, whole',
    [{ ...first, incomplete: 'end_of_input' }, first],
    'again, from here on whole',
  ],
  ['a child whose turn never comes', [late], 'orphan: its parent is not in the log'],
];

test.each(NOTES)('%s is printed with a note', async (_, spans, note) => {
  const text = await print({ ...PLAIN_100, columns: 160 }, oneByOne(spans));
  expect(text.split('\n').filter((line) => line.includes(note))).toHaveLength(1);
});

test('what hangs right below a session that is known is printed at once, without a note', async () => {
  const root = session({ at: [0, 9000] });
  const later = toolCall({ at: [1000, 1100], below: root });
  const text = await print(PLAIN_100, oneByOne([turn({ at: [0, 900], below: root }), later]));
  expect(text).toMatch(/\n├─ tool terminal +100ms\n$/);
});

test('text of a log cannot forge a row, paint or leave its row', async () => {
  const text = await print(PLAIN_100, oneByOne(hostile()), true);
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
  expect(text.split('\n').filter((line) => line.startsWith('├─ turn'))).toHaveLength(1);
});

test.each([20, 40, 60, 80, 100, 160])(
  'no line is wider than %i columns, nor ends in a space',
  async (columns) => {
    const text = await print({ columns, colors: undefined }, oneByOne([...ALL, ...hostile()]), true);
    for (const line of text.split('\n')) {
      expect(widthOf(line)).toBeLessThanOrEqual(columns);
      expect(line).toBe(line.trimEnd());
    }
  },
);

test('traces and metrics can be left out, each', async () => {
  const run = async (traces: boolean, metrics: boolean) => {
    const printed: string[] = [];
    const sink = consoleSink({ ...PLAIN_100, write: (text) => void printed.push(text), traces, metrics });
    await sink.write(parallelReads());
    await sink.finish();
    return printed.join('');
  };
  const [trees, table] = [await run(true, false), await run(false, true)];
  expect(trees).not.toContain('totals');
  expect(table).toMatch(/^totals[\s\S]*\n\n1 session, 2 turns.*\n.* in .*\n$/);
  expect(await run(true, true)).toBe(`${trees}\n${table}`);
  expect(await run(false, false)).toBe('');
});

test('the sink waits for the writer, and its account holds every span', async () => {
  const order: string[] = [];
  const write = async () => {
    order.push('begun');
    await new Promise((resolve) => setTimeout(resolve, 5));
    order.push('done');
  };
  const sink = consoleSink({ ...PLAIN_100, write, traces: true, metrics: true });
  await sink.write(parallelReads());
  order.push('returned');
  const { made, accepted, failed } = await sink.finish();
  expect(order).toEqual(['begun', 'done', 'returned', 'begun', 'done']);
  expect({ made, accepted, failed }).toEqual({ made: parallelReads().length, accepted: made, failed: 0 });
});

test('an error of the writer is reported', async () => {
  const write = () => Promise.reject(new Error('EPIPE'));
  const sink = consoleSink({ ...PLAIN_100, write, traces: true, metrics: false });
  await expect(sink.write(parallelReads())).rejects.toThrow('EPIPE');
});

test('nothing is printed for an empty log', async () => {
  expect(await print(PLAIN_100, [[]], true)).toBe('');
});
