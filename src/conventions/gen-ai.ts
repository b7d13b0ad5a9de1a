import type { Attributes, Measurement } from '../model/otel.ts';
import { PAYLOAD_CHARS, safeText } from '../model/safe-text.ts';
import type {
  ApiCallSpan,
  ApprovalSpan,
  SessionSpan,
  SubagentSpan,
  TokenSums,
  ToolCallSpan,
  TurnSpan,
} from '../model/span.ts';
import { type Label, labelIndex } from './bounded-cache.ts';
import {
  type CallFacts,
  type CallLabels,
  callLabels,
  measureCall,
  measureSession,
  operationDuration,
  timeToFirstChunk,
  tokenUsage,
} from './instruments.ts';
import { AGENT, approvalName, chatPrefix, sessionName } from './names.ts';
import type { Endpoint } from './provider.ts';
import {
  allInput,
  type Context,
  cost,
  type Meter,
  type ModelCall,
  type SpanRules,
  seconds,
} from './rules.ts';
import { errorType } from './status.ts';

/**
 * The GenAI semantic conventions 1.41. Two differences from the live plugin: `gen_ai.usage.input_tokens` includes
 * cached tokens, and the provider's attribute is `gen_ai.provider.name`.
 */
export const genAi = {
  session,
  turn,
  api_call: apiCall,
  tool_call: toolCall,
  approval,
  subagent,
  auxiliary_call: modelCall,
} satisfies SpanRules;

/** The conventions define no session span; it only groups. */
function session(span: SessionSpan, a: Attributes): string {
  a['gen_ai.conversation.id'] = span.sessionId;
  a['gen_ai.agent.name'] = AGENT;
  return sessionName;
}

function turn(span: TurnSpan, a: Attributes, context: Context): string {
  agent(span, AGENT, a);
  provider(span, a, context);
  return context.spanName('invoke_agent ', AGENT);
}

function subagent(span: SubagentSpan, a: Attributes, context: Context): string {
  const name = span.role ?? AGENT;
  agent(span, name, a);
  return context.spanName('invoke_agent ', name);
}

function agent(span: TurnSpan | SubagentSpan, name: string, a: Attributes): void {
  a['gen_ai.operation.name'] = 'invoke_agent';
  a['gen_ai.agent.name'] = name;
  a['gen_ai.conversation.id'] = span.sessionId;
  if (span.model !== undefined) a['gen_ai.request.model'] = span.model;
  usage(span.tokens, a);
  const type = errorType(span);
  if (type !== undefined) a['error.type'] = type;
}

function apiCall(span: ApiCallSpan, a: Attributes, context: Context): string {
  if (span.maxTokens !== undefined) a['gen_ai.request.max_tokens'] = span.maxTokens;
  if (span.timeToFirstChunkMicros !== undefined) {
    a['gen_ai.response.time_to_first_chunk'] = seconds(span.timeToFirstChunkMicros);
  }
  return modelCall(span, a, context);
}

function modelCall(span: ModelCall, a: Attributes, context: Context): string {
  a['gen_ai.operation.name'] = 'chat';
  a['gen_ai.conversation.id'] = span.sessionId;
  provider(span, a, context);
  if (span.model !== undefined) a['gen_ai.request.model'] = span.model;
  if (span.baseUrl !== undefined) server(span.baseUrl, a, context);
  if (span.answered) {
    if (span.responseModel !== undefined) a['gen_ai.response.model'] = span.responseModel;
    if (span.finishReason !== undefined) a['gen_ai.response.finish_reasons'] = [span.finishReason];
    if (span.usage !== undefined) usage(span.usage, a);
    if (span.cost !== undefined) cost(span.cost, a);
  }
  if (span.error !== undefined) a['error.type'] = span.error.type;
  return context.spanName(chatPrefix, span.model);
}

function provider(span: Endpoint, a: Attributes, context: Context): void {
  const name = context.provider(span);
  if (name !== undefined) a['gen_ai.provider.name'] = name;
}

function server(baseUrl: string, a: Attributes, context: Context): void {
  const { address, port } = context.server(baseUrl);
  if (address !== undefined) a['server.address'] = address;
  if (port !== undefined) a['server.port'] = port;
}

/** Input includes cached tokens, output includes reasoning. */
function usage(tokens: TokenSums, a: Attributes): void {
  const input = allInput(tokens);
  if (input !== undefined) a['gen_ai.usage.input_tokens'] = input;
  if (tokens.outputTokens !== undefined) a['gen_ai.usage.output_tokens'] = tokens.outputTokens;
  if (tokens.cacheReadTokens !== undefined)
    a['gen_ai.usage.cache_read.input_tokens'] = tokens.cacheReadTokens;
  if (tokens.cacheWriteTokens !== undefined)
    a['gen_ai.usage.cache_creation.input_tokens'] = tokens.cacheWriteTokens;
  if (tokens.reasoningTokens !== undefined)
    a['gen_ai.usage.reasoning.output_tokens'] = tokens.reasoningTokens;
}

function toolCall(span: ToolCallSpan, a: Attributes, context: Context): string {
  a['gen_ai.operation.name'] = 'execute_tool';
  a['gen_ai.conversation.id'] = span.sessionId;
  a['gen_ai.tool.name'] = span.toolName;
  a['gen_ai.tool.type'] = 'function';
  if (span.toolCallId !== undefined) a['gen_ai.tool.call.id'] = span.toolCallId;
  const type = errorType(span);
  if (type !== undefined) a['error.type'] = type;
  if (context.captureContent) toolContent(span, a);
  return context.spanName('execute_tool ', span.toolName);
}

function toolContent(span: ToolCallSpan, a: Attributes): void {
  if (span.args !== undefined) a['gen_ai.tool.call.arguments'] = safeText(span.args, PAYLOAD_CHARS);
  if (span.result !== undefined) a['gen_ai.tool.call.result'] = safeText(span.result, PAYLOAD_CHARS);
}

/** The conventions define no approvals. `gen_ai.tool.call.id` would make back ends take one for a tool call. */
function approval(span: ApprovalSpan, a: Attributes): string {
  a['gen_ai.conversation.id'] = span.sessionId;
  if (span.toolCallId !== undefined) a['hermes.approval.tool_call_id'] = span.toolCallId;
  return approvalName;
}

const NOTHING: readonly Measurement[] = [];

/** The client metrics of the GenAI semantic conventions 1.41. Input tokens include cached ones, as on the spans. */
export function genAiMeter(context: Context): Meter {
  const calls = labelIndex<CallFacts, CallLabels>(
    [
      (span) => span.model,
      (span) => span.responseModel,
      context.provider,
      (span) => span.error?.type,
      (span) => span.baseUrl,
    ],
    (values) => modelCallLabels(values, context),
  );
  return {
    instruments: [operationDuration, tokenUsage, timeToFirstChunk],
    measure(span) {
      if (span.kind === 'session' || span.kind === 'subagent') return measureSession(span, calls, allInput);
      if (span.kind !== 'api_call' && span.kind !== 'auxiliary_call') return NOTHING;
      return measureCall(span, calls(span), allInput);
    },
  };
}

function modelCallLabels(values: readonly Label[], context: Context): CallLabels {
  const [model, responseModel, provider, error, baseUrl] = values;
  const labels: Attributes = { 'gen_ai.operation.name': 'chat' };
  if (provider !== undefined) labels['gen_ai.provider.name'] = provider;
  if (model !== undefined) labels['gen_ai.request.model'] = model;
  if (responseModel !== undefined) labels['gen_ai.response.model'] = responseModel;
  if (error !== undefined) labels['error.type'] = error;
  if (baseUrl !== undefined) server(baseUrl, labels, context);
  return callLabels(labels);
}
