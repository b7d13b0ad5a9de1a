import { describe, expect, test } from '@jest/globals';
import type { LineDamage } from '../../src/model/line.ts';
import { parseLine } from '../../src/parse/parse-line.ts';
import { processorMillis } from '../processor-time.ts';
import { AT, eventIn, flat, lineOf, parse } from './lines.ts';

const GOOD = flat('on_session_start', { session_id: 's' });

describe('a line that holds no event is said to be so, without a word of it', () => {
  const rows: [string, string, string, string][] = [
    ['prose', 'secret words', 'not-json', 'not JSON: line skipped'],
    ['cut off', GOOD.slice(0, -5), 'not-json', 'not JSON: a part of the line is missing: line skipped'],
    [
      'begun in the middle',
      GOOD.slice(9),
      'not-json',
      'not JSON: a part of the line is missing: line skipped',
    ],
    [
      'cut off in a string',
      '{"event":"on_ses',
      'not-json',
      'not JSON: a part of the line is missing: line skipped',
    ],
    ['NaN only in a string', '{"a":"\\"NaN", b}', 'not-json', 'not JSON: line skipped'],
    [
      'two objects',
      GOOD + GOOD,
      'not-json',
      'not JSON: it has several objects (two writers, no line end?): line skipped',
    ],
    ['NUL bytes inside', '{"event":"on_\0start"}', 'not-json', 'not JSON: it has NUL bytes: line skipped'],
    ['nothing but NUL bytes', '\0\0\0', 'nul-bytes', 'only NUL bytes: line skipped'],
    ['single quotes', "{'event': 'x'}", 'not-json', 'not JSON: line skipped'],
    ['a list', '[1,2]', 'not-an-object', 'JSON, but not an object: line skipped'],
    ['a number', '17', 'not-an-object', 'JSON, but not an object: line skipped'],
    ['a string', '"on_session_start"', 'not-an-object', 'JSON, but not an object: line skipped'],
    ['null', 'null', 'not-an-object', 'JSON, but not an object: line skipped'],
    [
      'an empty object',
      '{}',
      'no-event-name',
      'no hook_event_name, event or hook that names a hook: line skipped',
    ],
    [
      'an empty name',
      '{"event":""}',
      'no-event-name',
      'no hook_event_name, event or hook that names a hook: line skipped',
    ],
    [
      'a name that is a number',
      '{"event":5}',
      'no-event-name',
      'no hook_event_name, event or hook that names a hook: line skipped',
    ],
  ];
  test.each(rows)('%s', (_claim, text, code, message) => {
    expect(parse(text)).toEqual({
      kind: 'malformed',
      diagnostic: { severity: 'error', code, message, at: AT },
    });
  });
});

test.each(['', ' ', '\t \r', '\uFEFF', '\u2028'])('%j is blank', (text) => {
  expect(parse(text)).toEqual({ kind: 'blank' });
});

test.each([
  ['a byte order mark', `\uFEFF${GOOD}`],
  ['white space', ` ${GOOD}\r`],
])('%s around the JSON is no matter', (_name, text) => {
  expect(eventIn(text)).toEqual(eventIn(GOOD));
});

test('NUL bytes that a crash left before the JSON are left out, and said to be', () => {
  expect(parse(`\0\0${GOOD}`)).toMatchObject({
    kind: 'event',
    event: { sessionId: 's' },
    diagnostics: [{ severity: 'warning', code: 'nul-bytes', at: AT }],
  });
});

describe('a line that the input stage could not give whole', () => {
  const tooLong: LineDamage = { kind: 'too_long', sizeBytes: 70_000_000 };
  const rows: [string, LineDamage, string, object][] = [
    [
      'too long: skipped',
      tooLong,
      '',
      {
        kind: 'malformed',
        diagnostic: {
          code: 'too-long',
          message: 'the line has 70000000 bytes, more than the limit: skipped',
        },
      },
    ],
    [
      'too long, even if its beginning is JSON',
      tooLong,
      GOOD,
      { kind: 'malformed', diagnostic: { code: 'too-long' } },
    ],
    [
      'not UTF-8, but JSON: read with a warning',
      { kind: 'invalid_utf8' },
      GOOD,
      { kind: 'event', diagnostics: [{ severity: 'warning', code: 'invalid-utf8', at: AT }] },
    ],
    [
      'not UTF-8, nor JSON',
      { kind: 'invalid_utf8' },
      '\uFFFD',
      { kind: 'malformed', diagnostic: { code: 'not-json' } },
    ],
    ['without a line end, but whole', { kind: 'no_line_end' }, GOOD, { kind: 'event', diagnostics: [] }],
    [
      'without a line end, and cut off',
      { kind: 'no_line_end' },
      GOOD.slice(0, -3),
      {
        kind: 'malformed',
        diagnostic: {
          severity: 'error',
          code: 'truncated',
          message: 'the last line ends inside its JSON: skipped',
          at: AT,
        },
      },
    ],
    ['without a line end, and blank', { kind: 'no_line_end' }, ' ', { kind: 'blank' }],
  ];
  test.each(rows)('%s', (_claim, damage, text, expected) => {
    expect(parseLine(lineOf(text, damage), { content: false })).toMatchObject(expected);
  });
});

describe('an event name that we do not know is counted, never fatal', () => {
  const rows: [string, object][] = [
    ['on_new_thing', { hook: 'on_new_thing' }],
    ['constructor', { hook: 'constructor' }],
    ['__proto__', { hook: '__proto__' }],
    ['toString', { hook: 'toString' }],
    ['transform_\u001b[31m', { hook: 'transform_\u001b[31m' }],
    ['kanban_', { hook: 'kanban_' }],
    ['x'.repeat(500), { hook: 'x'.repeat(80) }],
  ];
  test.each(rows)('%j', (name, expected) => {
    expect(parse(flat(name, { session_id: 's' }))).toMatchObject({ kind: 'unknown', at: AT, ...expected });
  });
});

describe('a field of the wrong type is left out, and named', () => {
  const rows: [string, string, string, string][] = [
    [
      'on_session_start',
      '"session_id":5',
      'wrong-type',
      'session_id is the number 5, not a string: left out',
    ],
    ['on_session_start', '"model":{}', 'wrong-type', 'model is an object, not a string: left out'],
    [
      'on_session_end',
      '"completed":"yes"',
      'wrong-type',
      'completed is a string, not true or false: left out',
    ],
    [
      'pre_api_request',
      '"api_call_count":-1',
      'wrong-type',
      'api_call_count is the number -1, not a whole number from 0: left out',
    ],
    [
      'pre_api_request',
      '"tool_count":1e300',
      'wrong-type',
      'tool_count is the number 1e+300, not a whole number from 0: left out',
    ],
    [
      'post_api_request',
      '"api_duration":"5"',
      'wrong-type',
      'api_duration is a string, not a number from 0 to 1e12: left out',
    ],
    [
      'post_tool_call',
      '"tool_name":"t","duration_ms":-7',
      'wrong-type',
      'duration_ms is the number -7, not a number from 0 to 1e12: left out',
    ],
    [
      'api_request_error',
      '"retryable":1',
      'wrong-type',
      'retryable is the number 1, not true or false: left out',
    ],
    ['api_request_error', '"error":[1]', 'wrong-type', 'error is a list, not a string: left out'],
    [
      'api_request_error',
      '"error":{"type":[]}',
      'wrong-type',
      'error.type is a list, not a string: left out',
    ],
    [
      'pre_llm_call',
      '"user_message":true',
      'wrong-type',
      'user_message is a boolean, not a string or a list of parts: left out',
    ],
    ['on_session_start', '"extra":"x"', 'wrong-type', 'extra is a string, not an object: left out'],
    [
      'on_session_start',
      '"platform":"a\\ud800b"',
      'lone-surrogate',
      'platform has half a surrogate pair: read as U+FFFD',
    ],
    [
      'on_skill_lifecycle',
      '"skill_name":"a\\ud800"',
      'lone-surrogate',
      'skill_name has half a surrogate pair: read as U+FFFD',
    ],
    [
      'agent:step',
      '"tool_names":["a\\ud800","b"]',
      'lone-surrogate',
      'tool_names has half a surrogate pair: read as U+FFFD',
    ],
  ];
  test.each(rows)('%s with %s', (hook, field, code, message) => {
    const parsed = parse(`{"ts":1789467301,"event":"${hook}","task_id":"t",${field}}`);
    expect(parsed).toMatchObject({
      kind: 'event',
      diagnostics: [{ severity: 'warning', code, message: `${hook}: ${message}`, at: AT }],
    });
  });
});

test('the largest amount is read, and a larger one is not', () => {
  const duration = (duration_ms: number) =>
    parse(flat('post_tool_call', { task_id: 't', tool_name: 't', duration_ms }));
  expect(duration(1e12)).toMatchObject({ event: { durationMillis: 1e12 }, diagnostics: [] });
  expect(duration(1e12 + 1)).toMatchObject({ event: { durationMillis: undefined } });
  expect(duration(0)).toMatchObject({ event: { durationMillis: 0 }, diagnostics: [] });
});

test('an event that no id places is passed on: the reconstruction may know its session', () => {
  expect(parse(flat('pre_api_request', { session_id: '', task_id: null }))).toMatchObject({
    kind: 'event',
    event: { sessionId: undefined },
    diagnostics: [],
  });
});

describe('hostile JSON', () => {
  test('__proto__ is a key like any other, and changes no prototype', () => {
    const parsed = parse(
      '{"ts":1789467301,"event":"on_session_start","__proto__":{"session_id":"evil"},"extra":{"__proto__":{"model":"evil"}}}',
    );
    expect(parsed).toMatchObject({ event: { sessionId: undefined, model: undefined } });
    expect(Object.getPrototypeOf({})).not.toHaveProperty('session_id');
  });

  test('of a key that stands twice the last one counts, as for Python', () => {
    expect(
      eventIn('{"ts":1789467301,"event":"on_session_start","session_id":"a","session_id":"b"}'),
    ).toMatchObject({ sessionId: 'b' });
  });

  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  test.each([
    ['args', `"args":${deep}`],
    ['result', `"result":${deep}`],
    ['error', `"result":{"error":${deep}}`],
  ])('%s nested 50,000 deep is left out', (key, field) => {
    const parsed = parse(
      `{"ts":1789467301,"event":"post_tool_call","tool_name":"t","session_id":"s",${field}}`,
      true,
    );
    const diagnostic = {
      code: 'too-deep',
      message: `post_tool_call: ${key} is nested more than 100 levels deep: left out`,
    };
    expect(parsed).toMatchObject({
      kind: 'event',
      diagnostics: expect.arrayContaining([expect.objectContaining(diagnostic)]),
    });
  });

  test.each([
    [100, true],
    [101, false],
  ])('arguments nested %d deep: kept is %s', (levels, kept) => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const args = `${open.repeat(levels)}1${close.repeat(levels)}`;
      const parsed = parse(
        `{"ts":1789467301,"event":"pre_tool_call","tool_name":"t","task_id":"t","args":${args}}`,
      );
      expect(parsed.kind === 'event' && 'args' in parsed.event && parsed.event.args !== undefined).toBe(kept);
    }
  });

  test.each([
    ['brackets without end', '['.repeat(200_000)],
    ['a string of backslashes without end', `{"a":"${'\\'.repeat(200_001)}`],
    ['quotes without end', '"'.repeat(200_001)],
    ['NULs around a letter', `${'\0'.repeat(200_000)}x${'\0'.repeat(200_000)}x`],
    ['closing braces and spaces', `${`}${' '.repeat(500)}`.repeat(400)}`],
  ])('%s is skipped in good time', (_name, text) => {
    expect(processorMillis(() => parse(text))).toBeLessThan(4000);
    expect(parse(text)).toMatchObject({ kind: 'malformed', diagnostic: { code: 'not-json' } });
  });
});
