import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const ROOT = new URL('../', import.meta.url);
const page = readFileSync(new URL('docs/architecture.md', ROOT), 'utf8');

test('docs/architecture.md has a row for each folder of the source, and none for others', () => {
  const folders = readdirSync(new URL('src/', ROOT), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const table = page.split('\n').filter((line) => line.startsWith('| `src/'));
  const rows = table.flatMap((row) => Array.from(row.matchAll(/`src\/([a-z]+)\/`/g), ([, name]) => name));
  expect(rows.sort()).toEqual(folders.sort());
});
