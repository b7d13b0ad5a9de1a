import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { lineKeys } from '../../src/parse/line-keys.ts';
import { createGroups, type Groups } from '../../src/shard/groups.ts';
import { textHash } from '../../src/shard/id-hash.ts';
import { createLineIds, NO_ID, readIds } from '../../src/shard/line-ids.ts';
import { createLineTies } from '../../src/shard/line-ties.ts';

/** What the bytes of a chunk of lines tell, and what its text tells. */
function look(lines: readonly string[]) {
  const chunk = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const [byBytes, byText] = [createGroups(), createGroups()];
  const ties = createLineTies(byBytes, lineKeys);
  const rows: { line: string; id: number; keys: readonly string[] }[] = [];
  let start = 0;
  for (const line of lines) {
    const end = start + Buffer.byteLength(line);
    const keys = lineKeys(line);
    rows.push({ line, id: ties.look(chunk, start, end), keys });
    for (const key of keys) byText.tie(textHash(keys[0] ?? ''), textHash(key));
    start = end + 1;
  }
  return { rows, byBytes, byText, ties };
}

const namesOf = (groups: Groups, keys: readonly string[]) => keys.map((key) => groups.nameOf(textHash(key)));

function expectSame(lines: readonly string[]): void {
  const { rows, byBytes, byText } = look(lines);
  for (const { line, id, keys } of rows) {
    expect([line, namesOf(byBytes, keys)]).toEqual([line, namesOf(byText, keys)]);
    const ids = keys.length > 0 ? keys.map(textHash) : [NO_ID];
    expect([line, ids]).toEqual([line, expect.arrayContaining([id])]);
  }
}

const RECORDINGS = 'fixtures/recordings';
const genuine = readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ndjson'))
  .map((file) => readFileSync(join(RECORDINGS, file), 'utf8').split('\n').slice(0, -1));

test('the bytes of every genuine line tie what its text ties', () => {
  expect(genuine.length).toBeGreaterThan(100);
  for (const lines of genuine) expectSame(lines);
});

const field = fc.constantFrom(
  'session_id',
  'task_id',
  'turn_id',
  'parent_session_id',
  'tool_call_id',
  'my_session_id',
);
const value = fc.constantFrom<unknown>(
  '',
  null,
  7,
  'a',
  'b',
  'a:b',
  'é',
  'a"b',
  'a:a:0123abcd',
  'a:b:0123abcd',
  'x:a:b:0123abcd',
);
const nested = fc.dictionary(field, fc.oneof(value, fc.dictionary(field, value, { maxKeys: 2 })), {
  maxKeys: 5,
});
const written = fc
  .tuple(nested, fc.constantFrom(undefined, 1))
  .map(([body, space]) =>
    JSON.stringify({ ts: 1, ...body, said: JSON.stringify(body) }, undefined, space).replaceAll(/\n */g, ' '),
  );

test('so do the bytes of lines that nobody would write', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(written, fc.constantFrom('', '{', '{"session_id', '"session_id":"')), {
        maxLength: 6,
      }),
      expectSame,
    ),
  );
});

test.each([
  ['{"session_id":"test-session"}', true],
  ['{"session_id":"s","tool_call_id":"test-call"}', true],
  ['{"session_id":"parent-sess"}', true],
  ['{"session_id":"s","note":"test-session"}', false],
])('%s holds an id of a test payload: %j', (line, expected) => {
  expect(look([line]).ties.sawTestId()).toBe(expected);
});

test('ids are read back line by line, over all pieces; lines that came later have none', () => {
  const pieces = [10_000, 0, 1, 5000].map((count, piece) => {
    const ids = createLineIds();
    for (let line = 0; line < count; line++) ids.add(piece * 100_000 + line);
    return ids.all();
  });
  const reader = readIds(pieces);
  for (const id of pieces.flatMap((piece) => [...piece])) expect(reader.next()).toBe(id);
  expect([reader.next(), reader.next()]).toEqual([undefined, undefined]);
  reader.seek(2);
  expect([reader.next(), reader.piece(), reader.next(), reader.piece()]).toEqual([200_000, 2, 300_000, 3]);
});
