import type { ApiRequestError, PostApiRequest, PreApiRequest } from '../model/event.ts';
import { errorMessage, errorType } from './error.ts';
import { count, type Fields, flag, moment, secondsAsMicros, text } from './fields.ts';
import { readUsage } from './usage.ts';

export function readPreApiRequest(fields: Fields): PreApiRequest {
  return {
    hook: 'pre_api_request',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id'),
    taskId: text(fields, 'task_id'),
    turnId: text(fields, 'turn_id'),
    model: text(fields, 'model'),
    platform: text(fields, 'platform'),
    apiRequestId: text(fields, 'api_request_id'),
    apiCallCount: count(fields, 'api_call_count'),
    provider: text(fields, 'provider'),
    baseUrl: text(fields, 'base_url'),
    apiMode: text(fields, 'api_mode'),
    startedAt: moment(fields, 'started_at'),
    retryCount: count(fields, 'retry_count'),
    messageCount: count(fields, 'message_count'),
    toolCount: count(fields, 'tool_count'),
    approxInputTokens: count(fields, 'approx_input_tokens'),
    requestCharCount: count(fields, 'request_char_count'),
    maxTokens: count(fields, 'max_tokens'),
  };
}

export function readPostApiRequest(fields: Fields): PostApiRequest {
  return {
    hook: 'post_api_request',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id'),
    taskId: text(fields, 'task_id'),
    turnId: text(fields, 'turn_id'),
    model: text(fields, 'model'),
    platform: text(fields, 'platform'),
    apiRequestId: text(fields, 'api_request_id'),
    apiCallCount: count(fields, 'api_call_count'),
    provider: text(fields, 'provider'),
    baseUrl: text(fields, 'base_url'),
    apiMode: text(fields, 'api_mode'),
    startedAt: moment(fields, 'started_at'),
    retryCount: count(fields, 'retry_count'),
    endedAt: moment(fields, 'ended_at'),
    apiDurationMicros: secondsAsMicros(fields, 'api_duration'),
    finishReason: text(fields, 'finish_reason'),
    responseModel: text(fields, 'response_model'),
    usage: readUsage(fields),
    assistantContentChars: count(fields, 'assistant_content_chars'),
    assistantToolCallCount: count(fields, 'assistant_tool_call_count'),
    messageCount: count(fields, 'message_count'),
    firstChunkAt: moment(fields, 'first_chunk_at'),
    contextLength: count(fields, 'context_length'),
  };
}

export function readApiRequestError(fields: Fields): ApiRequestError {
  return {
    hook: 'api_request_error',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id'),
    taskId: text(fields, 'task_id'),
    turnId: text(fields, 'turn_id'),
    model: text(fields, 'model'),
    platform: text(fields, 'platform'),
    apiRequestId: text(fields, 'api_request_id'),
    apiCallCount: count(fields, 'api_call_count'),
    provider: text(fields, 'provider'),
    baseUrl: text(fields, 'base_url'),
    apiMode: text(fields, 'api_mode'),
    startedAt: moment(fields, 'started_at'),
    retryCount: count(fields, 'retry_count'),
    endedAt: moment(fields, 'ended_at'),
    apiDurationMicros: secondsAsMicros(fields, 'api_duration'),
    statusCode: count(fields, 'status_code'),
    maxRetries: count(fields, 'max_retries'),
    retryable: flag(fields, 'retryable'),
    reason: text(fields, 'reason'),
    errorType: errorType(fields),
    errorMessage: errorMessage(fields),
  };
}
