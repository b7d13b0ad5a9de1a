import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { InputLine } from '../../src/model/line.ts';
import { timeAtAGlance } from '../../src/parse/glance.ts';
import { lineKeys } from '../../src/parse/line-keys.ts';
import { parseLine } from '../../src/parse/parse-line.ts';

const line = (text: string): InputLine => ({
  source: 'log',
  line: 1,
  text,
  endOffsetBytes: 0,
  damage: undefined,
});

function parsedTime(text: string) {
  const parsed = parseLine(line(text), { content: false });
  return parsed.kind === 'event' ? parsed.event.time : undefined;
}

const RECORDINGS = 'fixtures/recordings';
const logs = readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ndjson'))
  .map((file) => join(RECORDINGS, file));

test('the time of every genuine line is seen at a glance as it is when it is parsed', () => {
  expect(logs.filter(existsSync).length).toBeGreaterThan(100);
  const texts = logs.flatMap((log) => readFileSync(log, 'utf8').split('\n'));
  expect(texts.filter((text) => timeAtAGlance(line(text)) !== parsedTime(text))).toEqual([]);
});

test.each([
  '',
  'nothing',
  '{"ts": 1795421979.9, "event": "pre_llm_call"',
  '{"ts": 1795421979.9, "event": "no_such_hook", "session_id": "a"}',
  '{"ts": 1795421979.9, "event": "transform_anything", "session_id": "a"}',
  '{"ts": 1795421979.9, "event": "pre_tool_call", "tool_name": "ls", "task_id": "test-task"}',
  '{"ts": 1795421979900, "pid": 7, "hook_event_name": "pre_llm_call", "session_id": "a"}',
  '{"ts": "2026-11-23T08:00:00Z", "event": "pre_llm_call", "session_id": "a"}',
  '{"event": "pre_llm_call", "session_id": "a"}',
])('so is that of %j', (text) => {
  expect(timeAtAGlance(line(text))).toBe(parsedTime(text));
});

test.each<[string, string, readonly string[]]>([
  ['a flat line', '{"session_id": "s", "task_id": "t", "tool_call_id": "c"}', ['s', 't']],
  ['a shell line', '{"session_id": "s", "extra": {"child_session_id": "k"}}', ['s', 'k']],
  ['without blanks', '{"session_id":"s","task_id":"t"}', ['s', 't']],
  ['the session inside a turn id', '{"turn_id": "s:t:0123abcd"}', ['s']],
  [
    'read with its task, which may hold a colon',
    '{"task_id": "t:1", "turn_id": "s:t:1:0123abcd"}',
    ['t:1', 's', 's:t'],
  ],
  ['a turn without a session', '{"turn_id": "session:t:0123abcd"}', ['session:t:0123abcd']],
  ['a turn id of another form', '{"turn_id": "mine"}', ['mine']],
  ['an escape is read as what it stands for', '{"session_id": "a\\u0062\\"c"}', ['ab"c']],
  ['a JSON text inside a text names nothing', '{"result": "{\\"session_id\\": \\"s\\"}"}', []],
  ['an empty id is none', '{"session_id": "", "task_id": null}', []],
])('ids in a line: %s', (_claim, text, expected) => {
  expect(lineKeys(text)).toEqual(expected);
});
