import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { NO_OUTCOME } from '../../../src/model/sink.ts';
import {
  openJournal,
  readJournal,
  readState,
  removeOtherJournals,
} from '../../../src/replay/checkpoint/journal.ts';

const FIRST = 'a'.repeat(64);
const SECOND = 'b'.repeat(64);

let folder: string;
let reported: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-journal-'));
  reported = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const file = (digest: string) => join(folder, `sent-${digest.slice(0, 16)}.ndjson`);
const open = (mostBytes?: number) => openJournal(folder, (sentence) => reported.push(sentence), mostBytes);
const at = (lines: number) => ({ kind: 'silence', lines }) as const;
const silences = async (digest: string) => readState(await readJournal(folder, digest)).silences;

test('what was noted is there at once, for its owner alone', async () => {
  const journal = open();
  journal.begin(FIRST);
  journal.note(at(1));
  journal.note(at(2), at(3));
  expect(await silences(FIRST)).toEqual([1, 2, 3]);
  expect(statSync(file(FIRST)).mode & 0o777).toBe(0o600);
  journal.close();
});

test('a next run goes on after the half line of a killed one', async () => {
  writeFileSync(file(FIRST), '{"kind":"silence","lines":1}\n{"kind":"sil');
  const journal = open();
  journal.begin(FIRST);
  journal.note(at(2));
  journal.close();
  expect(readState(await readJournal(folder, FIRST))).toMatchObject({ silences: [1, 2], strangeLines: 0 });
});

test('with another checkpoint it begins anew, and the one before is gone', async () => {
  const journal = open();
  journal.begin(FIRST);
  journal.note(at(1));
  journal.begin(SECOND);
  journal.note(at(2));
  journal.close();
  expect(await silences(FIRST)).toEqual([]);
  expect(await silences(SECOND)).toEqual([2]);
  expect(readdirSync(folder)).toHaveLength(1);
});

test('with the same checkpoint, written again, it goes on: nothing has happened in between', async () => {
  const journal = open();
  journal.begin(FIRST);
  journal.note(at(1));
  journal.begin(FIRST);
  journal.note(at(2));
  journal.close();
  expect(await silences(FIRST)).toEqual([1, 2]);
});

test('before there is a checkpoint nothing is kept', () => {
  const journal = open();
  journal.note(at(1));
  journal.close();
  expect([readdirSync(folder), reported]).toEqual([[], []]);
});

test('what a run left that was killed between two checkpoints is removed, and nothing else', async () => {
  for (const digest of [FIRST, SECOND]) appendFileSync(file(digest), 'one\n');
  writeFileSync(join(folder, 'lock'), '');
  await removeOtherJournals(folder, SECOND);
  expect(readdirSync(folder).sort()).toEqual(['lock', `sent-${SECOND.slice(0, 16)}.ndjson`]);
});

test('it is half full, then full, which is reported once; it fills no disk', () => {
  const journal = open(1000);
  journal.begin(FIRST);
  const states: string[] = [];
  const line = { kind: 'spans', lines: 1, to: 'x'.repeat(110), keys: '', how: NO_OUTCOME } as const;
  for (let count = 0; count < 6; count += 1) {
    journal.note(line);
    states.push(`${journal.isHalfFull() ? 'half' : ''}${reported.length}`);
  }
  expect(states).toEqual(['0', '0', 'half0', 'half0', 'half0', 'half1']);
  expect(reported).toEqual([expect.stringContaining('cannot be written: it is full')]);
  journal.begin(SECOND);
  expect(journal.isHalfFull()).toBe(false);
  journal.close();
});

test.each([
  'null',
  '{}',
  '[]',
  '7',
  '"spans"',
  '{"kind":"points"}',
  '{"kind":"silence"}',
  '{"kind":"silence","lines":-1}',
  '{"kind":"points","lines":1,"to":"x","time":1,"through":1}',
  '{"kind":"points","lines":1,"to":"x","time":null,"through":1,"how":{}}',
  '{"kind":"other","lines":1}',
  '{"kind":"spans","lines":"x","to":"there","keys":"","how":{"accepted":1,"rejected":0,"failed":0,"deadLettered":0}}',
  '{"kind":"spans","lines":1,"to":7,"keys":"","how":{"accepted":1,"rejected":0,"failed":0,"deadLettered":0}}',
  '{"kind":"spans","lines":1,"to":"there","keys":"","how":{"accepted":1,"rejected":0,"failed":0}}',
  '{"kind":"spans","lines":3,"to":"x","keys":5,"how":{"accepted":0,"rejected":0,"failed":0,"deadLettered":0}}',
  '{"kind":"spans","lines":3,"to":"x","how":{"accepted":0,"rejected":0,"failed":0,"deadLettered":0}}',
])('a strange line is counted and ignored: %s', (line) => {
  const silence = '{"kind":"silence","lines":3}';
  expect(readState([line, silence])).toMatchObject({ strangeLines: 1, silences: [3], upTo: 3 });
});
