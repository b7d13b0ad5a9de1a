import { expect, test } from '@jest/globals';
import { widthOf } from '../../src/view/columns.ts';
import { diffLogs, presence } from '../../src/view/diff.ts';
import { type DiffOptions, renderDiff } from '../../src/view/diff-tables.ts';
import { apiCall, toolCall, usage } from '../agent-spans.ts';
import { expectGolden } from '../golden-file.ts';
import { delegating, failing, hostile, parallelReads } from './logs.ts';
import { PAGES, PLAIN_100 } from './pages.ts';

const BEFORE = [...parallelReads(), ...failing()];
const AFTER = [...failing(), ...delegating()];
const NAMES: DiffOptions = {
  ...PLAIN_100,
  format: 'text',
  beforeName: 'monday.ndjson',
  afterName: 'tuesday.ndjson',
};

test.each(PAGES)('two logs side by side: diff/%s', (name, page) => {
  expectGolden(
    new URL(`golden/diff/${name}`, import.meta.url),
    renderDiff(BEFORE, AFTER, { ...NAMES, ...page }),
  );
});

test.each([
  ['diff.md', 'markdown'],
  ['diff.json.golden', 'json'],
] as const)('two logs side by side: diff/%s', (name, format) => {
  expectGolden(
    new URL(`golden/diff/${name}`, import.meta.url),
    renderDiff(BEFORE, AFTER, { ...NAMES, format }),
  );
});

test('what is new, gone, or in both', () => {
  const { tools } = diffLogs(BEFORE, AFTER);
  expect(Object.fromEntries(tools.map((change) => [change.name, presence(change)]))).toEqual({
    terminal: 'both',
    execute_code: 'both',
    read_file: 'gone',
    search_files: 'gone',
    delegate_task: 'new',
  });
});

test('a log differs from itself in nothing', () => {
  const diff = diffLogs(BEFORE, BEFORE);
  for (const change of [...diff.kinds, ...diff.models, ...diff.tools]) {
    expect(presence(change)).toBe('both');
    expect(change.after).toEqual(change.before);
  }
  for (const { before, after } of diff.errors) expect(after).toBe(before);
  expect(
    renderDiff(BEFORE, BEFORE, { ...NAMES, beforeName: 'a', afterName: 'a' })
      .split('\n')
      .slice(1)
      .join(''),
  ).not.toContain('→');
});

test('figures of both logs, and how much slower', () => {
  const before = [apiCall({ at: [0, 100], usage: usage(10, 5) }), toolCall({ at: [0, 10], toolName: 'a' })];
  const after = [
    apiCall({ at: [0, 150], usage: usage(20, 5) }),
    toolCall({ at: [0, 10], toolName: 'a', status: 'error' }),
  ];
  const rows = renderDiff(before, after, NAMES).split('\n');
  const row = (name: string) =>
    rows
      .find((each) => each.trimStart().startsWith(name))
      ?.trim()
      .split(/ {2,}/);
  expect(row('API calls')).toEqual([
    'API calls',
    '1',
    '0',
    '100ms → 150ms',
    '100ms → 150ms',
    '+50 %',
    '15 → 25',
  ]);
  expect(row('a ')).toEqual(['a', '1', '0 → 1', '10ms', '10ms', '0 %']);
  expect(row('+ tool a: error')).toEqual(['+ tool a: error', '0', '1']);
});

test.each([60, 100, 160])('no line is wider than %i columns', (columns) => {
  const text = renderDiff([...BEFORE, ...hostile()], AFTER, { ...NAMES, columns });
  for (const line of text.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(columns);
});

test('as JSON: presence and both series of each', () => {
  const json = JSON.parse(renderDiff(BEFORE, AFTER, { ...NAMES, format: 'json' }));
  expect(json.tools.find(({ name }: { name: string }) => name === 'read_file')).toMatchObject({
    presence: 'gone',
    before: { count: 3, errors: 1 },
  });
  expect(json.after.name).toBe('tuesday.ndjson');
});
