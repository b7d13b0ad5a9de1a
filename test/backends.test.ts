import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { globSync } from 'tinyglobby';

// docs/backends.md promises that each of its statements is shown by a test: the tests it names must be there.

const rows = readFileSync('docs/backends.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.endsWith(' |'));
const tests = globSync('test/e2e/*.e2e.ts')
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n')
  .replaceAll("\\'", "'");
const titles = [...tests.matchAll(/(?:test|\)|With)\((?:\w+, )?\s*(['"])(.+?)\1,\s/g)].map(
  ([, , title]) => title ?? '',
);

/** `…` stands for any words, and a table's `%s` for one of them. */
function matches(named: string, title: string): boolean {
  const there = words(title);
  const [head = [], tail] = named.split('…').map(words);
  const fits = (some: readonly string[], from: number) =>
    some.every((word, index) => there[from + index]?.replace('%s', word) === word);
  const whole = tail !== undefined || head.length === there.length;
  return whole && fits(head, 0) && fits(tail ?? [], there.length - (tail ?? []).length);
}

function words(text: string): readonly string[] {
  return text
    .replaceAll(/[,:](?= |$)/g, '')
    .split(' ')
    .filter(Boolean);
}

const named = rows.flatMap((row) => [...(row.split('|').at(-2) ?? '').matchAll(/`([a-z][^`]* [^`]*)`/g)]);

test.each(named.map(([, name]) => name ?? ''))('the test “%s” is there', (name) => {
  expect(titles.filter((title) => matches(name, title))).not.toEqual([]);
});

test('names many', () => {
  expect(named.length).toBeGreaterThan(30);
  expect(titles.length).toBeGreaterThan(40);
});
