import { expect, test } from '@jest/globals';
import { createWork, type Work } from '../../src/model/figures.ts';
import type { AgentSpan } from '../../src/model/span.ts';
import { visibleJson } from '../../src/model/visible.ts';
import { quantiles, type Series } from '../../src/view/series.ts';
import { sessionFigures } from '../../src/view/session-figures.ts';
import { renderSessions } from '../../src/view/session-list.ts';
import { addSpan, createTotals, OTHER_NAMES, totalsJson, totalsOf } from '../../src/view/totals.ts';
import { renderShortTotals, renderTotals } from '../../src/view/totals-tables.ts';
import { renderView } from '../../src/view/view.ts';
import { totalsOf as pageTotals } from '../../src/viewer/data/totals.ts';
import { apiCall, auxiliaryCall, session, shuffled, toolCall, turn, usage } from '../agent-spans.ts';
import { tableOf } from '../html/viewer/table.ts';
import { delegating, failing, hostile, parallelReads } from './logs.ts';
import { PLAIN_100 } from './pages.ts';

const ALL = [...parallelReads(), ...failing(), ...delegating()];

const COUNTS: readonly (readonly [
  claim: string,
  spans: readonly AgentSpan[],
  read: (s: Series) => unknown,
  expected: unknown,
])[] = [
  ['a failed call is an error', [apiCall({ at: [0, 1], error: anError() })], ({ errors }) => errors, 1],
  ['a blocked tool is none', [toolCall({ at: [0, 1], status: 'blocked' })], ({ errors }) => errors, 0],
  ['a tool that timed out is one', [toolCall({ at: [0, 1], status: 'timeout' })], ({ errors }) => errors, 1],
  ['a failed turn is one', [turn({ at: [0, 1], finalStatus: 'failed' })], ({ errors }) => errors, 1],
  [
    'an interrupted turn is none',
    [turn({ at: [0, 1], finalStatus: 'interrupted' })],
    ({ errors }) => errors,
    0,
  ],
  [
    'what never ended is counted, but has no duration',
    [toolCall({ at: [0, 9], incomplete: 'turn_end' }), toolCall({ at: [0, 1] })],
    ({ count, incomplete, durations }) => [count, incomplete, durations.count, durations.max],
    [2, 1, 1, 1000],
  ],
  [
    'an answer without usage adds no tokens',
    [apiCall({ at: [0, 1] }), apiCall({ at: [1, 2], usage: usage(10, 5, 100) })],
    ({ tokens }) => [tokens.input, tokens.cached, tokens.output],
    [110, 100, 5],
  ],
  [
    'the slowest and the first error are named',
    [
      toolCall({ at: [0, 2], toolName: 'quick', status: 'error' }),
      toolCall({ at: [0, 5], toolName: 'slow', status: 'error' }),
    ],
    ({ slowest, firstError }) => [slowest?.name, firstError?.name],
    ['tool slow', 'tool quick'],
  ],
];

test.each(COUNTS)('%s', (_, spans, read, expected) => {
  const [first] = spans;
  if (first === undefined) throw new Error('no span');
  expect(read(totalsOf(spans).kinds[first.kind])).toEqual(expected);
});

test('the order of spans changes no figure', () => {
  const figures = (spans: readonly AgentSpan[]) => {
    const { kinds } = totalsOf(spans);
    return Object.values(kinds).map(({ count, errors, durations, tokens }) => ({
      figures: [count, errors, durations.max, ...quantiles(durations, [0.5, 0.95])],
      tokens,
    }));
  };
  for (const seed of [1, 2, 3]) expect(figures(shuffled(ALL, seed))).toEqual(figures(ALL));
});

test('a session has the figures of its sub-agents and background reviews, and each part apart', () => {
  const [session, ...others] = figuresIn(delegating());
  expect(others).toEqual([]);
  const [span] = delegating().flatMap((each) => (each.kind === 'session' ? [each] : []));
  const { all, inSubagents, inReviews } = session ?? {
    all: createWork(),
    inSubagents: createWork(),
    inReviews: createWork(),
  };
  const own = (count: (work: Work) => number) => count(all) - count(inSubagents) - count(inReviews);
  expect([own(({ turns }) => turns), own(({ calls }) => calls), own(({ tools }) => tools)]).toEqual([
    span?.turnCount,
    span?.apiCallCount,
    span?.toolCallCount,
  ]);
  expect([inReviews.turns, inReviews.tokens.cached]).toEqual([1, 3000]);
});

test("a sub-agent's session is part of the one that started it, whichever span comes first", () => {
  for (const spans of [delegating(), delegating().toReversed()]) {
    expect(figuresIn(spans).map(({ sessionId }) => sessionId)).toEqual(['20261123_081857_bc42e2']);
  }
});

test('a session that continues another is not counted again, whichever comes first', () => {
  const first = session({ at: [0, 1], sessionId: 'a' });
  const second = session({ at: [1, 2], sessionId: 'b', previousSessionId: 'a' });
  const other = session({ at: [1, 2], sessionId: 'c', previousSessionId: 'not in the log' });
  for (const spans of [
    [first, second, other],
    [other, second, first],
  ]) {
    const totals = totalsOf(spans);
    expect([totals.sessionCount.count, totals.figures.sessions]).toEqual([2, 2]);
  }
});

test('a log full of names does not fill the memory', () => {
  const totals = createTotals({ perSession: false });
  for (let n = 0; n < 5000; n += 1) addSpan(totals, toolCall({ at: [n, n + 1], toolName: `tool${n}` }));
  expect(totals.tools.size).toBeLessThanOrEqual(1001);
  expect(totals.tools.get(OTHER_NAMES)?.count).toBe(4000);
});

test('models are counted over API calls and auxiliary calls', () => {
  const totals = totalsOf([
    apiCall({ at: [0, 1], model: 'm', usage: usage(1, 2) }),
    auxiliaryCall({ at: [1, 2], model: 'm', usage: usage(3, 4) }),
  ]);
  expect(totals.models.get('m')).toMatchObject({ count: 2, tokens: { input: 4, cached: 0, output: 6 } });
});

test('tables: columns that would say nothing, and those that do not fit, are left out', () => {
  const heading = (columns: number, spans: readonly AgentSpan[]) =>
    renderTotals({ ...PLAIN_100, columns }, totalsOf(spans))
      .find((row) => row.startsWith('kind'))
      ?.split(/ {2,}/);
  const tools = [toolCall({ at: [0, 1] })];
  expect(heading(100, tools)).toEqual(['kind', 'count', 'errors', 'total', 'P50', 'P95', 'max']);
  expect(heading(160, ALL)).toContain('cached');
  expect(heading(40, ALL)).toEqual(['kind', 'count', 'errors', 'total']);
});

test('the short table names how much it leaves out', () => {
  const tools = Array.from({ length: 14 }, (_, n) => toolCall({ at: [n, n + 1], toolName: `tool${n}` }));
  const lines = renderShortTotals(PLAIN_100, totalsOf(tools), 10);
  expect(lines.slice(-4)).toEqual(['… 4 more tools', '', '14 tools', 'no errors']);
  expect(lines).toHaveLength(3 + 1 + 1 + 10 + 1);
});

test('as JSON: unrounded, without figures that do not exist, and any name', () => {
  const totals = totalsOf([
    ...hostile(),
    toolCall({ at: [0, 1.5], toolName: 'x' }),
    toolCall({ at: [0, 9], toolName: 'y', incomplete: 'idle' }),
  ]);
  const json = JSON.parse(visibleJson(totalsJson(totals)));
  expect(json.tools.map(({ name }: { name: string }) => name)).toContain('__proto__');
  expect(json.tools.find(({ name }: { name: string }) => name === 'x')).toMatchObject({
    count: 1,
    p95Micros: 1500,
  });
  expect(json.tools.find(({ name }: { name: string }) => name === 'y')).toEqual({
    name: 'y',
    count: 1,
    errors: 0,
    incomplete: 1,
  });
});

const UNKNOWN = { ...usage(100, 0), outputTokens: undefined, totalTokens: undefined };

test.each<[claim: string, usages: readonly ReturnType<typeof usage>[], expected: string]>([
  ['a side that no call reported is unknown', [UNKNOWN, UNKNOWN], '200→?'],
  ['the other side too', [{ ...usage(0, 20), inputTokens: undefined, promptTokens: undefined }], '?→20'],
  ['a side that one call reported is a sum', [UNKNOWN, usage(10, 5), UNKNOWN], '210→5'],
  ['a reported zero is known', [usage(10, 0)], '10→0'],
  ['a zero beside an unknown side is known', [usage(10, 0), UNKNOWN], '110→0'],
])('%s, in every table, tree, headline and page', async (_, usages, expected) => {
  const top = session({ at: [0, 1000] });
  const one = turn({ at: [0, 900], below: top });
  const calls = usages.map((each, n) => apiCall({ at: [n, n + 1], below: one, usage: each }));
  const spans = [top, one, ...calls];
  const options = { ...PLAIN_100, columns: 160, depth: 1, only: undefined, slowMicros: undefined };
  const [input, output] = expected.split('→');
  const cells = (text: string) => text.match(/[\d?]+→[\d?]+/g);
  const text = renderView(spans, { ...options, format: 'text' });
  // The turn, the footer, and the tables of kinds, models, sessions and slowest turns.
  expect(cells(text)).toEqual(new Array(6).fill(expected));
  expect(text).toContain(`${input} in → ${output} out`);
  expect(cells(renderSessions(spans, { ...options, json: false, grep: undefined }))).toEqual([expected]);
  const { tokens } = pageTotals(await tableOf(spans), { from: 0, to: spans.length }).all;
  expect(tokens).toEqual(totalsOf(spans).work.tokens);
});

function anError() {
  return {
    type: 'X',
    message: undefined,
    statusCode: undefined,
    reason: undefined,
    retryable: undefined,
    maxRetries: undefined,
  };
}

function figuresIn(spans: readonly AgentSpan[]) {
  return sessionFigures(totalsOf(spans).sessions);
}
