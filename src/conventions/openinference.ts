import type { Message, MessagePart } from '../model/message.ts';
import type { Attributes } from '../model/otel.ts';
import { cut, MESSAGE_CHARS, PAYLOAD_CHARS } from '../model/safe-text.ts';
import type {
  ApprovalSpan,
  CallCost,
  SessionSpan,
  SubagentSpan,
  TokenSums,
  ToolCallSpan,
  TurnSpan,
} from '../model/span.ts';
import { newest, shortJson, textMessage } from './messages.ts';
import { AGENT, approvalName, chatName, sessionName, subagentName, toolName, turnName } from './names.ts';
import { providerOf } from './provider.ts';
import { allInput, type Context, type ModelCall, type SpanRules } from './rules.ts';

/** OpenInference, which Phoenix and Arize read. It defines no span names and no metrics; the names are Hermes's own. */
export const openInference = {
  session,
  turn,
  api_call: modelCall,
  tool_call: toolCall,
  approval,
  subagent,
  auxiliary_call: modelCall,
} satisfies SpanRules;

type ToolCallPart = Extract<MessagePart, { kind: 'tool_call' }>;
type OpenInferenceKind = 'AGENT' | 'CHAIN' | 'LLM' | 'TOOL';

function common(kind: OpenInferenceKind, sessionId: string, a: Attributes): void {
  a['openinference.span.kind'] = kind;
  if (sessionId !== '') a['session.id'] = sessionId;
}

function session(span: SessionSpan, a: Attributes, context: Context): string {
  common('AGENT', span.sessionId, a);
  a['agent.name'] = AGENT;
  if (context.captureContent) conversation(span, a);
  return sessionName;
}

function turn(span: TurnSpan, a: Attributes, context: Context): string {
  common('CHAIN', span.sessionId, a);
  a['agent.name'] = AGENT;
  if (context.captureContent) {
    // The sender's id is content: it identifies a person.
    if (span.senderId !== undefined) a['user.id'] = span.senderId;
    conversation(span, a);
  }
  return turnName;
}

function conversation({ userMessage, assistantResponse }: SessionSpan | TurnSpan, a: Attributes): void {
  if (userMessage !== undefined) input(userMessage, MESSAGE_CHARS, a);
  if (assistantResponse !== undefined) output(assistantResponse, MESSAGE_CHARS, a);
}

function modelCall(span: ModelCall, a: Attributes, context: Context): string {
  common('LLM', span.sessionId, a);
  const modelName = span.responseModel ?? span.model;
  if (modelName !== undefined) a['llm.model_name'] = modelName;
  if (span.model !== undefined) a['llm.request.model_name'] = span.model;
  if (span.responseModel !== undefined) a['llm.response.model_name'] = span.responseModel;
  const parameters = invocationParameters(span);
  if (parameters !== undefined) a['llm.invocation_parameters'] = parameters;
  const provider = providerOf(span);
  if (provider !== undefined) a['llm.provider'] = PROVIDERS.get(provider) ?? provider;
  const system = SYSTEMS.get(span.apiMode ?? '');
  if (system !== undefined) a['llm.system'] = system;
  if (span.answered) answer(span, a);
  if (context.captureContent) callContent(span, a);
  return chatName(span.model);
}

function answer(span: ModelCall, a: Attributes): void {
  if (span.finishReason !== undefined) a['llm.finish_reason'] = span.finishReason;
  if (span.usage !== undefined) tokenCounts(span.usage, a);
  if (span.cost !== undefined) cost(span.cost, a);
}

/** The parameters of the request that the log has, as JSON. */
function invocationParameters(span: ModelCall): string | undefined {
  const parameters = {
    max_tokens: 'maxTokens' in span ? span.maxTokens : undefined,
    stream: span.request?.streaming,
    reasoning_effort: span.request?.reasoningLevel,
  };
  const text = JSON.stringify(parameters);
  return text === '{}' ? undefined : text;
}

function callContent({ request, response }: ModelCall, a: Attributes): void {
  const system = textMessage('system', request?.systemInstructions) ?? [];
  const sent = [...system, ...(request?.messages ?? [])];
  if (sent.length > 0) addMessages('llm.input_messages', sent, a);
  if (response?.messages !== undefined) addMessages('llm.output_messages', response.messages, a);
  const [last, reply] = [request?.messages?.at(-1), response?.messages?.at(-1)];
  if (last !== undefined) input(textOf(last), PAYLOAD_CHARS, a);
  if (reply !== undefined) output(textOf(reply), PAYLOAD_CHARS, a);
}

/** Flat attributes, an index in the name of each message and tool call. */
function addMessages(prefix: string, all: readonly Message[], a: Attributes): void {
  const { messages, omitted } = newest(all);
  if (omitted > 0) a['hermes.input.messages_omitted'] = omitted;
  for (const [index, message] of messages.entries()) {
    const name = `${prefix}.${index}.message`;
    a[`${name}.role`] = message.role;
    const text = textOf(message);
    if (text !== '') a[`${name}.content`] = text;
    const calls = message.parts.filter((part) => part.kind === 'tool_call');
    for (const [number, call] of calls.entries())
      addToolCall(`${name}.tool_calls.${number}.tool_call`, call, a);
    const result = message.parts.find((part) => part.kind === 'tool_result');
    if (result?.id !== undefined) a[`${name}.tool_call_id`] = result.id;
  }
}

function addToolCall(name: string, { id, name: tool, args }: ToolCallPart, a: Attributes): void {
  if (id !== undefined) a[`${name}.id`] = id;
  a[`${name}.function.name`] = tool;
  if (args !== undefined) a[`${name}.function.arguments`] = JSON.stringify(args);
}

function textOf({ parts }: Message): string {
  return parts.flatMap((part) => ('text' in part ? [part.text] : [])).join('\n');
}

/** Providers whose OpenInference word differs from that of the semantic conventions. */
const PROVIDERS: ReadonlyMap<string, string> = new Map([
  ['aws.bedrock', 'aws'],
  ['azure.ai.openai', 'azure'],
  ['azure.ai.inference', 'azure'],
  ['gcp.gemini', 'google'],
  ['gcp.vertex_ai', 'google'],
  ['mistral_ai', 'mistralai'],
  ['moonshot_ai', 'moonshot'],
  ['x_ai', 'xai'],
]);

/** The vendor whose API was called, wherever it was hosted, as client instrumentations set `llm.system`. */
const SYSTEMS: ReadonlyMap<string, string> = new Map([
  ['anthropic_messages', 'anthropic'],
  ['chat_completions', 'openai'],
  ['codex_responses', 'openai'],
]);

/** The prompt's count includes cached tokens, the completion's includes reasoning. */
function tokenCounts(tokens: TokenSums, a: Attributes): void {
  const prompt = allInput(tokens);
  if (prompt !== undefined) a['llm.token_count.prompt'] = prompt;
  if (tokens.outputTokens !== undefined) a['llm.token_count.completion'] = tokens.outputTokens;
  if (tokens.totalTokens !== undefined) a['llm.token_count.total'] = tokens.totalTokens;
  if (tokens.cacheReadTokens !== undefined)
    a['llm.token_count.prompt_details.cache_read'] = tokens.cacheReadTokens;
  if (tokens.cacheWriteTokens !== undefined)
    a['llm.token_count.prompt_details.cache_write'] = tokens.cacheWriteTokens;
  if (tokens.reasoningTokens !== undefined)
    a['llm.token_count.completion_details.reasoning'] = tokens.reasoningTokens;
}

/** In US dollars. */
function cost({ usd, inputUsd, outputUsd, source }: CallCost, a: Attributes): void {
  a['llm.cost.total'] = { double: usd };
  if (inputUsd !== undefined) a['llm.cost.prompt'] = { double: inputUsd };
  if (outputUsd !== undefined) a['llm.cost.completion'] = { double: outputUsd };
  a['hermes.cost.source'] = source;
}

function toolCall(span: ToolCallSpan, a: Attributes, context: Context): string {
  common('TOOL', span.sessionId, a);
  a['tool.name'] = span.toolName;
  if (span.toolCallId !== undefined) a['tool.id'] = span.toolCallId;
  if (context.captureContent) {
    if (span.args !== undefined) {
      a['tool.parameters'] = shortJson(span.args);
      input(shortJson(span.args), PAYLOAD_CHARS, a);
    }
    if (span.result !== undefined) output(shortJson(span.result), PAYLOAD_CHARS, a);
  }
  return toolName(span.toolName);
}

function approval(span: ApprovalSpan, a: Attributes): string {
  common('CHAIN', span.sessionId, a);
  return approvalName;
}

function subagent(span: SubagentSpan, a: Attributes, context: Context): string {
  common('AGENT', span.sessionId, a);
  a['agent.name'] = span.role ?? AGENT;
  if (context.captureContent) {
    if (span.goal !== undefined) input(span.goal, MESSAGE_CHARS, a);
    if (span.summary !== undefined) output(span.summary, PAYLOAD_CHARS, a);
  }
  return subagentName;
}

function input(text: string, limit: number, a: Attributes): void {
  a['input.value'] = cut(text, limit);
  a['input.mime_type'] = mimeType(text, limit);
}

function output(text: string, limit: number, a: Attributes): void {
  a['output.value'] = cut(text, limit);
  a['output.mime_type'] = mimeType(text, limit);
}

/** Viewers parse what is marked as JSON, so a document that was cut is marked as plain text. */
function mimeType(text: string, limit: number): string {
  const isDocument = text.startsWith('{') || text.startsWith('[');
  return isDocument && text.length <= limit ? 'application/json' : 'text/plain';
}
