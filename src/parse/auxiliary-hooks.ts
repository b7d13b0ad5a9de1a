import type { PostAuxiliaryCall, PreAuxiliaryCall } from '../model/event.ts';
import { count, type Fields, flag, moment, secondsAsMicros, text } from './fields.ts';
import { readRequest, readResponse } from './messages.ts';
import { errorMessage, errorType, readCost, readUsage } from './usage.ts';

export function readPreAuxiliaryCall(fields: Fields): PreAuxiliaryCall {
  const { body, extra } = fields;
  return {
    hook: 'pre_auxiliary_call',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id', body.session_id, extra.session_id),
    taskId: text(fields, 'task_id', body.task_id, extra.task_id),
    turnId: text(fields, 'turn_id', body.turn_id, extra.turn_id),
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
    auxTask: text(fields, 'aux_task', body.aux_task ?? body.task, extra.aux_task ?? extra.task),
    messageCount: count(fields, 'message_count', body.message_count, extra.message_count),
    streaming: flag(fields, 'streaming', body.streaming, extra.streaming),
    request: readRequest(fields),
  };
}

export function readPostAuxiliaryCall(fields: Fields): PostAuxiliaryCall {
  const { body, extra } = fields;
  return {
    hook: 'post_auxiliary_call',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id', body.session_id, extra.session_id),
    taskId: text(fields, 'task_id', body.task_id, extra.task_id),
    turnId: text(fields, 'turn_id', body.turn_id, extra.turn_id),
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
    auxTask: text(fields, 'aux_task', body.aux_task ?? body.task, extra.aux_task ?? extra.task),
    messageCount: count(fields, 'message_count', body.message_count, extra.message_count),
    streaming: flag(fields, 'streaming', body.streaming, extra.streaming),
    errorType: errorType(fields),
    errorMessage: errorMessage(fields),
  };
}
