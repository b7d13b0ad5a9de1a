/** What both recorders leave out with HERMES_OTEL_RECORD_CONTENT=false, and what they keep for a replayer. */
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import type { JsonObject } from '../../src/model/json.ts';
import { readLog, temporaryDirectory } from './log-directory.ts';
import { describeWithPython, drive, type Fired } from './plugin.ts';
import { recordBody, shellBody } from './shell.ts';

// Each starts processes, and machines are busy.
jest.setTimeout(60_000);

const directory = temporaryDirectory();
const SECRET = 'hunter2';

const REVIEW = 'Review the conversation above and consider what to remember';
const FAILED = JSON.stringify({ output: SECRET, error: `${SECRET} is wrong` });
const GOOD = JSON.stringify({ output: `"error" ${SECRET}`, exit_code: 0, error: null });

/** A hook as it was fired; what must be in its line, in either form. */
const EVENTS: readonly (readonly [claim: string, fired: Fired, kept: JsonObject])[] = [
  [
    "a user's message",
    [
      'pre_llm_call',
      { session_id: 's1', turn_id: 't1', user_message: SECRET, is_first_turn: true, model: 'm' },
    ],
    { turn_id: 't1', is_first_turn: true, model: 'm', review_prompt: false },
  ],
  ['the review prompt', ['pre_llm_call', { user_message: REVIEW + SECRET }], { review_prompt: true }],
  [
    'a message in parts',
    [
      'pre_api_request',
      { user_message: [{ type: 'text', text: REVIEW }, { type: 'image' }], message_count: 2 },
    ],
    { review_prompt: true, message_count: 2 },
  ],
  [
    'an answer',
    ['post_llm_call', { user_message: SECRET, assistant_response: SECRET, platform: 'cli' }],
    { platform: 'cli' },
  ],
  [
    'an API call',
    [
      'post_api_request',
      {
        usage: { input_tokens: 3, note: SECRET },
        finish_reason: 'stop',
        api_duration: 0.5,
        moa_references: [SECRET],
      },
    ],
    { usage: { input_tokens: 3 }, finish_reason: 'stop', api_duration: 0.5 },
  ],
  [
    'a failed API call',
    [
      'api_request_error',
      { error: { type: 'APIError', message: SECRET }, status_code: 503, reason: 'overloaded' },
    ],
    { error: { type: 'APIError' }, status_code: 503, reason: 'overloaded' },
  ],
  [
    'a tool call of 0.16',
    [
      'post_tool_call',
      { tool_call_id: 'c', status: 'error', error_type: 'tool_error', error_message: SECRET, result: SECRET },
    ],
    { tool_call_id: 'c', status: 'error', error_type: 'tool_error' },
  ],
  ['a tool call that failed before 0.16', ['post_tool_call', { result: FAILED }], { status: 'error' }],
  ['a tool call that went well before 0.16', ['post_tool_call', { result: GOOD }], { status: 'ok' }],
  ['a result that is no JSON', ['post_tool_call', { result: `${SECRET} "error"` }], { status: 'ok' }],
  ['a result in parts', ['post_tool_call', { result: { error: SECRET } }], { status: 'error' }],
  [
    'a command to approve',
    [
      'pre_approval_request',
      { command: SECRET, description: SECRET, pattern_key: 'rm', pattern_keys: ['rm'] },
    ],
    { pattern_key: 'rm', pattern_keys: ['rm'] },
  ],
  [
    'a child',
    ['subagent_start', { child_session_id: 's2', child_goal: SECRET, child_role: 'leaf' }],
    { child_session_id: 's2', child_role: 'leaf' },
  ],
  [
    "a child's end",
    ['subagent_stop', { child_status: 'completed', child_summary: SECRET }],
    { child_status: 'completed' },
  ],
  [
    'a terminal',
    ['transform_terminal_output', { command: SECRET, output: SECRET, returncode: 3 }],
    { returncode: 3 },
  ],
  ['why a task is blocked', ['kanban_task_blocked', { reason: SECRET, run_id: 'r' }], { run_id: 'r' }],
  [
    'a hook of tomorrow',
    ['on_hook_of_tomorrow', { said: SECRET, reported: [SECRET], held: { deep: SECRET }, count: 2, so: true }],
    { count: 2, so: true },
  ],
];

const fired = EVENTS.map(([, event]) => event);
const env = (path: string) => ({ HERMES_OTEL_RECORD_FILE: path, HERMES_OTEL_RECORD_CONTENT: 'false' });

describeWithPython('without content, the plugin', () => {
  const path = () => join(directory(), 'hooks.ndjson');

  test('leaves no word of it in the log, and keeps what a replayer needs', () => {
    const log = path();
    drive('events', env(log), fired);
    const lines = readLog(log);
    expect(JSON.stringify(lines)).not.toContain(SECRET);
    for (const [at, [claim, [hook], kept]] of EVENTS.entries()) {
      expect([claim, lines[at]]).toEqual([claim, expect.objectContaining({ event: hook, ...kept })]);
    }
  });

  test('distinguishes calls without ids by their arguments, with a digest that means nothing elsewhere', () => {
    const [one, two] = [path(), path()];
    const calls: readonly Fired[] = [
      ['pre_tool_call', { tool_name: 'read', tool_call_id: '', args: { path: 'a' } }],
      ['pre_tool_call', { tool_name: 'read', tool_call_id: '', args: { path: 'b' } }],
      ['post_tool_call', { tool_name: 'read', tool_call_id: 'c1', args: { path: 'b' }, status: 'ok' }],
      [
        'pre_tool_call',
        {
          tool_name: 'read',
          tool_call_id: 'c2',
          args: { path: 'b' },
          telemetry_schema_version: 'hermes.observer.v1',
        },
      ],
    ];
    drive('events', env(one), calls);
    drive('events', env(two), calls);
    const [a, b, end, identified] = readLog(one).map((line) => line.args_digest);
    expect(a).toMatch(/^[0-9a-f]{12}$/);
    expect(a).not.toBe(b);
    expect(end).toBe(b);
    expect(identified).toBeUndefined();
    expect(readLog(two)[0]?.args_digest).not.toBe(a);
  });

  test('says how a tool of before 0.16 ended also when its result is cut', () => {
    const log = path();
    const result = JSON.stringify({ output: 'x'.repeat(100), error: 'no such file' });
    const cut = { HERMES_OTEL_RECORD_FILE: log, HERMES_OTEL_RECORD_MAX_CHARS: '20' };
    drive('events', cut, [['post_tool_call', { result }]]);
    expect(readLog(log)[0]).toMatchObject({
      status: 'error',
      error_message: 'no such file',
    });
  });
});

describe('without content, the command for shell hooks', () => {
  test.each(EVENTS)('leaves no word of it: %s', async (_claim, event, kept) => {
    const log = join(directory(), 'hooks.ndjson');
    await recordBody(shellBody(event), env(log));
    const [line] = readLog(log);
    expect(JSON.stringify(line)).not.toContain(SECRET);
    expect(JSON.stringify(line)).not.toContain('secret-project');
    expect(line).toMatchObject({ hook_event_name: event[0], extra: kept });
  });

  test('says how a tool of before 0.16 ended also when its result is cut', async () => {
    const log = join(directory(), 'hooks.ndjson');
    const result = JSON.stringify({ output: 'x'.repeat(100), error: 'no such file' });
    const cut = { HERMES_OTEL_RECORD_FILE: log, HERMES_OTEL_RECORD_MAX_CHARS: '20' };
    await recordBody(shellBody(['post_tool_call', { result }]), cut);
    expect(readLog(log)[0]?.extra).toMatchObject({
      status: 'error',
      error_message: 'no such file',
    });
  });
});
