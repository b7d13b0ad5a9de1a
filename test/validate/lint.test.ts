import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/model/json.ts';
import { EFFECTS } from '../../src/validate/findings.ts';
import { CALL, OBSERVER, SESSION, TURN } from '../parse/kwargs.ts';
import { flat, shell, TS, webhook } from '../parse/lines.ts';
import { inputsOf, lintLog } from './inputs.ts';

const IDS = { ...OBSERVER };
const OLD = { session_id: SESSION, task_id: SESSION };
const TOOL = { ...IDS, tool_name: 'terminal', args: { command: 'ls' }, tool_call_id: 'call_1' };
const OLD_TOOL = { task_id: SESSION, tool_name: 'terminal', args: { command: 'ls' } };
const NESTED = {
  ...OLD_TOOL,
  session_id: '',
  tool_call_id: '',
  telemetry_schema_version: 'hermes.observer.v1',
};
const API = { ...IDS, api_request_id: CALL, api_call_count: 1 };
const CHILD = {
  parent_session_id: SESSION,
  child_session_id: 'child',
  telemetry_schema_version: 'hermes.observer.v1',
};
const GATE = { session_key: SESSION, surface: 'cli', turn_id: TURN, tool_call_id: 'call_1' };

/** A line `seconds` after the usual time. */
function later(seconds: number, hook: string, kwargs: JsonObject): string {
  return flat(hook, { ...kwargs, ts: TS + seconds });
}

function findingsIn(lines: readonly string[]): string[] {
  return lintLog(inputsOf(lines))
    .findings.filter(({ code }) => code !== 'no-session-start' && code !== 'no-session-end')
    .map(({ code, places }) => `${code} ${places.map(({ line }) => line).join(',')}`);
}

/** [what is odd, lines, findings with their lines] */
const ROWS: [string, string[], string[]][] = [
  ['nothing', [flat('pre_tool_call', TOOL), flat('post_tool_call', TOOL)], []],
  ['a broken line', ['{"ts":', flat('post_llm_call', IDS)], ['not-json 1', 'merged 2']],
  ['a blank line', ['', flat('post_llm_call', IDS)], ['merged 2']],
  ['a hook that nobody knows', [flat('on_new_thing', IDS)], ['unknown-hook 1']],
  [
    'a line of "hermes hooks test"',
    [shell('on_session_start', { session_id: 'test-session' })],
    ['test-payload 1'],
  ],
  ['a line without a time', [JSON.stringify({ event: 'post_llm_call', ...IDS })], ['untimed 1']],
  [
    'a time that is none',
    [JSON.stringify({ event: 'post_llm_call', ts: 0, ...IDS })],
    ['untimed 1', 'bad-time 1'],
  ],
  ['a field of the wrong type', [flat('post_llm_call', { ...IDS, model: 5 })], ['wrong-type 1', 'merged 1']],
  [
    'a field that Hermes does not have',
    [flat('post_llm_call', { ...IDS, mood: 'fine' }), shell('post_llm_call', { ...IDS, mood: 1 })],
    ['two-recorders 2', 'unknown-field 1,2', 'merged 1,2'],
  ],
  ['a tool that never ends', [flat('pre_tool_call', TOOL)], ['tool-unended 1']],
  ['a tool that never began', [flat('post_tool_call', TOOL)], ['tool-unstarted 1']],
  [
    'a tool that ends twice',
    [flat('pre_tool_call', TOOL), flat('post_tool_call', TOOL), later(1, 'post_tool_call', TOOL)],
    ['tool-ended-twice 3'],
  ],
  [
    'parallel tools in any order',
    [
      flat('pre_tool_call', TOOL),
      flat('pre_tool_call', { ...TOOL, tool_call_id: 'call_2' }),
      flat('post_tool_call', { ...TOOL, tool_call_id: 'call_2' }),
      flat('post_tool_call', TOOL),
    ],
    [],
  ],
  [
    'a start without ids, an end with them, as before 0.16',
    [
      flat('pre_tool_call', OLD_TOOL),
      flat('post_tool_call', { ...OLD, ...OLD_TOOL, tool_call_id: 'c', duration_ms: 3 }),
    ],
    [],
  ],
  [
    'two starts for one call, as in 0.10',
    [
      flat('pre_tool_call', OLD_TOOL),
      flat('pre_tool_call', { ...OLD, ...OLD_TOOL, tool_call_id: 'c' }),
      flat('post_tool_call', { ...OLD, ...OLD_TOOL, tool_call_id: 'c' }),
    ],
    ['tool-double-fire 2'],
  ],
  ['a nested call without ids', [flat('pre_tool_call', NESTED), flat('post_tool_call', NESTED)], []],
  ['a call without an answer', [flat('pre_api_request', API)], ['api-unanswered 1']],
  [
    'a call that is tried again without an error',
    [flat('pre_api_request', API), later(1, 'pre_api_request', API), later(2, 'post_api_request', API)],
    ['api-unanswered 1'],
  ],
  [
    'a call that is tried again after an error',
    [
      flat('pre_api_request', API),
      flat('api_request_error', API),
      later(1, 'pre_api_request', API),
      later(2, 'post_api_request', API),
    ],
    [],
  ],
  ['an answer without a call', [flat('post_api_request', API)], ['api-unasked 1']],
  [
    'a call without ids, by its number',
    [
      flat('pre_api_request', { ...OLD, api_call_count: 1 }),
      flat('post_api_request', { ...OLD, api_call_count: 2 }),
    ],
    ['api-unasked 2', 'api-unanswered 1'],
  ],
  [
    'an auxiliary call without an answer',
    [flat('pre_auxiliary_call', { ...IDS, api_request_id: 'aux-1' })],
    ['auxiliary-unanswered 1'],
  ],
  [
    'an auxiliary answer without a call',
    [flat('post_auxiliary_call', { ...IDS, api_request_id: 'aux-1' })],
    ['auxiliary-unasked 1'],
  ],
  ['an approval without an answer', [flat('pre_approval_request', GATE)], ['approval-unanswered 1']],
  [
    'an approval by two surfaces',
    [
      flat('pre_approval_request', { ...GATE, surface: 'smart' }),
      flat('pre_approval_request', GATE),
      flat('post_approval_response', GATE),
    ],
    [],
  ],
  [
    'two equal approvals at once',
    [
      flat('pre_approval_request', { ...GATE, command: 'rm a' }),
      later(0.1, 'pre_approval_request', { ...GATE, command: 'rm b' }),
      later(1, 'post_approval_response', { ...GATE, command: 'rm b' }),
      later(2, 'post_approval_response', { ...GATE, command: 'rm a' }),
    ],
    ['id-by-ordinal 2'],
  ],
  [
    'an approval of no session',
    [flat('pre_approval_request', { session_key: 'agent:main:irc', surface: 'gateway' })],
    ['no-session 1', 'approval-unanswered 1'],
  ],
  ['an answer that nobody asked for', [flat('post_approval_response', GATE)], ['approval-unasked 1']],
  ['a sub-agent that never stops', [flat('subagent_start', CHILD)], ['subagent-unended 1']],
  [
    'a sub-agent without a link',
    [flat('subagent_stop', { parent_session_id: SESSION, child_status: 'completed' })],
    ['subagent-unlinked 1'],
  ],
  ['a turn that never ends', [flat('pre_llm_call', IDS)], ['turn-unended 1']],
  [
    'a turn that the next one ends, before 0.16',
    [flat('pre_llm_call', OLD), later(1, 'pre_llm_call', OLD), later(2, 'on_session_end', OLD)],
    ['turn-unended 1'],
  ],
  ['an end of a turn when none is open', [flat('on_session_end', IDS)], ['turn-unstarted 1']],
  [
    'a time that jumps back',
    [later(60, 'post_llm_call', IDS), flat('transform_llm_output', IDS)],
    ['clock-back 2', 'merged 1'],
  ],
  [
    'a time a little before',
    [later(1, 'post_llm_call', IDS), flat('transform_llm_output', IDS)],
    ['out-of-order 2', 'merged 1'],
  ],
  [
    "a clock that is not Hermes's",
    [flat('pre_api_request', API), flat('post_api_request', { ...API, ended_at: TS - 60 })],
    ['clock-apart 2'],
  ],
  [
    'a recorder that writes local time',
    [
      flat('pre_llm_call', { ...IDS, ts: '2026-09-15T12:15:01' }),
      flat('pre_api_request', { ...API, ts: '2026-09-15T12:15:01.5', started_at: TS }),
      flat('post_api_request', { ...API, ts: '2026-09-15T12:15:02.5', ended_at: TS + 1 }),
      flat('on_session_end', { ...IDS, ts: '2026-09-15T12:15:03Z' }),
    ],
    ['local-time 2,3', 'no-zone 1'],
  ],
  [
    'the very same line',
    [flat('pre_llm_call', IDS), flat('pre_llm_call', IDS), flat('on_session_end', IDS)],
    ['same-line 2'],
  ],
  [
    'the same delivery',
    [webhook('post_llm_call', IDS), webhook('post_llm_call', { ...IDS, model: 'm' })],
    ['same-delivery 2', 'merged 1'],
  ],
  [
    'two recorders',
    [flat('post_llm_call', IDS), shell('post_llm_call', IDS), shell('transform_llm_output', IDS)],
    ['two-recorders 2', 'merged 1,2'],
  ],
  [
    'two dialects',
    [flat('post_llm_call', IDS), flat('post_llm_call', { session_id: 's' })],
    ['merged 1,2', 'mixed-dialects 2'],
  ],
  [
    'an event that no id places',
    [flat('post_llm_call', { telemetry_schema_version: 'v1' })],
    ['no-session 1'],
  ],
  [
    'a key in a command',
    [
      flat('pre_tool_call', { ...TOOL, args: { command: `curl ghp_${'a1B2'.repeat(9)}` } }),
      flat('post_tool_call', TOOL),
    ],
    ['secret 1'],
  ],
];

test.each(ROWS)('%s', (_claim, lines, expected) => {
  expect(findingsIn(lines)).toEqual(expected);
});

test('every finding of ours is shown above', () => {
  const shown = ROWS.flatMap(([, , findings]) => findings.map((finding) => finding.split(' ')[0]));
  const elsewhere = ['no-session-start', 'no-session-end'];
  expect(Object.keys(EFFECTS).filter((code) => !shown.includes(code) && !elsewhere.includes(code))).toEqual(
    [],
  );
});

test('a session without start or end is reported once, at its first line', () => {
  const { findings } = lintLog(inputsOf([flat('post_llm_call', IDS), flat('transform_llm_output', IDS)]));
  expect(findings.map(({ code, count, places }) => [code, count, places[0]?.line])).toEqual([
    ['merged', 1, 1],
    ['no-session-start', 1, 1],
    ['no-session-end', 1, 1],
  ]);
});

test('a session with both is not', () => {
  const lines = [
    flat('on_session_start', { session_id: SESSION }),
    flat('on_session_finalize', { session_id: SESSION }),
  ];
  expect(lintLog(inputsOf(lines)).findings).toEqual([]);
});

describe('the summary', () => {
  const report = lintLog([
    ...inputsOf(
      [flat('on_session_start', { session_id: 'a' }), '', 'x', flat('on_new_thing', {})],
      'a.ndjson',
    ),
    ...inputsOf(
      [webhook('pre_verify', { ...IDS, attempt: 1 }), shell('on_session_end', { ...IDS, failed: false })],
      'b.ndjson',
    ),
  ]);

  test('counts lines as what they are', () => {
    const { lines, events, blank, lost, sessions, sources } = report;
    expect({ lines, events, blank, lost, sessions, sources }).toEqual({
      lines: 6,
      events: 3,
      blank: 1,
      lost: 1,
      sessions: 2,
      sources: ['a.ndjson', 'b.ndjson'],
    });
  });

  test('names envelopes, hooks and schema', () => {
    expect(report.envelopes).toEqual({ flat: 2, webhook: 1, shell: 1 });
    expect(report.hooks).toEqual({ on_session_start: 1, on_new_thing: 1, pre_verify: 1, on_session_end: 1 });
    expect(report.schemaVersions).toEqual({ 'hermes.observer.v1': 2 });
  });

  test('the newest field decides what release wrote a log', () => {
    expect(report.dialects).toEqual([
      { dialect: '0.20 or newer', lines: 2, first: { source: 'b.ndjson', line: 2 } },
    ]);
  });

  test('the gravest finding comes first, and every one says what it does', () => {
    expect(report.findings[0]).toMatchObject({
      severity: 'error',
      code: 'not-json',
      effect: 'the line is skipped: its event is missing from the trace',
    });
    expect(report.findings.every(({ effect }) => effect.length > 0)).toBe(true);
  });
});

test('of many places the first twenty are reported, and all are counted', () => {
  const lines = Array.from({ length: 50 }, (_, index) => flat('on_new_thing', { session_id: String(index) }));
  const [finding] = lintLog(inputsOf(lines)).findings;
  expect(finding).toMatchObject({ code: 'unknown-hook', count: 50 });
  expect(finding?.places).toHaveLength(20);
});

test('no secret and no content is in the report', () => {
  const lines = [
    flat('pre_tool_call', { ...TOOL, args: { command: 'export AWS_SECRET_KEY=wJalrXUtnFEMI7MDENG' } }),
    flat('pre_llm_call', { ...IDS, user_message: 'a private matter' }),
    '{"event": "a private matter',
  ];
  const report = JSON.stringify(lintLog(inputsOf(lines)));
  expect(report).toContain('looks like a secret: key after its name');
  expect(report).not.toMatch(/wJalr|private matter/);
});
