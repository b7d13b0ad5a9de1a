import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/model/json.ts';
import { API, API_READ, CALL, OBSERVER, OBSERVER_READ, SESSION, TURN, USAGE, USAGE_READ } from './kwargs.ts';
import { AT, ENVELOPES, eventIn, TIME } from './lines.ts';

const id = { session_id: SESSION };
const idRead = { sessionId: SESSION };

/** [what it shows, hook, keyword arguments, the event's fields besides hook, time, source and line] */
const ROWS: [string, string, JsonObject, object][] = [
  [
    'opens a session, before 0.16',
    'on_session_start',
    { ...id, model: 'm', platform: 'cli' },
    { ...idRead, model: 'm', platform: 'cli' },
  ],
  [
    'ends a turn, before 0.16',
    'on_session_end',
    { ...id, completed: true, interrupted: false, model: 'm', platform: 'cli' },
    { ...idRead, completed: true, interrupted: false, model: 'm', platform: 'cli' },
  ],
  [
    'ends a turn, 0.16: by its id',
    'on_session_end',
    { ...OBSERVER, completed: true, interrupted: true, model: null, platform: '' },
    { ...OBSERVER_READ, completed: true, interrupted: true },
  ],
  [
    'ends a turn, New: with the reason',
    'on_session_end',
    { ...OBSERVER, completed: false, interrupted: false, failed: true, turn_exit_reason: 'budget_exhausted' },
    {
      ...OBSERVER_READ,
      completed: false,
      interrupted: false,
      failed: true,
      turnExitReason: 'budget_exhausted',
    },
  ],
  [
    "the CLI's safety net",
    'on_session_end',
    { ...id, completed: false, interrupted: true, reason: 'keyboard_interrupt' },
    { ...idRead, completed: false, interrupted: true, reason: 'keyboard_interrupt' },
  ],
  [
    'finalizes a session',
    'on_session_finalize',
    { ...id, platform: 'cli', reason: 'shutdown' },
    { ...idRead, platform: 'cli', reason: 'shutdown' },
  ],
  [
    'finalizes without a session: no agent was ever built',
    'on_session_finalize',
    { session_id: null, platform: 'cli' },
    { platform: 'cli' },
  ],
  [
    'resets to a new session',
    'on_session_reset',
    { ...id, platform: 'telegram', reason: 'new_session', old_session_id: 'old', new_session_id: SESSION },
    { ...idRead, platform: 'telegram', reason: 'new_session', oldSessionId: 'old' },
  ],
  [
    'opens a turn, April',
    'pre_llm_call',
    { ...id, user_message: 'hi', conversation_history: [], is_first_turn: true, model: 'm', sender_id: '' },
    { ...idRead, isFirstTurn: true, model: 'm', reviewPrompt: false },
  ],
  [
    'opens a turn, 0.16',
    'pre_llm_call',
    { ...OBSERVER, user_message: 'hi', is_first_turn: false, platform: 'telegram', sender_id: '42' },
    { ...OBSERVER_READ, isFirstTurn: false, platform: 'telegram', senderId: '42', reviewPrompt: false },
  ],
  [
    'closes a good turn',
    'post_llm_call',
    { ...OBSERVER, user_message: 'hi', assistant_response: 'hello', model: 'm', platform: 'cli' },
    { ...OBSERVER_READ, model: 'm', platform: 'cli', reviewPrompt: false },
  ],
  [
    'an API call, April',
    'pre_api_request',
    {
      ...id,
      task_id: 'uuid',
      ...API,
      message_count: 2,
      tool_count: 28,
      approx_input_tokens: 9120,
      max_tokens: null,
    },
    { ...idRead, taskId: 'uuid', ...API_READ, messageCount: 2, toolCount: 28, approxInputTokens: 9120 },
  ],
  [
    'an API call, New: the attempt is numbered',
    'pre_api_request',
    {
      ...OBSERVER,
      ...API,
      api_request_id: CALL,
      retry_count: 1,
      started_at: 1789467301.123456,
      request_char_count: 9,
      max_tokens: 64,
    },
    {
      ...OBSERVER_READ,
      ...API_READ,
      apiRequestId: CALL,
      retryCount: 1,
      startedAt: 1789467301123456,
      requestCharCount: 9,
      maxTokens: 64,
    },
  ],
  [
    'an answer, April: no times of its own, no usage',
    'post_api_request',
    { ...id, task_id: 'uuid', ...API, api_duration: 1.2345678, finish_reason: 'stop', usage: null },
    { ...idRead, taskId: 'uuid', ...API_READ, apiDurationMicros: 1234568, finishReason: 'stop' },
  ],
  [
    'an answer, New',
    'post_api_request',
    {
      ...OBSERVER,
      ...API,
      api_request_id: CALL,
      api_duration: 5.25,
      started_at: 1789467301.123456,
      ended_at: 1789467306.373456,
      first_chunk_at: 1789467304.01,
      finish_reason: 'tool_calls',
      message_count: 2,
      response_model: 'claude-sonnet-4-6-20260217',
      usage: USAGE,
      assistant_message: "NormalizedResponse(content='')",
      assistant_content_chars: 0,
      assistant_tool_call_count: 1,
      moa_references: null,
      context_length: 200000,
    },
    {
      ...OBSERVER_READ,
      ...API_READ,
      apiRequestId: CALL,
      apiDurationMicros: 5250000,
      startedAt: 1789467301123456,
      endedAt: 1789467306373456,
      firstChunkAt: 1789467304010000,
      finishReason: 'tool_calls',
      messageCount: 2,
      responseModel: 'claude-sonnet-4-6-20260217',
      usage: USAGE_READ,
      assistantContentChars: 0,
      assistantToolCallCount: 1,
      contextLength: 200000,
    },
  ],
  [
    'a failed attempt',
    'api_request_error',
    {
      ...OBSERVER,
      ...API,
      api_request_id: CALL,
      api_duration: 0.8,
      started_at: 1789467301,
      ended_at: 1789467301.8,
      status_code: 429,
      retry_count: 0,
      max_retries: 3,
      retryable: true,
      reason: 'rate_limit',
      error: { type: 'RateLimitError', message: 'Error code: 429' },
    },
    {
      ...OBSERVER_READ,
      ...API_READ,
      apiRequestId: CALL,
      apiDurationMicros: 800000,
      startedAt: 1789467301000000,
      endedAt: 1789467301800000,
      statusCode: 429,
      retryCount: 0,
      maxRetries: 3,
      retryable: true,
      reason: 'rate_limit',
      errorType: 'RateLimitError',
      errorMessage: 'Error code: 429',
    },
  ],
  [
    "a tool, the agent loop's own fire of 0.10 to 0.15: only a task",
    'pre_tool_call',
    { tool_name: 'terminal', args: { command: 'ls' }, task_id: 'uuid', session_id: '', tool_call_id: '' },
    { taskId: 'uuid', toolName: 'terminal', args: { command: 'ls' } },
  ],
  [
    'a tool, 0.16',
    'pre_tool_call',
    {
      ...OBSERVER,
      tool_name: 'terminal',
      args: {},
      tool_call_id: 'call_1',
      api_request_id: CALL,
      middleware_trace: [],
    },
    { ...OBSERVER_READ, toolName: 'terminal', args: {}, toolCallId: 'call_1', apiRequestId: CALL },
  ],
  [
    "a tool's result, 0.12: the status is derived",
    'post_tool_call',
    {
      ...id,
      task_id: 'uuid',
      tool_name: 'terminal',
      args: { command: 'ls' },
      result: '{"output": "", "error": null}',
      tool_call_id: 'c',
      duration_ms: 0,
    },
    {
      ...idRead,
      taskId: 'uuid',
      toolName: 'terminal',
      args: { command: 'ls' },
      toolCallId: 'c',
      durationMillis: 0,
      status: 'ok',
    },
  ],
  [
    "a tool's result, 0.16: blocked",
    'post_tool_call',
    {
      ...OBSERVER,
      tool_name: 'terminal',
      args: {},
      tool_call_id: 'call_1',
      api_request_id: CALL,
      duration_ms: 131.5,
      status: 'blocked',
      error_type: 'plugin_block',
      error_message: 'not allowed by policy',
      result: '{"error": "not allowed by policy"}',
    },
    {
      ...OBSERVER_READ,
      toolName: 'terminal',
      args: {},
      toolCallId: 'call_1',
      apiRequestId: CALL,
      durationMillis: 131.5,
      status: 'blocked',
      errorType: 'plugin_block',
      errorMessage: 'not allowed by policy',
    },
  ],
  [
    'a sub-agent begins: its session is the parent',
    'subagent_start',
    {
      parent_session_id: SESSION,
      parent_turn_id: TURN,
      parent_subagent_id: null,
      child_session_id: 'child',
      child_subagent_id: 'sa-0-9c1b2a3d',
      child_role: 'leaf',
      child_goal: 'secret',
    },
    {
      ...idRead,
      parentTurnId: TURN,
      childSessionId: 'child',
      childSubagentId: 'sa-0-9c1b2a3d',
      childRole: 'leaf',
    },
  ],
  [
    'a sub-agent ends, 0.11: no child is named',
    'subagent_stop',
    {
      parent_session_id: SESSION,
      child_role: null,
      child_summary: 'secret',
      child_status: 'failed',
      duration_ms: 18234,
    },
    { ...idRead, childStatus: 'failed', durationMillis: 18234 },
  ],
  [
    'a sub-agent ends, 0.16',
    'subagent_stop',
    {
      parent_session_id: SESSION,
      parent_turn_id: TURN,
      child_session_id: 'child',
      child_role: 'leaf',
      child_status: 'completed',
    },
    {
      ...idRead,
      parentTurnId: TURN,
      childSessionId: 'child',
      childRole: 'leaf',
      childStatus: 'completed',
    },
  ],
  [
    'an approval is asked for: it has a session key, not a session; its command is for pairing',
    'pre_approval_request',
    {
      command: 'secret',
      description: 'secret',
      pattern_key: 'rm',
      pattern_keys: ['rm'],
      session_key: 'default',
      surface: 'cli',
      turn_id: '',
      tool_call_id: '',
    },
    { surface: 'cli', sessionKey: 'default', patternKey: 'rm', command: 'secret' },
  ],
  [
    'an approval is given',
    'post_approval_response',
    {
      session_key: SESSION,
      surface: 'smart',
      turn_id: TURN,
      tool_call_id: 'call_2',
      choice: 'smart_deny',
      decided_by: 'aux_llm',
    },
    {
      turnId: TURN,
      surface: 'smart',
      sessionKey: SESSION,
      toolCallId: 'call_2',
      choice: 'smart_deny',
      decidedBy: 'aux_llm',
    },
  ],
  [
    'an auxiliary call',
    'pre_auxiliary_call',
    {
      ...OBSERVER,
      ...API,
      api_request_id: 'aux-1',
      retry_count: 0,
      aux_task: 'title',
      message_count: 2,
      streaming: false,
      started_at: 1789467307.1,
    },
    {
      ...OBSERVER_READ,
      ...API_READ,
      apiRequestId: 'aux-1',
      retryCount: 0,
      auxTask: 'title',
      messageCount: 2,
      streaming: false,
      startedAt: 1789467307100000,
    },
  ],
  [
    'an auxiliary call is answered',
    'post_auxiliary_call',
    {
      ...OBSERVER,
      ...API,
      api_request_id: 'aux-1',
      aux_task: 'title',
      ended_at: 1789467307.9,
      api_duration: 0.8,
      error: null,
      error_type: null,
      finish_reason: 'stop',
      response_model: 'g',
      usage: USAGE,
      assistant_content_chars: 22,
      assistant_tool_call_count: 0,
    },
    {
      ...OBSERVER_READ,
      ...API_READ,
      apiRequestId: 'aux-1',
      auxTask: 'title',
      endedAt: 1789467307900000,
      apiDurationMicros: 800000,
      finishReason: 'stop',
      responseModel: 'g',
      usage: USAGE_READ,
      assistantContentChars: 22,
      assistantToolCallCount: 0,
    },
  ],
  [
    'an auxiliary call fails: its error is a string',
    'post_auxiliary_call',
    { ...OBSERVER, aux_task: 'vision', error: 'timed out', error_type: 'Timeout', usage: null },
    { ...OBSERVER_READ, auxTask: 'vision', errorMessage: 'timed out', errorType: 'Timeout' },
  ],
  [
    'a piece of a stream: its text is never read',
    'on_stream_delta',
    { ...id, turn_id: TURN, iteration: 1, delta: 'secret', kind: 'text' },
    { ...idRead, turnId: TURN, iteration: 1 },
  ],
];

describe.each(ROWS)('%s', (_claim, hook, kwargs, expected) => {
  test.each(Object.entries(ENVELOPES))(`${hook} in the %s envelope`, (_name, envelope) => {
    expect(eventIn(envelope(hook, kwargs))).toEqual({ hook, ...AT, time: TIME, ...expected });
  });
});

test('only the flat envelope still names the parent of a session that opens a turn', () => {
  const kwargs = { ...OBSERVER, parent_session_id: 'parent' };
  const parents = Object.values(ENVELOPES).map((envelope) => {
    const event = eventIn(envelope('pre_llm_call', kwargs));
    return event.hook === 'pre_llm_call' && event.parentSessionId;
  });
  expect(parents).toEqual(['parent', undefined, undefined]);
});

test.each(['event', 'hook', 'hook_event_name'])('a flat line may name its hook by "%s"', (key) => {
  const line = JSON.stringify({ ts: TIME, [key]: 'on_session_start', ...id });
  expect(eventIn(line)).toMatchObject({ hook: 'on_session_start', ...idRead });
});

test('the top level goes before extra', () => {
  const line = JSON.stringify({
    ts: TIME,
    event: 'pre_llm_call',
    session_id: 'a',
    model: 'top',
    extra: { model: 'x', turn_id: 't' },
  });
  expect(eventIn(line)).toMatchObject({ model: 'top', turnId: 'a:t' });
});
