import { type EpochMicros, shift } from '../model/time.ts';

/**
 * A sample log for tests of a receiver: one session, one turn, two API calls, two tools. It becomes six spans in one trace
 * and one value in each of the seven metrics. The caller chooses the time and the session id.
 */
export const SAMPLE_SPANS = 6;

const MODEL = 'sample-model';
const TURN_MILLIS = 3_100;

interface SampleEvent {
  /** Milliseconds after the start of the session. */
  readonly atMillis: number;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** The lines of the sample, the last of them at `end`. Another `sessionId` gives another trace. */
export function sampleLog(sessionId: string, end: EpochMicros): readonly string[] {
  const start = shift(end, -TURN_MILLIS * 1000);
  const at = (millis: number) => shift(start, millis * 1000) / 1e6;
  const turnId = `${sessionId}:${sessionId}:sample00`;
  return [
    ...opening(),
    ...apiCall({ turnId, number: 1, fromMillis: 50, toMillis: 1_250, toolCalls: 2, usage: [1_200, 80], at }),
    ...toolCall({
      turnId,
      name: 'read_file',
      fromMillis: 1_260,
      toMillis: 1_380,
      args: { path: 'README.md' },
    }),
    ...toolCall({ turnId, name: 'terminal', fromMillis: 1_400, toMillis: 1_900, args: { command: 'ls' } }),
    ...apiCall({
      turnId,
      number: 2,
      fromMillis: 1_950,
      toMillis: 3_050,
      toolCalls: 0,
      usage: [1_500, 120],
      at,
    }),
    ...closing(),
  ].map(({ atMillis, event, ...fields }) =>
    JSON.stringify({
      ts: at(atMillis),
      event,
      session_id: sessionId,
      task_id: sessionId,
      turn_id: turnId,
      ...fields,
    }),
  );
}

function opening(): readonly SampleEvent[] {
  const fields = { model: MODEL, platform: 'cli' };
  return [
    { atMillis: 0, event: 'on_session_start', ...fields },
    {
      atMillis: 20,
      event: 'pre_llm_call',
      ...fields,
      is_first_turn: true,
      user_message: 'A test of hermes-otel.',
    },
  ];
}

function closing(): readonly SampleEvent[] {
  const fields = { model: MODEL, platform: 'cli' };
  return [
    { atMillis: 3_080, event: 'post_llm_call', ...fields, assistant_response: 'It works.' },
    { atMillis: 3_090, event: 'on_session_end', ...fields, completed: true, interrupted: false },
    { atMillis: TURN_MILLIS, event: 'on_session_finalize', platform: 'cli' },
  ];
}

interface SampleApiCall {
  readonly turnId: string;
  readonly number: number;
  readonly fromMillis: number;
  readonly toMillis: number;
  readonly toolCalls: number;
  /** Input and output tokens. */
  readonly usage: readonly [number, number];
  /** Milliseconds after the start → epoch seconds. */
  readonly at: (millis: number) => number;
}

function apiCall(call: SampleApiCall): readonly SampleEvent[] {
  const [inputTokens, outputTokens] = call.usage;
  const fields = {
    model: MODEL,
    platform: 'cli',
    provider: 'sample',
    base_url: 'https://llm.example/v1',
    api_mode: 'chat_completions',
    api_call_count: call.number,
    api_request_id: `${call.turnId}:api:${call.number}`,
    started_at: call.at(call.fromMillis),
  };
  return [
    {
      atMillis: call.fromMillis,
      event: 'pre_api_request',
      ...fields,
      message_count: 2 * call.number,
      tool_count: 2,
    },
    {
      atMillis: call.toMillis,
      event: 'post_api_request',
      ...fields,
      api_duration: (call.toMillis - call.fromMillis) / 1000,
      ended_at: call.at(call.toMillis),
      finish_reason: call.toolCalls === 0 ? 'stop' : 'tool_calls',
      message_count: 2 * call.number,
      response_model: `${MODEL}-1`,
      usage: {
        input_tokens: inputTokens,
        output_tokens: outputTokens,
        cache_read_tokens: 0,
        cache_write_tokens: 0,
        reasoning_tokens: 0,
        prompt_tokens: inputTokens,
        total_tokens: inputTokens + outputTokens,
      },
      assistant_tool_call_count: call.toolCalls,
    },
  ];
}

interface SampleToolCall {
  readonly turnId: string;
  readonly name: string;
  readonly fromMillis: number;
  readonly toMillis: number;
  readonly args: Readonly<Record<string, string>>;
}

function toolCall({ turnId, name, fromMillis, toMillis, args }: SampleToolCall): readonly SampleEvent[] {
  const fields = { tool_name: name, tool_call_id: `call_${name}`, api_request_id: `${turnId}:api:1`, args };
  return [
    { atMillis: fromMillis, event: 'pre_tool_call', ...fields },
    {
      atMillis: toMillis,
      event: 'post_tool_call',
      ...fields,
      duration_ms: toMillis - fromMillis,
      status: 'ok',
      result: '{"error": null}',
    },
  ];
}
