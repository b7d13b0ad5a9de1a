import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/model/json.ts';
import { parseLine, splitLine } from '../../src/parse/parse-line.ts';
import { OBSERVER, SESSION } from './kwargs.ts';
import { AT, eventIn, flat, lineOf, parse, shell, TIME, TS } from './lines.ts';

// Lines of other loggers: the same event as the line that Hermes's own recorder would have written.
const FIELDS: JsonObject = { ...OBSERVER, tool_name: 'terminal', tool_call_id: 'c1', status: 'ok' };
const OWN = flat('post_tool_call', FIELDS);
const SHELL = shell('post_tool_call', FIELDS);
const ISO = '2026-09-15T10:15:01.500Z';

describe('fields one level down', () => {
  test.each(['data', 'payload', 'body', 'kwargs', 'fields', 'params'])('in %s', (key) => {
    expect(eventIn(JSON.stringify({ ts: TS, event: 'post_tool_call', [key]: FIELDS }))).toEqual(eventIn(OWN));
  });

  test.each(['data', 'payload', 'event', 'hook'])('the whole body of a shell hook in %s', (key) => {
    const { ts, pid, ...body } = JSON.parse(SHELL);
    expect(eventIn(JSON.stringify({ ts, pid, [key]: body }))).toEqual(eventIn(SHELL));
  });

  test('in camel case, with another key for the hook', () => {
    const line = {
      hookType: 'post_tool_call',
      sessionId: SESSION,
      timestamp: TS,
      data: { turnId: FIELDS.turn_id, taskId: SESSION, toolName: 'terminal', toolCallId: 'c1', status: 'ok' },
    };
    expect(eventIn(JSON.stringify(line))).toMatchObject({ sessionId: SESSION, time: TIME });
  });

  test('the time of the inner object goes first', () => {
    const line = { time: 1, event: 'post_tool_call', data: { ...FIELDS, ts: TS } };
    expect(eventIn(JSON.stringify(line))).toEqual(eventIn(OWN));
  });

  test('an object of a hook that has its own ids is no envelope', () => {
    const line = flat('gateway_platform_event', { session_id: 's', payload: { session_id: 'other' } });
    expect(eventIn(line)).toMatchObject({ sessionId: 's' });
  });

  test('envelopes in envelopes end', () => {
    const deep = Array.from({ length: 50 }).reduce<JsonObject>(
      (data) => ({ event: 'post_tool_call', data }),
      FIELDS,
    );
    expect(parse(JSON.stringify(deep)).kind).toBe('untimed');
  });
});

describe('lines of log drivers', () => {
  test.each([
    ['Docker', { log: `${OWN}\n`, stream: 'stdout', time: '2026-09-15T10:15:09.123456789Z' }],
    ['journald', { MESSAGE: OWN, __REALTIME_TIMESTAMP: '1789467309000000', _PID: '7' }],
    ['a cloud logger', { textPayload: OWN, timestamp: ISO }],
    ['another logger', { level: 30, msg: OWN }],
  ])('%s', (_driver, line) => {
    expect(eventIn(JSON.stringify(line))).toEqual(eventIn(OWN));
  });

  test('the time of the driver counts when the body has none', () => {
    const { ts, ...body } = JSON.parse(OWN);
    const line = { log: JSON.stringify(body), time: ISO };
    expect(ts).toBe(TS);
    expect(eventIn(JSON.stringify(line))).toEqual(eventIn(OWN));
  });

  test.each([
    ['Compose', `hermes-1  | ${OWN}`],
    ['Kubernetes', `2026-09-15T10:15:09.1Z stdout F ${OWN}`],
    ['syslog', `Sep 15 10:15:01 host hermes[7]: ${OWN}`],
  ])('a prefix of %s', (_driver, text) => {
    expect(eventIn(text)).toEqual(eventIn(OWN));
  });

  test('the time of a prefix counts when the body has none', () => {
    const { ts, ...body } = JSON.parse(OWN);
    expect(ts).toBe(TS);
    expect(eventIn(`${ISO} stdout F ${JSON.stringify(body)}`)).toEqual(eventIn(OWN));
  });

  test.each(['ts', 'timestamp', 'time'])(
    'the time of a prefix does not count when the body has %s',
    (key) => {
      const { ts, ...body } = JSON.parse(OWN);
      const text = `2020-01-01T00:00:00Z stdout F ${JSON.stringify({ ...body, [key]: ts })}`;
      expect(eventIn(text)).toEqual(eventIn(OWN));
    },
  );

  test('text that holds the JSON of something else is no event', () => {
    expect(parse('2026-09-15 INFO request {"event":"x","session_id":"s"}').kind).toBe('malformed');
    expect(parse(JSON.stringify({ log: '{"level":"info","msg":"started"}' })).kind).toBe('malformed');
  });
});

describe("Python's NaN and Infinity", () => {
  test('the field is left out, and the line stays', () => {
    const text = OWN.replace('"status":"ok"', '"status":"ok","args":{"v":NaN,"m":[-Infinity,1],"k":"NaN"}');
    const parsed = parse(text);
    expect(parsed).toMatchObject({
      kind: 'event',
      diagnostics: [{ severity: 'warning', code: 'not-a-number', at: AT }],
    });
    expect(JSON.stringify(parsed)).toContain('"args":{"m":[null,1],"k":"NaN"}');
  });

  test.each(['{"event":"x","v":NaN', 'NaN', '[NaN]', '{"a":"\\"NaN", b}'])('%s is still no event', (text) => {
    expect(parse(text).kind).toBe('malformed');
  });
});

describe('a line with several objects', () => {
  function partsOf(text: string) {
    return splitLine(lineOf(text))?.map((line) => parseLine(line, { content: false }));
  }

  test.each([OWN + SHELL, `${OWN} ${SHELL}`, `${OWN},${SHELL},`])('is several lines: %#', (text) => {
    expect(partsOf(text)).toEqual([parse(OWN), parse(SHELL)]);
  });

  test('braces in strings separate nothing', () => {
    const text = flat('post_tool_call', { ...FIELDS, result: '}{ "\\' });
    expect(partsOf(text + OWN)).toEqual([parse(text), parse(OWN)]);
    expect(splitLine(lineOf(text))).toBeUndefined();
  });

  test('a line of a million empty objects stays one line', () => {
    expect(splitLine(lineOf('{}'.repeat(1_000_000)))).toBeUndefined();
  });

  test('what is wrong with the end of the line is wrong with its last part only', () => {
    const parts = splitLine(lineOf(`${OWN}${SHELL.slice(0, 90)}`, { kind: 'no_line_end' })) ?? [];
    expect(parts.map(({ damage }) => damage)).toEqual([undefined, { kind: 'no_line_end' }]);
    expect(parts.map((line) => parseLine(line, { content: false }))).toMatchObject([
      parse(OWN),
      { kind: 'malformed', diagnostic: { code: 'truncated' } },
    ]);
  });

  test('a part that breaks off is named, and costs no other', () => {
    expect(partsOf(`${OWN}${SHELL.slice(0, 90)}`)).toMatchObject([parse(OWN), { kind: 'malformed' }]);
  });
});

describe("formats of Hermes's own pages", () => {
  test.each([
    ['session_start', 'on_session_start'],
    ['session_end', 'on_session_end'],
  ])('the observer log of the plugin guide: %s', (name, hook) => {
    expect(eventIn(flat(name, { session_id: 's', model: 'm' }))).toMatchObject({ hook, sessionId: 's' });
  });

  test('its tools are in "tool"', () => {
    const line = flat('pre_tool_call', { tool: 'terminal', task_id: 't' });
    expect(eventIn(line)).toMatchObject({ toolName: 'terminal' });
  });

  const CHAT = { platform: 'telegram', user_id: 'u1', session_id: 's' };
  test.each([
    ['session:start', {}, { hook: 'on_session_start' }],
    [
      'agent:start',
      { message: 'hi' },
      { hook: 'pre_llm_call', senderId: 'u1', userMessage: 'hi', platform: 'telegram' },
    ],
    [
      'agent:step',
      { iteration: 1, tool_names: ['terminal', 7] },
      { hook: 'mark', fields: { iteration: 1, tool_names: 'terminal' } },
    ],
    ['agent:end', { response: 'yo' }, { hook: 'post_llm_call', assistantResponse: 'yo' }],
    ['session:end', {}, { hook: 'on_session_finalize' }],
    ['command:new', {}, { hook: 'unmapped', name: 'command:new' }],
  ])('the activity log of the gateway: %s', (name, fields, event) => {
    expect(eventIn(flat(name, { ...CHAT, ...fields }), true)).toMatchObject({ ...event, sessionId: 's' });
  });

  test('without content its messages stay out', () => {
    const line = flat('agent:start', { ...CHAT, message: 'a private matter' });
    expect(JSON.stringify(eventIn(line))).not.toContain('private');
  });

  test('a reset names only the chat: no session', () => {
    expect(eventIn(flat('session:reset', { platform: 'x', session_key: 'agent:main' }))).toMatchObject({
      hook: 'unmapped',
      sessionId: undefined,
    });
  });

  test('a recipe with jq: short keys', () => {
    const line = { ts: TS, event: 'post_tool_call', session: 's', tool: 'terminal' };
    expect(eventIn(JSON.stringify(line))).toMatchObject({ sessionId: 's', toolName: 'terminal' });
  });
});
