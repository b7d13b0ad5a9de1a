import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  MOST_JOURNAL_BYTES,
  openJournal,
  readJournal,
  removeOtherJournals,
} from '../../../src/replay/checkpoint/journal.ts';

const FIRST = 'a'.repeat(64);
const SECOND = 'b'.repeat(64);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-journal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const file = (digest: string) => join(folder, `sent-${digest.slice(0, 16)}.ndjson`);

test('what was appended is there at once, for its owner alone', async () => {
  const journal = openJournal(folder);
  journal.begin(FIRST);
  journal.append('one');
  journal.append('two');
  expect(await readJournal(folder, FIRST)).toEqual(['one', 'two']);
  expect(statSync(file(FIRST)).mode & 0o777).toBe(0o600);
  journal.close();
});

test('a next run goes on after the half line of a killed one', async () => {
  writeFileSync(file(FIRST), 'one\n{"half');
  const journal = openJournal(folder);
  journal.begin(FIRST);
  journal.append('two');
  journal.close();
  expect(await readJournal(folder, FIRST)).toEqual(['one', '{"half', 'two']);
});

test('with another checkpoint it begins anew, and the one before is gone', async () => {
  const journal = openJournal(folder);
  journal.begin(FIRST);
  journal.append('one');
  journal.begin(SECOND);
  journal.append('two');
  journal.close();
  expect(await readJournal(folder, FIRST)).toEqual([]);
  expect(await readJournal(folder, SECOND)).toEqual(['two']);
  expect(readdirSync(folder)).toHaveLength(1);
});

test('with the same checkpoint, written again, it goes on: nothing has happened in between', async () => {
  const journal = openJournal(folder);
  journal.begin(FIRST);
  journal.append('one');
  journal.begin(FIRST);
  journal.append('two');
  journal.close();
  expect(await readJournal(folder, FIRST)).toEqual(['one', 'two']);
});

test('before there is a checkpoint nothing is kept', () => {
  const journal = openJournal(folder);
  expect(journal.append('one')).toBe(true);
  journal.close();
  expect(readdirSync(folder)).toEqual([]);
});

test('what a run left that was killed between two checkpoints is removed, and nothing else', async () => {
  for (const digest of [FIRST, SECOND]) appendFileSync(file(digest), 'one\n');
  writeFileSync(join(folder, 'lock'), '');
  await removeOtherJournals(folder, SECOND);
  expect(readdirSync(folder).sort()).toEqual(['lock', `sent-${SECOND.slice(0, 16)}.ndjson`]);
});

test('it says when it is full, and fills no disk', async () => {
  const journal = openJournal(folder);
  journal.begin(FIRST);
  const line = 'x'.repeat(MOST_JOURNAL_BYTES / 4);
  expect(Array.from({ length: 6 }, () => journal.append(line))).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
  journal.close();
  expect(statSync(file(FIRST)).size).toBeLessThan(MOST_JOURNAL_BYTES * 1.3);
});
