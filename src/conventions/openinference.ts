import type { Attributes } from '../model/otel.ts';
import { MESSAGE_CHARS, PAYLOAD_CHARS, safeText } from '../model/safe-text.ts';
import type {
  ApprovalSpan,
  CallCost,
  SessionSpan,
  SubagentSpan,
  TokenSums,
  ToolCallSpan,
  TurnSpan,
} from '../model/span.ts';
import { approvalName, chatPrefix, sessionName, subagentName, toolPrefix, turnName } from './names.ts';
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

type OpenInferenceKind = 'AGENT' | 'CHAIN' | 'LLM' | 'TOOL';

function common(kind: OpenInferenceKind, sessionId: string, a: Attributes): void {
  a['openinference.span.kind'] = kind;
  a['session.id'] = sessionId;
}

function session(span: SessionSpan, a: Attributes): string {
  common('AGENT', span.sessionId, a);
  return sessionName;
}

function turn(span: TurnSpan, a: Attributes, context: Context): string {
  common('CHAIN', span.sessionId, a);
  if (context.captureContent) {
    if (span.userMessage !== undefined) input(span.userMessage, MESSAGE_CHARS, a);
    if (span.assistantResponse !== undefined) output(span.assistantResponse, MESSAGE_CHARS, a);
  }
  return turnName;
}

function modelCall(span: ModelCall, a: Attributes, context: Context): string {
  common('LLM', span.sessionId, a);
  const modelName = span.responseModel ?? span.model;
  if (modelName !== undefined) a['llm.model_name'] = modelName;
  const provider = context.provider(span);
  if (provider !== undefined) a['llm.provider'] = PROVIDERS.get(provider) ?? provider;
  const system = SYSTEMS.get(span.apiMode ?? '');
  if (system !== undefined) a['llm.system'] = system;
  if (span.answered) answer(span, a);
  return context.spanName(chatPrefix, span.model);
}

function answer(span: ModelCall, a: Attributes): void {
  if (span.finishReason !== undefined) a['llm.finish_reason'] = span.finishReason;
  if (span.usage !== undefined) tokenCounts(span.usage, a);
  if (span.cost !== undefined) cost(span.cost, a);
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
      a['tool.parameters'] = safeText(span.args, PAYLOAD_CHARS);
      input(span.args, PAYLOAD_CHARS, a);
    }
    if (span.result !== undefined) output(span.result, PAYLOAD_CHARS, a);
  }
  return context.spanName(toolPrefix, span.toolName);
}

function approval(span: ApprovalSpan, a: Attributes): string {
  common('CHAIN', span.sessionId, a);
  return approvalName;
}

function subagent(span: SubagentSpan, a: Attributes, context: Context): string {
  common('AGENT', span.sessionId, a);
  if (context.captureContent) {
    if (span.goal !== undefined) input(span.goal, MESSAGE_CHARS, a);
    if (span.summary !== undefined) output(span.summary, PAYLOAD_CHARS, a);
  }
  return subagentName;
}

function input(text: string, limit: number, a: Attributes): void {
  a['input.value'] = safeText(text, limit);
  a['input.mime_type'] = mimeType(text, limit);
}

function output(text: string, limit: number, a: Attributes): void {
  a['output.value'] = safeText(text, limit);
  a['output.mime_type'] = mimeType(text, limit);
}

/** Viewers parse what is marked as JSON, so a document that was cut is marked as plain text. */
function mimeType(text: string, limit: number): string {
  const isDocument = text.startsWith('{') || text.startsWith('[');
  return isDocument && text.length <= limit ? 'application/json' : 'text/plain';
}
