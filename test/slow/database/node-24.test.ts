import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { type Converting, convertFile, databaseFile, fixture, PAIRS } from '../../database/pairs.ts';
import { nodeOf } from '../node-of.ts';

// The two ways to read SQLite give the same bytes: Python's here, Node's own in a Node 24 that is installed into a cache.

const PROGRAM = fileURLToPath(new URL('../../../bin/hermes-otel.js', import.meta.url));

const node = nodeOf(24);

/** Without a python3 in the path, and without a warning about an experimental module. */
function converted(path: string, { content = false }: Converting): string {
  const more = content ? ['--capture-content'] : [];
  const options = { env: { PATH: '/nowhere' }, encoding: 'utf8', maxBuffer: 1e9 } as const;
  const { status, stdout, stderr } = spawnSync(
    node,
    [PROGRAM, 'convert', path, '--agent-log', 'none', ...more],
    options,
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

test.each(PAIRS.flatMap((pair) => [false, true].map((content) => [pair, content] as const)))(
  '%s, with content: %s',
  async (pair, content) => {
    const path = databaseFile(pair);
    const lines = await convertFile(path, { content, reader: 'python' });
    expect(converted(path, { content })).toBe(lines.map((line) => `${line}\n`).join(''));
  },
);

test('rows that are in the write-ahead log alone', async () => {
  const path = databaseFile('raw-wal');
  writeFileSync(`${path}-wal`, fixture('raw-wal', 'state.db-wal'));
  const lines = await convertFile(path, { reader: 'python' });
  expect(lines.length).toBeGreaterThan(0);
  expect(converted(path, {})).toBe(lines.map((line) => `${line}\n`).join(''));
});
