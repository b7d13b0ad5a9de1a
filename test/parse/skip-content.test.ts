import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { skipContent } from '../../src/parse/skip-content.ts';
import { anyText } from '../any-text.ts';
import { API, OBSERVER } from './kwargs.ts';
import { ENVELOPES, flat, genuine, parse } from './lines.ts';

const RAW = ['flat', 'shell'].flatMap((envelope) => {
  const file = new URL(`../../fixtures/raw/0.19.0/${envelope}.ndjson.gz`, import.meta.url);
  return gunzipSync(readFileSync(file)).toString().trimEnd().split('\n');
});
const GENUINE = ['0.14.0', '0.16.0', '0.19.0'].flatMap((version) => [
  ...genuine(`${version}.flat`),
  ...genuine(`${version}.shell`),
]);
/** Longer than what is skipped, with all that makes the end of a text hard to find. */
const LONG = `"}],\\ {"é😀 \\"${'quite long, '.repeat(8)}\\`;
const MESSAGES = [{ role: 'user', content: LONG }, [[{}]], LONG];

/** One for all lines, so that each is compared with what was skipped in those before it. */
const withoutContent = skipContent();

/** The text that is parsed instead of `line`. */
function shortened(line: string): string {
  return withoutContent(Buffer.from(line)) ?? line;
}

test.each(RAW.map((line) => [JSON.parse(line).event ?? JSON.parse(line).hook_event_name, line]))(
  'a genuine %s with all its fields is the same event, without its content',
  (_hook, line) => {
    expect(parse(shortened(line))).toEqual(parse(line));
    expect(shortened(line).length).toBeLessThan(2000);
  },
);

describe('what is not read is skipped, and the rest of its object is not', () => {
  const kwargs = { ...OBSERVER, ...API };
  const rows: [string, string, JsonObject, string][] = [
    ['messages', 'pre_api_request', { request_messages: MESSAGES }, 'role'],
    ['a history', 'pre_llm_call', { conversation_history: MESSAGES, user_message: 'hi' }, 'role'],
    [
      'the end of a request',
      'pre_api_request',
      { request: { body: { tools: MESSAGES, stream: true } } },
      'role',
    ],
    ['all but an id', 'post_api_request', { response: { output: MESSAGES, id: 'resp_1' } }, 'role'],
    ['an answer', 'post_llm_call', { assistant_response: LONG }, 'quite long'],
    [
      'a prompt',
      'pre_llm_call',
      { user_message: `Read the log, and say what it holds: ${LONG}` },
      'quite long',
    ],
    ['a result', 'post_tool_call', { tool_name: 't', result: `{"output": ${JSON.stringify(LONG)}}` }, 'long'],
    ['a result without JSON', 'post_tool_call', { tool_name: 't', result: LONG }, 'long'],
    [
      'a good result',
      'post_tool_call',
      { tool_name: 't', result: JSON.stringify({ output: LONG, error: null }, null, 1) },
      'long',
    ],
    ['what a terminal printed', 'transform_terminal_output', { output: LONG }, 'quite long'],
  ];
  test.each(rows)('%s', (_name, hook, fields, skipped) => {
    for (const envelope of Object.values(ENVELOPES)) {
      const line = envelope(hook, { ...kwargs, ...fields });
      expect(shortened(line)).not.toContain(skipped);
      expect(parse(shortened(line))).toEqual(parse(line));
    }
  });
  test('the arguments of tools are read, whatever their names', () => {
    const line = flat('pre_tool_call', { ...kwargs, tool_name: 't', args: { messages: MESSAGES } });
    expect(shortened(line)).toBe(line);
  });
});

/** Lists that are long enough to be compared with the next one. */
const turns = (count: number) =>
  Array.from({ length: count }, (_, turn) => ({ turn, content: LONG, of: [[]] }));

test.each<[string, JsonValue, JsonValue]>([
  ['the same', turns(9), turns(9)],
  ['grown', turns(9), turns(12)],
  ['grown by one number', turns(9), [...turns(9), 1]],
  ['shorter', turns(9), turns(8)],
  ['changed at its end', turns(9), [...turns(8), { turn: 8, content: LONG, of: [[1]] }]],
  ['an object with more members', { messages: turns(9) }, { messages: turns(9), more: LONG }],
  ['an object of which the last member grew', { messages: turns(9) }, { messages: turns(10) }],
])('a list that came before, %s', (_name, before, now) => {
  const skip = skipContent();
  const line = (messages: JsonValue) =>
    flat('pre_api_request', { ...OBSERVER, ...API, request_messages: messages, model: 'last' });
  for (const text of [before, now, before, now].map(line)) {
    const short = skip(Buffer.from(text)) ?? text;
    expect(short).toBe(line(null).replace(/"ts":[\d.]+/, /"ts":[\d.]+/.exec(text)?.[0] ?? ''));
    // Cut inside the list, and behind it.
    for (const end of [text.indexOf('quite'), text.lastIndexOf('quite'), text.length - 1])
      expect(skip(Buffer.from(text.slice(0, end)))).toBeUndefined();
  }
});

describe('a text is read where it decides something', () => {
  const long = 'quite long, '.repeat(8);
  const failed = JSON.stringify({ output: long, error: `no such file: ${long}` });
  test.each<[string, string, JsonObject]>([
    ['the prompt of a review', 'pre_llm_call', { user_message: `Review the conversation above. ${long}` }],
    ['an error', 'post_tool_call', { result: failed }],
    ['an error behind space', 'post_tool_call', { result: `\n\t ${failed}` }],
    ['an error behind a falsy one', 'post_tool_call', { result: `{"a":{"error":null},${failed.slice(1)}` }],
    ['parts of a message', 'pre_llm_call', { user_message: [{ type: 'text', text: long }] }],
    ['an object', 'post_tool_call', { result: { output: long, error: 'no such file' } }],
  ])('%s', (_name, hook, fields) => {
    for (const envelope of Object.values(ENVELOPES)) {
      const line = envelope(hook, { ...OBSERVER, ...API, tool_name: 't', ...fields });
      expect(parse(shortened(line))).toEqual(parse(line));
      expect(shortened(line)).toBe(line);
    }
  });

  test.each([
    ['the quote', '"', '\\u0022'],
    ['a letter', 'error', '\\u0065rror'],
    ['the brace', '{', '\\u007b'],
  ])('also when an escape spells %s of its key', (_name, plain, escaped) => {
    const line = flat('post_tool_call', { ...OBSERVER, ...API, tool_name: 't', result: '@' });
    const result = JSON.stringify(failed).slice(1, -1);
    const odd = line.replace('@', () => result.replace(plain === '"' ? '\\"' : plain, () => escaped));
    expect(parse(odd)).toMatchObject({ event: { status: 'error' } });
    expect(parse(shortened(odd))).toEqual(parse(odd));
  });
});

describe('read whole', () => {
  const line = flat('pre_api_request', { ...OBSERVER, ...API, request_messages: MESSAGES });
  test.each([
    ['not an object', JSON.stringify([JSON.parse(line)])],
    ['two objects', line + line],
    ['text before the object', `app | ${line}`],
    ['NULs after the object', `${line}\0`],
    ['a key with an escape', line.replace('"event"', '"\\u0065vent"')],
    ['the end is missing', line.slice(0, -1)],
    ['the end of a text is missing', line.slice(0, line.indexOf('quite long'))],
    ['no colon', line.replace('"event":', '"event"')],
    ['objects in objects without an end', '{"extra":'.repeat(100_000)],
    ['backslashes without an end', `{"messages":"${'\\'.repeat(100_001)}`],
  ])('%s', (_name, odd) => {
    expect(withoutContent(Buffer.from(odd))).toBeUndefined();
  });
});

test('JSON that is broken inside what is skipped is not noticed; elsewhere it is', () => {
  const line = flat('pre_api_request', { ...OBSERVER, ...API, request_messages: MESSAGES });
  expect(parse(shortened(line.replace('"role":', '"role"')))).toEqual(parse(line));
  expect(parse(shortened(line.replace(/"ts":[\d.]+/, '"ts":nought'))).kind).toBe('malformed');
});

/** The result of a tool, as text, of which some have an error. */
const anyResult = fc
  .record(
    {
      output: anyText({ maxLength: 100 }),
      error: fc.oneof(fc.constant(null), fc.constant('no such file'), fc.jsonValue()),
      more: fc.constantFrom<JsonValue>('"error"', { error: 'inner' }, ['error'], LONG),
    },
    { requiredKeys: [] },
  )
  .map((result): JsonValue => JSON.stringify(result, null, 1).padEnd(80));
const anyValue = fc.oneof(
  anyResult,
  fc.jsonValue(),
  fc.constant<JsonValue>(LONG),
  fc.constant<JsonValue>(MESSAGES),
  anyText({ maxLength: 200 }).map((text): JsonValue => `${text}${'\\"'.repeat(40)}`),
);
const NAMES = ['request', 'response', 'extra', 'body', 'messages', 'id', 'stream', 'reasoning', 'data'];
const FIELDS = ['request_messages', 'conversation_history', 'assistant_message', 'result', 'user_message'];
const fields = fc.dictionary(fc.constantFrom(...NAMES, ...FIELDS), anyValue);
const nested = fc.dictionary(fc.constantFrom(...NAMES), fc.oneof(fields, anyValue));
/** Any value in any field, also twice, in any white space. */
const wild = fc
  .tuple(
    fc.constantFrom(...GENUINE),
    fields,
    fc.dictionary(fc.constantFrom(...NAMES), nested),
    fc.nat({ max: 2 }),
  )
  .map(([line, flatFields, nestedFields, indent]) => {
    const added = JSON.stringify({ ...flatFields, ...nestedFields }, null, indent);
    return `${added.slice(0, -1)}${added.length > 2 ? ',' : ''}${line.slice(1)}`;
  });
/** A piece taken out, doubled or replaced by noise. */
const torn = fc
  .tuple(fc.constantFrom(...RAW, ...GENUINE), fc.nat(), fc.nat({ max: 30 }), anyText({ maxLength: 12 }))
  .map(([line, at, length, noise]) => {
    const start = at % line.length;
    return line.slice(0, start) + noise + line.slice(start + length);
  });

test.each([
  ['any value in any field', wild],
  ['genuine lines, torn', torn],
  ['JSON', fc.json()],
])('%s: the same event, unless what is skipped is no JSON', (_name, texts) => {
  const runs = { numRuns: Number(process.env.FUZZ_RUNS ?? 200) };
  fc.assert(
    fc.property(texts, (line) => {
      const text = shortened(line);
      if (isJson(line)) expect(parse(text)).toEqual(parse(line));
      else if (!isJson(text)) expect(parse(text).kind).toBe(parse(line).kind);
    }),
    runs,
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
