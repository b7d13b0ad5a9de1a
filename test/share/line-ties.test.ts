import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { lineKeys } from '../../src/parse/line-keys.ts';
import { createGroups, type Groups } from '../../src/share/groups.ts';
import { textHash } from '../../src/share/id-hash.ts';
import { firstId } from '../../src/share/line-owner.ts';
import { createLineTies } from '../../src/share/line-ties.ts';

/** What both looks at a chunk of lines tell, and what its text tells. */
function look(lines: readonly string[]) {
  const chunk = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const [byBytes, byText] = [createGroups(), createGroups()];
  const ties = createLineTies(byBytes, lineKeys);
  const rows: { line: string; named: boolean; first: number | undefined; keys: readonly string[] }[] = [];
  let start = 0;
  for (const line of lines) {
    const end = start + Buffer.byteLength(line);
    const keys = lineKeys(line);
    const named = ties.look(chunk, start, end) > 0;
    rows.push({ line, named, first: firstId(chunk, start, end), keys });
    for (const key of keys) byText.tie(textHash(keys[0] ?? ''), textHash(key));
    start = end + 1;
  }
  return { rows, byBytes, byText, ties };
}

const namesOf = (groups: Groups, keys: readonly string[]) => keys.map((key) => groups.nameOf(textHash(key)));

function expectSame(lines: readonly string[]): void {
  const { rows, byBytes, byText } = look(lines);
  for (const { line, named, first, keys } of rows) {
    expect([line, named, namesOf(byBytes, keys)]).toEqual([line, keys.length > 0, namesOf(byText, keys)]);
    if (first !== undefined)
      expect([line, keys.map(textHash)]).toEqual([line, expect.arrayContaining([first])]);
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

test('nearly every genuine line is known by its bytes', () => {
  const rows = genuine.flatMap((lines) => look(lines).rows).filter(({ keys }) => keys.length > 0);
  const known = rows.filter(({ first }) => first !== undefined);
  expect(known.length / rows.length).toBeGreaterThan(0.97);
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
