import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { databaseFile } from '../database/pairs.ts';
import { decode } from '../e2e/otlp.ts';
import { runMain } from '../run-main.ts';

const directory = mkdtempSync(join(tmpdir(), 'convert-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const database = databaseFile('0.19.0/multi-turn-new-exit');

test('what convert writes gives the very spans of the database', async () => {
  const events = join(directory, 'events.ndjson');
  const { code, out } = await runMain(['convert', database, '-o', events]);
  expect({ code, out }).toEqual({ code: 0, out: '' });
  expect(statSync(events).mode & 0o777).toBe(0o600);
  // Not the lines: how much is in each depends on the speed of the reader.
  const [fromLog, fromDatabase] = await Promise.all(
    [events, database].map(async (log) =>
      decode((await runMain(['replay', log, '-e', 'otlp_file'])).out.split('\n')),
    ),
  );
  expect(fromLog).toEqual(fromDatabase);
  expect(fromLog?.spans).toHaveLength(13);
});

test('without -o it goes to standard output, one event a line', async () => {
  const { code, out } = await runMain(['convert', database]);
  const events = out.trimEnd().split('\n');
  expect(code).toBe(0);
  expect(events).toHaveLength(32);
  for (const event of events) expect(JSON.parse(event)).toHaveProperty('event');
});

test('a file that cannot be written is named', async () => {
  const { code, err } = await runMain(['convert', database, '-o', join(directory, 'no', 'such', 'file')]);
  expect(code).toBe(2);
  expect(err).toContain('--output: ');
});

test('a database of something else is refused with its name', async () => {
  const other = databaseFile('raw-wal');
  const { code, err } = await runMain(['view', other]);
  expect(readFileSync(other).length).toBeGreaterThan(0);
  expect(code).toBe(2);
  expect(err).toContain(`${JSON.stringify(other)} cannot be read: it is no database of Hermes`);
});
