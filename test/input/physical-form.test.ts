import { expect, test } from '@jest/globals';
import type { ByteSource } from '../../src/input/byte-source.ts';
import { readLines } from '../../src/input/read-lines.ts';
import type { InputLine } from '../../src/model/line.ts';

const BODIES = [
  { hook_event_name: 'on_session_start', extra: { model: 'a}{b', list: [{ x: '"' }] } },
  { hook_event_name: 'pre_llm_call', extra: { user_message: 'two\nlines \\' } },
  { hook_event_name: 'on_session_end', extra: {} },
];
const json = (indent?: number) => BODIES.map((body) => JSON.stringify(body, undefined, indent));

async function linesOf(text: string, maxLineBytes?: number): Promise<InputLine[]> {
  const source: ByteSource = {
    name: 'log',
    reopenable: true,
    async *open() {
      yield Buffer.from(text);
      return undefined;
    },
  };
  const lines: InputLine[] = [];
  for await (const batch of readLines(source, { maxLineBytes, onDiagnostic: () => {} })) lines.push(...batch);
  return lines;
}

test.each([
  ['no line ends', json().join(''), [1, 1, 1]],
  ['blanks between', json().join(' '), [1, 1, 1]],
  ['indented by jq', `${json(2).join('\n')}\n`, [1, 12, 18]],
  ['indented with tabs, blank lines between', json(2).join('\n\n').replaceAll('  ', '\t'), [1, 13, 20]],
  ['an array on one line', JSON.stringify(BODIES), [1, 1, 1]],
  ['an indented array', JSON.stringify(BODIES, undefined, 2), [2, 13, 19]],
  ['an array with a line for each', `[\n${json().join(',\n')}\n]\n`, [2, 3, 4]],
  ['a byte order mark', `\uFEFF${json(2).join('\n')}`, [1, 12, 18]],
  ['several on a line', `${json().join('')}\n${json().join('')}\n`, [1, 1, 1, 2, 2, 2]],
])('%s: one line for each object, with its number', async (_form, text, numbers) => {
  const lines = await linesOf(text);
  expect(lines.map(({ text }) => JSON.parse(text))).toEqual(numbers.map((_, index) => BODIES[index % 3]));
  expect(lines.map(({ line, damage }) => [line, damage])).toEqual(numbers.map((line) => [line, undefined]));
});

test('text before and between indented objects is lines of its own', async () => {
  const text = json(2)
    .map((body) => `=== Mon Sep 21 ===\nEVENT: x\n${body}\n`)
    .join('');
  const lines = (await linesOf(text)).map(({ text }) => text);
  expect(lines.filter((line) => !line.startsWith('{'))).toEqual(
    BODIES.flatMap(() => ['=== Mon Sep 21 ===', 'EVENT: x']),
  );
  expect(lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))).toEqual(BODIES);
});

test.each([
  ['inside a string', 60],
  ['between fields', 2],
])('an object that was cut %s costs no other', async (_where, length) => {
  const [first = '', second = '', third = ''] = json(2);
  const lines = await linesOf(`${first}\n${second.slice(0, length)}\n${third}\n`);
  expect(lines.map(({ text }) => text.trimEnd())).toEqual([first, second.slice(0, length).trimEnd(), third]);
});

test('an object without its end is marked', async () => {
  const lines = await linesOf(`${json(2).join('\n').slice(0, -4)}`);
  expect(lines.map(({ damage }) => damage?.kind)).toEqual([undefined, undefined, 'no_line_end']);
});

test('an object beyond the limit is skipped', async () => {
  const text = `{\n"a": 1\n}\n{\n"a": "${'x'.repeat(100)}"\n}\n{\n"a": 2\n}\n`;
  const lines = await linesOf(text, 50);
  expect(lines.map(({ damage }) => damage?.kind)).toEqual([undefined, 'too_long', undefined]);
});

test.each([
  ['a line for each object', '{"a":{"b":1}}\n{"a":2}\n'],
  ['a first line that was cut in a string', '{"a":"x\n{"a":2}\n{"a":3}\n'],
  ['a first line that was cut between fields', '{"a":1,\n{"a":2}\n{"a":3}\n'],
  ['a list that holds no objects', '[1,2]\n{"a":2}\n'],
  ['text with brackets', '[INFO] started\n{"a":2}\n'],
  ['text after an object', '{"a":1} # why\n{"a":2}\n'],
  ['one object without a line end', '{"a":1}'],
])('%s is plain lines', async (_form, text) => {
  expect((await linesOf(text)).map((line) => line.text)).toEqual(text.split('\n').filter(Boolean));
});

test('a plain log stays one when an object has a line of its own later', async () => {
  const text = '{"a":1}\n{\n"a": 2\n}\n';
  expect((await linesOf(text)).map((line) => line.text)).toEqual(['{"a":1}', '{', '"a": 2', '}']);
});
