import type { Usage } from '../model/event.ts';
import type { Attributes } from '../model/otel.ts';
import { PAYLOAD_CHARS, safeText } from '../model/safe-text.ts';
import type { ApiCallSpan, AuxiliaryCallSpan, CallError, ToolCallSpan } from '../model/span.ts';
import { seconds, secondsOfMillis } from './duration.ts';
import { chatPrefix, toolPrefix } from './names.ts';
import type { Context } from './rules.ts';
import { errorType } from './status.ts';

type ModelCall = ApiCallSpan | AuxiliaryCallSpan;

/** One attempt of an API call, under the live plugin's names. Only an answered one has the answer's attributes. */
export function apiCall(span: ApiCallSpan, a: Attributes, context: Context): string {
  modelCall(span, a, context);
  if (span.callNumber !== undefined) a['hermes.api_call_number'] = span.callNumber;
  if (span.toolCount !== undefined) a['hermes.tool_count'] = span.toolCount;
  if (span.approxInputTokens !== undefined) a['hermes.approx_input_tokens'] = span.approxInputTokens;
  if (span.requestCharCount !== undefined) a['hermes.request_char_count'] = span.requestCharCount;
  if (span.maxTokens !== undefined) a['gen_ai.request.max_tokens'] = span.maxTokens;
  if (span.contextLength !== undefined) a['hermes.context_length'] = span.contextLength;
  if (span.callDurationMicros !== undefined) a['hermes.call.duration_s'] = seconds(span.callDurationMicros);
  if (span.timeToFirstChunkMicros !== undefined) {
    a['gen_ai.response.time_to_first_chunk'] = seconds(span.timeToFirstChunkMicros);
  }
  return context.spanName(chatPrefix, span.model);
}

/** A call that Hermes makes for itself (titles, compression…): an API call that says what it was for. */
export function auxiliaryCall(span: AuxiliaryCallSpan, a: Attributes, context: Context): string {
  modelCall(span, a, context);
  a['hermes.aux_task'] = span.auxTask ?? 'unknown';
  if (span.streaming !== undefined) a['hermes.streaming'] = span.streaming;
  if (span.apiDurationMicros !== undefined) a['hermes.call.duration_s'] = seconds(span.apiDurationMicros);
  return context.spanName(chatPrefix, span.model);
}

function modelCall(span: ModelCall, a: Attributes, context: Context): void {
  a['hermes.span.kind'] = 'LLM';
  a['hermes.session.id'] = span.sessionId;
  a['gen_ai.operation.name'] = 'chat';
  a['gen_ai.system'] = 'hermes-agent';
  request(span, a, context);
  if (span.answered) answer(span, a);
  if (span.error !== undefined) failure(span.error, a);
  if (span.retryCount > 0 || span.error !== undefined) a['hermes.retry_count'] = span.retryCount;
  if (span.background) a['hermes.turn.background'] = true;
}

function request(span: ModelCall, a: Attributes, context: Context): void {
  if (span.model !== undefined) a['gen_ai.request.model'] = span.model;
  if (span.platform !== undefined) a['hermes.platform'] = span.platform;
  if (span.provider !== undefined) a['hermes.provider'] = span.provider;
  if (span.apiMode !== undefined) a['hermes.api_mode'] = span.apiMode;
  if (span.apiRequestId !== undefined) a['hermes.api_request_id'] = span.apiRequestId;
  if (span.messageCount !== undefined) a['hermes.message_count'] = span.messageCount;
  if (span.baseUrl === undefined) return;
  const { address } = context.server(span.baseUrl);
  if (address !== undefined) a['server.address'] = address;
}

function answer(span: ModelCall, a: Attributes): void {
  if (span.responseModel !== undefined) a['gen_ai.response.model'] = span.responseModel;
  if (span.finishReason !== undefined) a['gen_ai.response.finish_reasons'] = [span.finishReason];
  if (span.assistantContentChars !== undefined) {
    a['hermes.assistant_content_chars'] = span.assistantContentChars;
  }
  if (span.assistantToolCallCount !== undefined) {
    a['hermes.assistant_tool_call_count'] = span.assistantToolCallCount;
  }
  // A provider that reports no usage has not used zero tokens.
  if (span.usage === undefined) a['hermes.usage.state'] = 'unreported';
  else usage(span.usage, a);
}

function usage(tokens: Usage, a: Attributes): void {
  if (tokens.inputTokens !== undefined) a['gen_ai.usage.input_tokens'] = tokens.inputTokens;
  if (tokens.outputTokens !== undefined) a['gen_ai.usage.output_tokens'] = tokens.outputTokens;
  if (tokens.cacheReadTokens !== undefined) a['hermes.cache.read_tokens'] = tokens.cacheReadTokens;
  if (tokens.cacheWriteTokens !== undefined) a['hermes.cache.write_tokens'] = tokens.cacheWriteTokens;
  if (tokens.reasoningTokens !== undefined) a['hermes.reasoning_tokens'] = tokens.reasoningTokens;
}

function failure(error: CallError, a: Attributes): void {
  a['error.type'] = error.type;
  if (error.statusCode !== undefined) a['http.response.status_code'] = error.statusCode;
  if (error.maxRetries !== undefined) a['hermes.max_retries'] = error.maxRetries;
  if (error.retryable !== undefined) a['hermes.retryable'] = error.retryable;
  if (error.reason !== undefined) a['hermes.error.reason'] = error.reason;
}

export function toolCall(span: ToolCallSpan, a: Attributes, context: Context): string {
  a['hermes.span.kind'] = 'TOOL';
  a['hermes.tool.name'] = span.toolName;
  a['hermes.session.id'] = span.sessionId;
  if (span.toolCallId !== undefined) a['gen_ai.tool.call.id'] = span.toolCallId;
  if (span.apiRequestId !== undefined) a['hermes.api_request_id'] = span.apiRequestId;
  if (span.status !== undefined) a['hermes.tool.status'] = span.status;
  if (span.errorType !== undefined) a['hermes.tool.error_type'] = span.errorType;
  if (span.durationMillis !== undefined) a['hermes.tool.duration_s'] = secondsOfMillis(span.durationMillis);
  if (span.background) a['hermes.turn.background'] = true;
  const type = errorType(span);
  if (type !== undefined) a['error.type'] = type;
  if (context.captureContent) toolContent(span, a);
  return context.spanName(toolPrefix, span.toolName);
}

function toolContent(span: ToolCallSpan, a: Attributes): void {
  if (span.args !== undefined) a['hermes.tool.args'] = safeText(span.args, PAYLOAD_CHARS);
  if (span.result !== undefined) a['hermes.tool.result'] = safeText(span.result, PAYLOAD_CHARS);
}
