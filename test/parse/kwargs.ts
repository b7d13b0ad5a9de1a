import type { JsonObject } from '../../src/model/json.ts';

/** Keyword arguments of hooks as the call sites of Hermes give them, by dialect. */

export const SESSION = '20260915_101500_a1b2c3';
export const TURN = `${SESSION}:${SESSION}:5f0e9d11`;
export const CALL = `${TURN}:api:1`;
const SCHEMA = 'hermes.observer.v1';

/** What nearly every hook since 0.16 carries. */
export const OBSERVER: JsonObject = {
  session_id: SESSION,
  task_id: SESSION,
  turn_id: TURN,
  telemetry_schema_version: SCHEMA,
};

export const USAGE: JsonObject = {
  input_tokens: 120,
  output_tokens: 48,
  cache_read_tokens: 9000,
  cache_write_tokens: 0,
  reasoning_tokens: 12,
  request_count: 1,
  prompt_tokens: 9120,
  total_tokens: 9168,
};

export const API: JsonObject = {
  platform: 'cli',
  model: 'claude-sonnet-4-6',
  provider: 'anthropic',
  base_url: 'https://api.anthropic.com',
  api_mode: 'anthropic_messages',
  api_call_count: 1,
};

/** `API` as events spell it. */
export const API_READ = {
  platform: 'cli',
  model: 'claude-sonnet-4-6',
  provider: 'anthropic',
  baseUrl: 'https://api.anthropic.com',
  apiMode: 'anthropic_messages',
  apiCallCount: 1,
};

export const OBSERVER_READ = { sessionId: SESSION, taskId: SESSION, turnId: TURN };

export const USAGE_READ = {
  inputTokens: 120,
  outputTokens: 48,
  cacheReadTokens: 9000,
  cacheWriteTokens: 0,
  reasoningTokens: 12,
  promptTokens: 9120,
  totalTokens: 9168,
};
