/** Short ways to write the events of a log, for tests of one situation each. */
import type { AgentSpan } from '../../src/model/span.ts';
import type { FlatEvent } from '../replayed.ts';

/** Where the seconds of `at` begin. */
export const START = 1_789_467_300;
export const ROOT = '20260915_101500_a1b2c3';
export const SECOND = '20260915_101600_b1b2b3';
export const THIRD = '20260915_101700_c1c2c3';

export type Fields = Readonly<Record<string, unknown>>;

export function at(seconds: number, event: string, fields: Fields = {}): FlatEvent {
  return { ...fields, ts: START + seconds, event };
}

/** The ids that a turn's events share. */
export function ids(session = ROOT, turn = 'aaaaaaaa', task = session) {
  return { session_id: session, task_id: task, turn_id: `${session}:${task}:${turn}` };
}

export type TurnIds = ReturnType<typeof ids>;

/** An API call of half a second, 10 tokens in and 1 out. */
export function call(
  seconds: number,
  number: number,
  turn: TurnIds = ids(),
  answer: Fields = {},
): FlatEvent[] {
  const fields = { ...turn, api_call_count: number, api_request_id: `${turn.turn_id}:api:${number}` };
  const usage = { input_tokens: 10, output_tokens: 1 };
  return [
    at(seconds, 'pre_api_request', fields),
    at(seconds + 0.5, 'post_api_request', { ...fields, usage, finish_reason: 'stop', ...answer }),
  ];
}

/** A tool call of 20 ms. */
export function tool(seconds: number, id: string, path: string, turn: TurnIds = ids()): FlatEvent[] {
  const fields = { ...turn, tool_name: 'read_file', tool_call_id: id, args: { path } };
  const end = { ...fields, status: 'ok', duration_ms: 20 };
  return [at(seconds, 'pre_tool_call', fields), at(seconds + 0.02, 'post_tool_call', end)];
}

export function turn(
  seconds: number,
  inside: readonly FlatEvent[],
  end: number,
  which: TurnIds = ids(),
): FlatEvent[] {
  return [
    at(seconds, 'pre_llm_call', which),
    ...inside,
    at(end, 'post_llm_call', which),
    at(end, 'on_session_end', { ...which, completed: true, interrupted: false }),
  ];
}

export function ofKind<K extends AgentSpan['kind']>(spans: readonly AgentSpan[], kind: K) {
  return spans.filter((span): span is Extract<AgentSpan, { kind: K }> => span.kind === kind);
}

/** Start and end, in seconds after `START`. */
export const secondsOf = (span: AgentSpan) =>
  [span.startTime, span.endTime].map((time) => (time - START * 1e6) / 1e6);
