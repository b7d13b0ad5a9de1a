import type { PostAuxiliaryCall, PreAuxiliaryCall } from '../model/event.ts';
import { errorMessage, errorType } from './error.ts';
import { count, type Fields, flag, moment, secondsAsMicros, text } from './fields.ts';
import { readUsage } from './usage.ts';

export function readPreAuxiliaryCall(fields: Fields): PreAuxiliaryCall {
  return {
    hook: 'pre_auxiliary_call',
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
    auxTask: text(fields, 'aux_task'),
    messageCount: count(fields, 'message_count'),
    streaming: flag(fields, 'streaming'),
  };
}

export function readPostAuxiliaryCall(fields: Fields): PostAuxiliaryCall {
  return {
    hook: 'post_auxiliary_call',
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
    auxTask: text(fields, 'aux_task'),
    messageCount: count(fields, 'message_count'),
    streaming: flag(fields, 'streaming'),
    errorType: errorType(fields),
    errorMessage: errorMessage(fields),
  };
}
