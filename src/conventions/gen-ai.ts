/**
 * The GenAI semantic conventions, in two versions. `gen-ai` is 1.41 with what `opentelemetry-util-genai` 1.3 adds to it,
 * which is what instrumentations write today; `gen-ai-latest` is what the conventions' new repository renamed since
 * (docs/gen-ai/non-normative/migration.md there). Two differences from the live plugin: `gen_ai.usage.input_tokens`
 * includes cached tokens, and the provider's attribute is `gen_ai.provider.name`.
 */
import type { Attributes } from '../model/otel.ts';

import type {
  ApiCallSpan,
  ApprovalSpan,
  SessionSpan,
  SubagentSpan,
  TokenSums,
  ToolCallSpan,
  TurnSpan,
} from '../model/span.ts';
import { addMessages, shortJson, systemInstructions, textMessage, toolDefinitions } from './messages.ts';
import { AGENT, approvalName, chatName, named, sessionName } from './names.ts';
import { providerOf, serverOf } from './provider.ts';
import { allInput, type Context, cost, type ModelCall, type SpanRules, seconds } from './rules.ts';
import { errorType } from './status.ts';

const agentName = named('invoke_agent ');
const executeName = named('execute_tool ');

/** What differs between the versions. */
interface Version {
  /** Cache writes under their name of 1.41 too: some receivers read only that one. */
  readonly cacheCreation: boolean;
  /** An agent span of this process has a provider and sums of its calls' tokens. */
  readonly agentTotals: boolean;
}

export const genAi = rules({ cacheCreation: true, agentTotals: true });
export const genAiLatest = rules({ cacheCreation: false, agentTotals: false });

function rules(version: Version): SpanRules {
  const modelCall = (span: ModelCall, a: Attributes, context: Context): string => {
    call(span, a, context);
    if (span.answered && span.usage !== undefined) usage(span.usage, version, a);
    return chatName(span.model);
  };
  return {
    session,
    turn(span, a, context) {
      agent(span, AGENT, a);
      if (version.agentTotals) totals(span, a);
      if (context.captureContent) turnContent(span, a);
      return agentName(AGENT);
    },
    subagent(span, a, context) {
      const name = span.role ?? AGENT;
      agent(span, name, a);
      if (version.agentTotals) totals(span, a);
      if (context.captureContent) {
        const answer = textMessage('assistant', span.summary);
        addMessages(a, textMessage('user', span.goal), answer, undefined);
      }
      return agentName(name);
    },
    api_call(span, a, context) {
      apiCall(span, a);
      return modelCall(span, a, context);
    },
    auxiliary_call(span, a, context) {
      if (span.streaming !== undefined) a['gen_ai.request.stream'] = span.streaming;
      if (span.auxTask === 'compression') a['gen_ai.conversation.compacted'] = true;
      return modelCall(span, a, context);
    },
    tool_call: toolCall,
    approval,
  };
}

/** The conventions define no session span. With messages and no operation, back ends take one for a model call. */
function session(span: SessionSpan, a: Attributes, context: Context): string {
  a['gen_ai.operation.name'] = 'invoke_agent';
  a['gen_ai.conversation.id'] = span.sessionId;
  a['gen_ai.agent.name'] = AGENT;
  if (span.previousSessionId !== undefined) a['gen_ai.conversation.compacted'] = true;
  if (context.captureContent) {
    const answer = textMessage('assistant', span.assistantResponse);
    addMessages(a, textMessage('user', span.userMessage), answer, undefined);
  }
  return sessionName;
}

function agent(span: TurnSpan | SubagentSpan, name: string, a: Attributes): void {
  a['gen_ai.operation.name'] = 'invoke_agent';
  a['gen_ai.agent.name'] = name;
  a['gen_ai.conversation.id'] = span.sessionId;
  if (span.model !== undefined) a['gen_ai.request.model'] = span.model;
  const type = errorType(span);
  if (type !== undefined) a['error.type'] = type;
}

/** Without the cached parts: back ends that sum up spans count a cached token twice otherwise. */
function totals(span: TurnSpan | SubagentSpan, a: Attributes): void {
  const provider = providerOf(span);
  if (provider !== undefined) a['gen_ai.provider.name'] = provider;
  const input = allInput(span.tokens);
  if (input !== undefined) a['gen_ai.usage.input_tokens'] = input;
  if (span.tokens.outputTokens !== undefined) a['gen_ai.usage.output_tokens'] = span.tokens.outputTokens;
}

/** The sender's id is content: it identifies a person. */
function turnContent(span: TurnSpan, a: Attributes): void {
  if (span.senderId !== undefined) a['user.id'] = span.senderId;
  const finish = span.finalStatus === 'completed' ? 'stop' : 'error';
  const answer = textMessage('assistant', span.assistantResponse);
  addMessages(a, textMessage('user', span.userMessage), answer, finish);
}

function apiCall(span: ApiCallSpan, a: Attributes): void {
  if (span.maxTokens !== undefined) a['gen_ai.request.max_tokens'] = span.maxTokens;
  const isStream = span.request?.streaming ?? (span.timeToFirstChunkMicros === undefined ? undefined : true);
  if (isStream !== undefined) a['gen_ai.request.stream'] = isStream;
  if (span.timeToFirstChunkMicros !== undefined) {
    a['gen_ai.response.time_to_first_chunk'] = seconds(span.timeToFirstChunkMicros);
  }
}

/** Calls outside turns may be of no session. */
function conversation({ sessionId }: ModelCall, a: Attributes): void {
  if (sessionId !== '') a['gen_ai.conversation.id'] = sessionId;
}

function call(span: ModelCall, a: Attributes, context: Context): void {
  a['gen_ai.operation.name'] = 'chat';
  conversation(span, a);
  const provider = providerOf(span);
  if (provider !== undefined) a['gen_ai.provider.name'] = provider;
  if (span.model !== undefined) a['gen_ai.request.model'] = span.model;
  const level = span.request?.reasoningLevel;
  if (level !== undefined) a['gen_ai.request.reasoning.level'] = level;
  if (span.baseUrl !== undefined) server(span.baseUrl, a);
  if (span.answered) answer(span, a);
  if (span.error !== undefined) a['error.type'] = span.error.type;
  if (context.captureContent) callContent(span, a);
}

function answer(span: ModelCall, a: Attributes): void {
  if (span.response?.id !== undefined) a['gen_ai.response.id'] = span.response.id;
  if (span.responseModel !== undefined) a['gen_ai.response.model'] = span.responseModel;
  if (span.finishReason !== undefined) a['gen_ai.response.finish_reasons'] = [span.finishReason];
  if (span.cost !== undefined) cost(span.cost, a);
}

function callContent({ request, response, finishReason }: ModelCall, a: Attributes): void {
  if (request?.systemInstructions !== undefined) {
    a['gen_ai.system_instructions'] = systemInstructions(request.systemInstructions);
  }
  if (request?.tools !== undefined) a['gen_ai.tool.definitions'] = toolDefinitions(request.tools);
  addMessages(a, request?.messages, response?.messages, finishReason);
}

function server(baseUrl: string, a: Attributes): void {
  const { address, port } = serverOf(baseUrl);
  if (address !== undefined) a['server.address'] = address;
  if (port !== undefined) a['server.port'] = port;
}

/** Input includes cached tokens, output includes reasoning. */
function usage(tokens: TokenSums, { cacheCreation }: Version, a: Attributes): void {
  const input = allInput(tokens);
  if (input !== undefined) a['gen_ai.usage.input_tokens'] = input;
  if (tokens.outputTokens !== undefined) a['gen_ai.usage.output_tokens'] = tokens.outputTokens;
  if (tokens.cacheReadTokens !== undefined)
    a['gen_ai.usage.cache_read.input_tokens'] = tokens.cacheReadTokens;
  if (tokens.cacheWriteTokens !== undefined) {
    if (cacheCreation) a['gen_ai.usage.cache_creation.input_tokens'] = tokens.cacheWriteTokens;
    a['gen_ai.usage.cache_write.input_tokens'] = tokens.cacheWriteTokens;
  }
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
  return executeName(span.toolName);
}

function toolContent(span: ToolCallSpan, a: Attributes): void {
  if (span.args !== undefined) a['gen_ai.tool.call.arguments'] = shortJson(span.args);
  if (span.result !== undefined) a['gen_ai.tool.call.result'] = shortJson(span.result);
}

/** The conventions define no approvals. `gen_ai.tool.call.id` would make back ends take one for a tool call. */
function approval(span: ApprovalSpan, a: Attributes): string {
  a['gen_ai.conversation.id'] = span.sessionId;
  if (span.toolCallId !== undefined) a['hermes.approval.tool_call_id'] = span.toolCallId;
  return approvalName;
}
