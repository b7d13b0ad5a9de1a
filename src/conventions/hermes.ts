import type { Attributes } from '../model/otel.ts';
import { cut, MESSAGE_CHARS, PAYLOAD_CHARS } from '../model/safe-text.ts';
import type {
  ApiCallSpan,
  ApprovalSpan,
  AuxiliaryCallSpan,
  CallError,
  Endpoint,
  SessionCost,
  SessionSpan,
  SubagentSpan,
  TokenSums,
  ToolCallSpan,
  TurnSpan,
} from '../model/span.ts';
import { AGENT, approvalName, chatName, sessionName, subagentName, toolName, turnName } from './names.ts';
import { providerOf, serverOf } from './provider.ts';
import {
  allInput,
  type Context,
  cost,
  durationMicros,
  type ModelCall,
  type SpanRules,
  seconds,
  secondsOfMillis,
} from './rules.ts';
import { errorType } from './status.ts';

/**
 * The default: names and types of the live plugin `hermes-plugin-otel-tracing`, and `hermes.*` for what it has no name
 * for. `gen_ai.usage.input_tokens` is Hermes's own `input_tokens`, without cached tokens.
 */
export const hermes = {
  session,
  turn,
  api_call: apiCall,
  tool_call: toolCall,
  approval,
  subagent,
  auxiliary_call: auxiliaryCall,
} satisfies SpanRules;

function session(span: SessionSpan, a: Attributes): string {
  a['hermes.span.kind'] = 'AGENT';
  a['hermes.session.id'] = span.sessionId;
  a['gen_ai.system'] = 'hermes-agent';
  agent(AGENT, a);
  if (span.model !== undefined) a['gen_ai.request.model'] = span.model;
  if (span.platform !== undefined) a['hermes.platform'] = span.platform;
  if (span.completed !== undefined) a['hermes.session.completed'] = span.completed;
  if (span.interrupted !== undefined) a['hermes.session.interrupted'] = span.interrupted;
  a['hermes.session.total_turns'] = span.turnCount;
  a['hermes.session.api_call_count'] = span.apiCallCount;
  a['hermes.session.tool_call_count'] = span.toolCallCount;
  sessionTokens(span, a);
  if (span.previousSessionId !== undefined) a['hermes.session.previous_id'] = span.previousSessionId;
  if (span.parentSessionId !== undefined) a['hermes.session.parent_id'] = span.parentSessionId;
  if (span.endReason !== undefined) a['hermes.session.end_reason'] = span.endReason;
  if (span.cost !== undefined) sessionCost(span.cost, a);
  return sessionName;
}

/** Without an operation, back ends take every span that has a model for a model call. */
function agent(name: string, a: Attributes): void {
  a['gen_ai.operation.name'] = 'invoke_agent';
  a['gen_ai.agent.name'] = name;
}

/** What Hermes's own account says; calls carry their cost themselves. */
function sessionCost({ estimatedUsd, actualUsd, status, source }: SessionCost, a: Attributes): void {
  if (estimatedUsd !== undefined) a['hermes.cost.estimated_usd'] = { double: estimatedUsd };
  if (actualUsd !== undefined) a['hermes.cost.actual_usd'] = { double: actualUsd };
  if (status !== undefined) a['hermes.cost.status'] = status;
  if (source !== undefined) a['hermes.cost.source'] = source;
}

function sessionTokens({ tokens }: SessionSpan, a: Attributes): void {
  if (tokens.inputTokens !== undefined) a['hermes.session.input_tokens'] = tokens.inputTokens;
  if (tokens.outputTokens !== undefined) a['hermes.session.output_tokens'] = tokens.outputTokens;
  if (tokens.cacheReadTokens !== undefined) a['hermes.session.cache_read_tokens'] = tokens.cacheReadTokens;
  if (tokens.cacheWriteTokens !== undefined) a['hermes.session.cache_write_tokens'] = tokens.cacheWriteTokens;
  if (tokens.reasoningTokens !== undefined) a['hermes.session.reasoning_tokens'] = tokens.reasoningTokens;
}

function turn(span: TurnSpan, a: Attributes, context: Context): string {
  a['hermes.span.kind'] = 'CHAIN';
  a['hermes.session.id'] = span.sessionId;
  a['gen_ai.conversation.id'] = span.sessionId;
  agent(AGENT, a);
  if (span.turnId !== undefined) a['hermes.turn.id'] = span.turnId;
  if (span.index !== undefined) a['hermes.turn.index'] = span.index;
  if (span.isFirstTurn !== undefined) a['hermes.is_first_turn'] = span.isFirstTurn;
  if (span.model !== undefined) a['gen_ai.request.model'] = span.model;
  if (span.platform !== undefined) a['hermes.platform'] = span.platform;
  provider(span, a);
  a['hermes.turn.api_call_count'] = span.apiCallCount;
  a['hermes.turn.tool_call_count'] = span.toolCallCount;
  a['hermes.turn.duration_s'] = seconds(durationMicros(span));
  turnTokens(span, a);
  turnOutcome(span, a);
  if (context.captureContent) turnContent(span, a);
  return turnName;
}

function turnTokens({ tokens }: TurnSpan, a: Attributes): void {
  if (tokens.inputTokens !== undefined) a['hermes.turn.input_tokens'] = tokens.inputTokens;
  if (tokens.outputTokens !== undefined) a['hermes.turn.output_tokens'] = tokens.outputTokens;
  if (tokens.cacheReadTokens !== undefined) a['hermes.turn.cache_read_tokens'] = tokens.cacheReadTokens;
  if (tokens.cacheWriteTokens !== undefined) a['hermes.turn.cache_write_tokens'] = tokens.cacheWriteTokens;
  if (tokens.reasoningTokens !== undefined) a['hermes.turn.reasoning_tokens'] = tokens.reasoningTokens;
}

/** A fixed order, so that equal counts give equal text. */
const OUTCOMES = ['ok', 'error', 'timeout', 'blocked', 'cancelled', 'incomplete'] as const;

function turnOutcome(span: TurnSpan, a: Attributes): void {
  a['hermes.turn.final_status'] = span.finalStatus;
  if (span.completed !== undefined) a['hermes.turn.completed'] = span.completed;
  if (span.interrupted !== undefined) a['hermes.turn.interrupted'] = span.interrupted;
  if (span.exitReason !== undefined) a['hermes.turn.exit_reason'] = span.exitReason;
  if (span.background) a['hermes.turn.background'] = true;
  if (span.toolNames.length > 0) {
    a['hermes.turn.tools'] = span.toolNames;
    a['hermes.turn.tool_outcomes'] = toolOutcomes(span.toolOutcomes);
  }
  const type = errorType(span);
  if (type !== undefined) a['error.type'] = type;
}

function toolOutcomes(counts: TurnSpan['toolOutcomes']): readonly string[] {
  const written: string[] = [];
  for (const outcome of OUTCOMES) {
    const count = counts[outcome];
    if (count !== undefined && count > 0) written.push(`${outcome}:${count}`);
  }
  return written;
}

/** The sender's id is content: it identifies a person. */
function turnContent(span: TurnSpan, a: Attributes): void {
  if (span.senderId !== undefined) a['hermes.sender_id'] = span.senderId;
  if (span.userMessage !== undefined) {
    a['hermes.turn.user_message'] = cut(span.userMessage, MESSAGE_CHARS);
  }
  if (span.assistantResponse !== undefined) {
    a['hermes.turn.assistant_response'] = cut(span.assistantResponse, MESSAGE_CHARS);
  }
}

function approval(span: ApprovalSpan, a: Attributes, context: Context): string {
  a['hermes.span.kind'] = 'CHAIN';
  a['hermes.session.id'] = span.sessionId;
  if (span.surface !== undefined) a['hermes.approval.surface'] = span.surface;
  if (span.choice !== undefined) a['hermes.approval.choice'] = span.choice;
  if (span.granted !== undefined) a['hermes.approval.granted'] = span.granted;
  if (span.timedOut !== undefined) a['hermes.approval.timed_out'] = span.timedOut;
  if (span.decidedBy !== undefined) a['hermes.approval.decided_by'] = span.decidedBy;
  if (span.patternKey !== undefined) a['hermes.approval.pattern_key'] = span.patternKey;
  if (span.toolCallId !== undefined) a['hermes.approval.tool_call_id'] = span.toolCallId;
  // The wait is known only when there was an answer.
  if (span.incomplete === undefined) a['hermes.approval.wait_s'] = seconds(durationMicros(span));
  if (context.captureContent && span.command !== undefined) {
    a['hermes.approval.command'] = cut(span.command, PAYLOAD_CHARS);
  }
  return approvalName;
}

function subagent(span: SubagentSpan, a: Attributes, context: Context): string {
  a['hermes.span.kind'] = 'AGENT';
  a['hermes.session.id'] = span.sessionId;
  agent(span.role ?? AGENT, a);
  if (span.model !== undefined) a['gen_ai.request.model'] = span.model;
  if (span.childSessionId !== undefined) a['hermes.subagent.session_id'] = span.childSessionId;
  if (span.childSubagentId !== undefined) a['hermes.subagent.id'] = span.childSubagentId;
  if (span.parentTurnId !== undefined) a['hermes.subagent.parent_turn_id'] = span.parentTurnId;
  if (span.role !== undefined) a['hermes.subagent.role'] = span.role;
  if (span.status !== undefined) a['hermes.subagent.status'] = span.status;
  if (span.durationMillis !== undefined) {
    a['hermes.subagent.duration_s'] = secondsOfMillis(span.durationMillis);
  }
  subagentTotals(span, a);
  if (context.captureContent) subagentContent(span, a);
  return subagentName;
}

function subagentTotals(span: SubagentSpan, a: Attributes): void {
  a['hermes.subagent.turn_count'] = span.turnCount;
  a['hermes.subagent.api_call_count'] = span.apiCallCount;
  a['hermes.subagent.tool_call_count'] = span.toolCallCount;
  subagentTokens(span, a);
  if (span.cost !== undefined) sessionCost(span.cost, a);
  const type = errorType(span);
  if (type !== undefined) a['error.type'] = type;
}

function subagentTokens({ tokens }: SubagentSpan, a: Attributes): void {
  if (tokens.inputTokens !== undefined) a['hermes.subagent.input_tokens'] = tokens.inputTokens;
  if (tokens.outputTokens !== undefined) a['hermes.subagent.output_tokens'] = tokens.outputTokens;
  if (tokens.cacheReadTokens !== undefined) a['hermes.subagent.cache_read_tokens'] = tokens.cacheReadTokens;
  if (tokens.cacheWriteTokens !== undefined)
    a['hermes.subagent.cache_write_tokens'] = tokens.cacheWriteTokens;
  if (tokens.reasoningTokens !== undefined) a['hermes.subagent.reasoning_tokens'] = tokens.reasoningTokens;
}

function subagentContent(span: SubagentSpan, a: Attributes): void {
  if (span.goal !== undefined) a['hermes.subagent.goal'] = cut(span.goal, MESSAGE_CHARS);
  if (span.summary !== undefined) a['hermes.subagent.summary'] = cut(span.summary, PAYLOAD_CHARS);
}

/** One attempt of an API call. Only the answered attempt has the attributes of the answer. */
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
  return chatName(span.model);
}

/** A call that Hermes makes for itself (titles, compression…): an API call with its purpose. */
export function auxiliaryCall(span: AuxiliaryCallSpan, a: Attributes, context: Context): string {
  modelCall(span, a, context);
  a['hermes.aux_task'] = span.auxTask ?? 'unknown';
  if (span.streaming !== undefined) a['hermes.streaming'] = span.streaming;
  if (span.apiDurationMicros !== undefined) a['hermes.call.duration_s'] = seconds(span.apiDurationMicros);
  return chatName(span.model);
}

function modelCall(span: ModelCall, a: Attributes, context: Context): void {
  a['hermes.span.kind'] = 'LLM';
  if (span.sessionId !== '') a['hermes.session.id'] = span.sessionId;
  a['gen_ai.operation.name'] = 'chat';
  a['gen_ai.system'] = 'hermes-agent';
  request(span, a);
  if (span.answered) answer(span, a, context);
  if (span.error !== undefined) failure(span.error, a);
  if (span.retryCount > 0 || span.error !== undefined) a['hermes.retry_count'] = span.retryCount;
  if (span.background) a['hermes.turn.background'] = true;
}

function request(span: ModelCall, a: Attributes): void {
  if (span.model !== undefined) a['gen_ai.request.model'] = span.model;
  if (span.platform !== undefined) a['hermes.platform'] = span.platform;
  provider(span, a);
  if (span.apiMode !== undefined) a['hermes.api_mode'] = span.apiMode;
  if (span.apiRequestId !== undefined) a['hermes.api_request_id'] = span.apiRequestId;
  if (span.messageCount !== undefined) a['hermes.message_count'] = span.messageCount;
  if (span.baseUrl === undefined) return;
  const { address } = serverOf(span.baseUrl);
  if (address !== undefined) a['server.address'] = address;
}

/** Hermes's own word, and the semantic conventions' word, which can also follow from the host. */
function provider(span: Endpoint, a: Attributes): void {
  if (span.provider !== undefined) a['hermes.provider'] = span.provider;
  const name = providerOf(span);
  if (name !== undefined) a['gen_ai.provider.name'] = name;
}

function answer(span: ModelCall, a: Attributes, context: Context): void {
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
  else usage(span.usage, a, context);
  if (span.cost !== undefined) cost(span.cost, a);
}

function usage(tokens: TokenSums, a: Attributes, context: Context): void {
  const input = context.inputWithCache ? allInput(tokens) : tokens.inputTokens;
  if (input !== undefined) a['gen_ai.usage.input_tokens'] = input;
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
  a['gen_ai.operation.name'] = 'execute_tool';
  a['hermes.tool.name'] = span.toolName;
  a['gen_ai.tool.name'] = span.toolName;
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
  return toolName(span.toolName);
}

function toolContent(span: ToolCallSpan, a: Attributes): void {
  if (span.args !== undefined) a['hermes.tool.args'] = cut(span.args, PAYLOAD_CHARS);
  if (span.result !== undefined) a['hermes.tool.result'] = cut(span.result, PAYLOAD_CHARS);
}
