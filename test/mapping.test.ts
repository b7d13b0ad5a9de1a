import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const ROOT = new URL('../', import.meta.url);
const PAGES = ['docs/mapping.md', 'fixtures/README.md'];

/** Missing, doubled, late, out of order. */
const CATALOGUE = [
  ...Array.from({ length: 15 }, (_, index) => `M${index + 1}`),
  ...Array.from({ length: 11 }, (_, index) => `D${index + 1}`),
  'L1',
  'O1',
];

const pageOf = (name: string) => readFileSync(new URL(name, ROOT), 'utf8');

test.each(PAGES)('%s has one row for each situation of the catalogue', (name) => {
  const ids = Array.from(pageOf(name).matchAll(/^\| ([A-Z]\d+) /gm), ([, id]) => id);
  expect(ids).toEqual(CATALOGUE);
});

test.each(PAGES)('%s names only files that exist', (name) => {
  const links = Array.from(pageOf(name).matchAll(/\]\(([^)#]+)\)/g), ([, link]) => link ?? '');
  expect(links.length).toBeGreaterThan(20);
  for (const link of links)
    expect([link, existsSync(new URL(link, new URL(name, ROOT)))]).toEqual([link, true]);
});

test.each(PAGES)('%s names every fixture of the catalogue', (name) => {
  const page = pageOf(name);
  const inputs = readdirSync(new URL('fixtures/catalogue/', ROOT), { recursive: true, encoding: 'utf8' });
  for (const input of inputs.filter((file) => file.endsWith('input.ndjson')))
    expect(page).toContain(`catalogue/${input}`);
});
