import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const ROOT = new URL('../', import.meta.url);
const page = readFileSync(new URL('docs/architecture.md', ROOT), 'utf8');

test('docs/architecture.md has a row for each folder of the source, and none for others', () => {
  const folders = readdirSync(new URL('src/', ROOT), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const rows = Array.from(page.matchAll(/^\| `src\/([a-z]+)\/` /gm), ([, name]) => name);
  expect(rows.sort()).toEqual(folders.sort());
});
