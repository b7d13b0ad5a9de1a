import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import { Chalk } from 'chalk';
import type { AgentSpan } from '../../src/model/span.ts';
import { widthOf } from '../../src/view/columns.ts';
import { renderView, type ViewOptions } from '../../src/view/view.ts';
import { apiCall, session, shuffled, toolCall, turn } from '../agent-spans.ts';
import { expectGolden } from '../golden-file.ts';
import { delegating, failing, hostile, manyScripts, parallelReads } from './logs.ts';
import { PAGES, PLAIN_100 } from './pages.ts';

const ALL = [...parallelReads(), ...failing(), ...delegating()];
const WHOLE: ViewOptions = {
  ...PLAIN_100,
  format: 'text',
  depth: undefined,
  only: undefined,
  slowMicros: undefined,
};

test.each(PAGES)('genuine shapes: view/%s', (name, page) => {
  expectGolden(new URL(`golden/view/${name}`, import.meta.url), renderView(ALL, { ...WHOLE, ...page }));
});

test.each(PAGES)('names in many scripts: view/scripts-%s', (name, page) => {
  expectGolden(
    new URL(`golden/view/scripts-${name}`, import.meta.url),
    renderView(manyScripts(), { ...WHOLE, ...page }),
  );
});

/** What stands in these columns of a terminal, whatever the characters are. */
function columnsOf(text: string, from: number, to: number): string {
  let column = 0;
  let found = '';
  for (const { segment } of new Intl.Segmenter('en').segment(text)) {
    if (column >= from && column < to) found += segment;
    column += widthOf(segment);
  }
  return found;
}

test.each(PAGES)(
  'durations and bars stand one below the other, whatever the names are: %s',
  (_name, page) => {
    const [tree = ''] = stripVTControlCharacters(renderView(manyScripts(), { ...WHOLE, ...page })).split(
      '\n\n',
    );
    const rows = tree.split('\n').slice(1, -1);
    const axis = rows[0] ?? '';
    const bars = widthOf(axis.slice(0, axis.indexOf('0ms', axis.indexOf('12.0s') + 5)));
    expect(rows).toHaveLength(13);
    for (const row of rows.slice(1)) {
      expect(columnsOf(row, bars - 7, bars)).toBe('  900ms  '.slice(-7));
      expect(columnsOf(row, bars, bars + 1)).toMatch(/[ ━╺╸]/);
    }
  },
);

test.each([
  ['depth-1.txt', { depth: 1 }],
  ['only-errors.txt', { only: 'errors' }],
  ['only-slow.txt', { only: 'slow' }],
  ['view.md', { format: 'markdown' }],
  ['view.json.golden', { format: 'json' }],
] as const)('what was asked for: view/%s', (name, options) => {
  expectGolden(new URL(`golden/view/${name}`, import.meta.url), renderView(ALL, { ...WHOLE, ...options }));
});

test('colours change no character', () => {
  const colored = renderView(ALL, { ...WHOLE, colors: new Chalk({ level: 3 }) });
  expect(colored).toContain('\u001b[31m');
  expect(stripVTControlCharacters(colored)).toBe(renderView(ALL, WHOLE));
});

test('the order of spans changes no row', () => {
  const rows = (spans: readonly AgentSpan[]) => renderView(spans, WHOLE).split('\n\n').toSorted();
  for (const seed of [1, 2]) {
    const trees = (text: readonly string[]) => text.filter((part) => part.startsWith('session 2'));
    expect(trees(rows(shuffled(ALL, seed)))).toEqual(trees(rows(ALL)));
  }
});

test.each([30, 60, 80, 100, 160])('no line is wider than %i columns, nor ends in a space', (columns) => {
  for (const line of renderView([...ALL, ...hostile()], { ...WHOLE, columns }).split('\n')) {
    expect(widthOf(line)).toBeLessThanOrEqual(columns);
    expect(line).toBe(line.trimEnd());
  }
});

test('bars stand where their time is', () => {
  const root = session({ at: [0, 1000] });
  const only = turn({ at: [0, 1000], below: root });
  const spans = [
    root,
    only,
    apiCall({ at: [0, 500], below: only }),
    toolCall({ at: [500, 750], below: only }),
    apiCall({ at: [990, 1000], below: only, callNumber: 2 }),
  ];
  const rows = renderView(spans, { ...WHOLE, columns: 62 }).split('\n');
  const bars = rows.slice(2, 5).map((row) => row.slice(32));
  const width = 62 - 32;
  expect(bars).toEqual(['━'.repeat(width / 2), `${' '.repeat(15)}━━━━━━━╸`, `${' '.repeat(width - 1)}╺`]);
});

test.each([
  ['depth 0: sessions alone', 0, []],
  ['depth 1: turns, and how many spans are below each', 1, ['auxiliary title', 'turn 1 (+6)', 'turn 2 (+5)']],
  ['depth 2: their calls and tools', 2, ['tool terminal (+2)', 'turn 1 ', 'turn 2 ']],
  ['depth 3: approvals', 3, ['approval cli', 'approval smart', 'tool terminal ', 'turn 1 ', 'turn 2 ']],
])('%s', (_, depth, names) => {
  const [tree = ''] = renderView(parallelReads(), { ...WHOLE, depth }).split('\n\n');
  for (const name of names) expect(tree).toContain(`─ ${name}`);
  const rows = tree.split('\n').filter((row) => /^[│ ]*├─|^[│ ]+└─/.test(row));
  expect(rows).toHaveLength([0, 3, 12, 14][depth] ?? -1);
});

test('only errors: they and what they hang below, the rest counted', () => {
  const text = renderView(parallelReads(), { ...WHOLE, only: 'errors' });
  expect(text).toMatch(/├─ turn 1 \(\+5\).*\n│ {2}└─ ∥ tool read_file.*\n│ {5}✗ tool_error: File not found/);
  expect(text).not.toContain('─ turn 2 ');
});

test('only slow: by P95 of the kind, or by the threshold given', () => {
  const below = turn({ at: [0, 9000] });
  const tools = Array.from({ length: 100 }, (_, n) =>
    toolCall({ at: [0, n + 1], below, toolName: `tool${n + 1}` }),
  );
  const names = (options: Partial<ViewOptions>) =>
    renderView([below, ...tools], { ...WHOLE, only: 'slow', ...options })
      .split('\n\n')[0]
      ?.match(/tool\d+/g)
      ?.map((name) => Number(name.slice(4)))
      .toSorted((a, b) => a - b);
  expect(names({})).toEqual([95, 96, 97, 98, 99, 100]);
  expect(names({ slowMicros: 99_000 })).toEqual([99, 100]);
});

test.each([
  ['errors', [turn({ at: [0, 1] })], 'no errors'],
  ['slow', [toolCall({ at: [0, 1], incomplete: 'idle' })], 'nothing that slow'],
  [undefined, [], 'no spans'],
] as const)('only %s, and there is none: one line says so', (only, spans, expected) => {
  expect(renderView(spans, { ...WHOLE, only }).split('\n')[0]).toBe(expected);
});

test('a span whose parent is not there is shown all the same', () => {
  const [lost] = [toolCall({ at: [5, 9], below: turn({ at: [0, 10] }), toolName: 'lost' })];
  expect(renderView([lost], WHOLE)).toMatch(/^session s1 .*\n\n?.*└─ tool lost/s);
});

test('a session that continues another is shown beside it, not inside', () => {
  const before = session({ at: [0, 100], sessionId: 'before' });
  const after = {
    ...session({ at: [100, 200], sessionId: 'after', previousSessionId: 'before' }),
    parentSpanId: before.spanId,
  };
  const spans = [before, after, turn({ at: [0, 90], below: before }), turn({ at: [110, 190], below: after })];
  const [first, second] = renderView(spans, WHOLE).split('\n\n');
  expect(first).toMatch(/^session before .*\n.*\n├─ turn 1.*\n└─ completed/);
  expect(second).toMatch(/^session after .*\n.*\n├─ turn 1.*\n└─ completed.* continues before$/);
});

test('text of a log cannot act on the terminal, in no format', () => {
  for (const format of ['text', 'json', 'markdown'] as const) {
    const text = renderView(hostile(), { ...WHOLE, format });
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
  }
});

test('as JSON a span keeps all its fields', () => {
  const { sessions } = JSON.parse(renderView(hostile(), { ...WHOLE, format: 'json' }));
  const [only] = sessions[0].spans;
  const original = hostile().find(({ kind }) => kind === 'turn');
  expect(only).toMatchObject(JSON.parse(JSON.stringify(original)));
  expect(only.children.map(({ kind }: { kind: string }) => kind)).toEqual([
    'api_call',
    'tool_call',
    'tool_call',
    'approval',
    'subagent',
    'auxiliary_call',
  ]);
});
