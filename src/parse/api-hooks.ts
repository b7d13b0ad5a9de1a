import type {
  ApiFields,
  ApiRequestError,
  EventBase,
  HookName,
  PostApiRequest,
  PostAuxiliaryCall,
  PreApiRequest,
  PreAuxiliaryCall,
  StreamDelta,
} from '../model/event.ts';
import { common, count, type Fields, flag, moment, secondsAsMicros, text, turnIdIn } from './fields.ts';
import { readRequest, readResponse } from './messages.ts';
import { errorMessage, errorType, readCost, readUsage } from './usage.ts';

/**
 * The fields of the three API hooks and the two auxiliary hooks. Spelled out, although ten of them are `common`: V8 keeps an
 * object fast only while at most twelve fields, or as many as its literal had, are assigned to it later.
 */
function apiCall<H extends HookName>(fields: Fields, hook: H): EventBase & ApiFields & { readonly hook: H } {
  const { source, line, time, body, extra } = fields;
  const sessionId = text(fields, 'session_id', body.session_id, extra.session_id);
  return {
    hook,
    source,
    line,
    time,
    sessionId,
    taskId: text(fields, 'task_id', body.task_id, extra.task_id),
    turnId: turnIdIn(sessionId, text(fields, 'turn_id', body.turn_id, extra.turn_id)),
    model: text(fields, 'model', body.model, extra.model),
    platform: text(fields, 'platform', body.platform, extra.platform),
    profile: text(fields, 'profile', body.profile, extra.profile),
    apiRequestId: text(fields, 'api_request_id', body.api_request_id, extra.api_request_id),
    apiCallCount: count(fields, 'api_call_count', body.api_call_count, extra.api_call_count),
    provider: text(fields, 'provider', body.provider, extra.provider),
    baseUrl: text(fields, 'base_url', body.base_url, extra.base_url),
    apiMode: text(fields, 'api_mode', body.api_mode, extra.api_mode),
    startedAt: moment(fields, 'started_at', body.started_at, extra.started_at),
    retryCount: count(fields, 'retry_count', body.retry_count, extra.retry_count),
  };
}

/** An answered call, of the agent or auxiliary. */
function answer<H extends HookName>(fields: Fields, hook: H) {
  const { body, extra } = fields;
  return Object.assign(apiCall(fields, hook), {
    endedAt: moment(fields, 'ended_at', body.ended_at, extra.ended_at),
    apiDurationMicros: secondsAsMicros(fields, 'api_duration', body.api_duration, extra.api_duration),
    finishReason: text(fields, 'finish_reason', body.finish_reason, extra.finish_reason),
    responseModel: text(fields, 'response_model', body.response_model, extra.response_model),
    usage: readUsage(fields),
    costUsd: readCost(fields),
    response: readResponse(fields),
    assistantContentChars: count(
      fields,
      'assistant_content_chars',
      body.assistant_content_chars,
      extra.assistant_content_chars,
    ),
    assistantToolCallCount: count(
      fields,
      'assistant_tool_call_count',
      body.assistant_tool_call_count,
      extra.assistant_tool_call_count,
    ),
  });
}

export function readPreApiRequest(fields: Fields): PreApiRequest {
  const { body, extra } = fields;
  return Object.assign(apiCall(fields, 'pre_api_request'), {
    messageCount: count(fields, 'message_count', body.message_count, extra.message_count),
    toolCount: count(fields, 'tool_count', body.tool_count, extra.tool_count),
    approxInputTokens: count(
      fields,
      'approx_input_tokens',
      body.approx_input_tokens,
      extra.approx_input_tokens,
    ),
    requestCharCount: count(fields, 'request_char_count', body.request_char_count, extra.request_char_count),
    maxTokens: count(fields, 'max_tokens', body.max_tokens, extra.max_tokens),
    request: readRequest(fields),
  });
}

export function readPostApiRequest(fields: Fields): PostApiRequest {
  const { body, extra } = fields;
  return Object.assign(answer(fields, 'post_api_request'), {
    messageCount: count(fields, 'message_count', body.message_count, extra.message_count),
    firstChunkAt:
      moment(fields, 'first_chunk_at', body.first_chunk_at, extra.first_chunk_at) ??
      moment(fields, 'first_delta_at', body.first_delta_at, extra.first_delta_at),
    contextLength: count(fields, 'context_length', body.context_length, extra.context_length),
  });
}

export function readApiRequestError(fields: Fields): ApiRequestError {
  const { body, extra } = fields;
  return Object.assign(apiCall(fields, 'api_request_error'), {
    endedAt: moment(fields, 'ended_at', body.ended_at, extra.ended_at),
    apiDurationMicros: secondsAsMicros(fields, 'api_duration', body.api_duration, extra.api_duration),
    statusCode: count(fields, 'status_code', body.status_code, extra.status_code),
    maxRetries: count(fields, 'max_retries', body.max_retries, extra.max_retries),
    retryable: flag(fields, 'retryable', body.retryable, extra.retryable),
    reason: text(fields, 'reason', body.reason, extra.reason),
    errorType: errorType(fields),
    errorMessage: errorMessage(fields),
  });
}

/** The first delta of a call is the start of its answer. The text of a delta is never read. */
export function readStreamDelta(fields: Fields): StreamDelta {
  const { body, extra } = fields;
  return Object.assign(common(fields, 'on_stream_delta'), {
    iteration: count(fields, 'iteration', body.iteration, extra.iteration),
  });
}

export function readPreAuxiliaryCall(fields: Fields): PreAuxiliaryCall {
  const { body, extra } = fields;
  return Object.assign(apiCall(fields, 'pre_auxiliary_call'), {
    auxTask: text(fields, 'aux_task', body.aux_task ?? body.task, extra.aux_task ?? extra.task),
    messageCount: count(fields, 'message_count', body.message_count, extra.message_count),
    streaming: flag(fields, 'streaming', body.streaming, extra.streaming),
    request: readRequest(fields),
  });
}

export function readPostAuxiliaryCall(fields: Fields): PostAuxiliaryCall {
  const { body, extra } = fields;
  return Object.assign(answer(fields, 'post_auxiliary_call'), {
    auxTask: text(fields, 'aux_task', body.aux_task ?? body.task, extra.aux_task ?? extra.task),
    messageCount: count(fields, 'message_count', body.message_count, extra.message_count),
    streaming: flag(fields, 'streaming', body.streaming, extra.streaming),
    errorType: errorType(fields),
    errorMessage: errorMessage(fields),
  });
}
