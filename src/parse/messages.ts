/**
 * The bodies of requests and responses, in the forms of OpenAI's chat and responses APIs, Anthropic's messages and
 * Bedrock's converse. Hermes passes them on as the provider has them, cut by its own limits. Parts of unknown form
 * become `other`: nothing here warns, as a body is the provider's and no fault of the log.
 */
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../model/json.ts';
import type { Message, MessagePart, RequestFacts, ResponseFacts, ToolDefinition } from '../model/message.ts';
import { cut } from '../model/safe-text.ts';
import { type Fields, isDeep } from './fields.ts';

/** Hermes's own limits for a body: longer texts and lists are cut before they are logged. */
const MOST_CHARS = 8000;
const MOST_MESSAGES = 200;

/** The facts in `request.body` or, before 0.16, `request_messages`; `undefined` without any. */
export function readRequest(fields: Fields): RequestFacts | undefined {
  const { body, extra } = fields;
  const request = object(body.request ?? extra.request);
  if (request === undefined && !fields.content) return undefined;
  const sent = object(request?.body) ?? {};
  const facts: RequestFacts = {
    streaming: typeof sent.stream === 'boolean' ? sent.stream : undefined,
    reasoningLevel: string(sent.reasoning_effort) ?? string(object(sent.reasoning)?.effort),
    messages: undefined,
    systemInstructions: undefined,
    tools: undefined,
    ...(fields.content ? requestContent(fields, sent) : undefined),
  };
  return hasFacts(facts) ? facts : undefined;
}

/** The facts in `response`; `undefined` without any. */
export function readResponse(fields: Fields): ResponseFacts | undefined {
  const response = object(fields.body.response ?? fields.extra.response);
  if (response === undefined) return undefined;
  const facts: ResponseFacts = {
    id: string(response.id),
    upstreamProvider: string(response.upstream_provider),
    messages: fields.content ? messagesOf(response.assistant_message ?? response.output) : undefined,
  };
  return hasFacts(facts) ? facts : undefined;
}

function hasFacts(facts: RequestFacts | ResponseFacts): boolean {
  return Object.values(facts).some((fact) => fact !== undefined);
}

function requestContent({ body, extra }: Fields, sent: JsonObject) {
  const all = messagesOf(sent.messages ?? sent.input ?? body.request_messages ?? extra.request_messages);
  const [system, messages] = [all?.filter(isSystem), all?.filter((message) => !isSystem(message))];
  const prompt = sent.system ?? sent.instructions ?? body.system_prompt ?? extra.system_prompt;
  return {
    messages: messages?.length === 0 ? undefined : messages,
    systemInstructions: textOf(prompt) ?? textOf(system?.map(messageText)),
    tools: toolsOf(sent.tools),
  };
}

function isSystem({ role }: Message): boolean {
  return role === 'system' || role === 'developer';
}

function messageText({ parts }: Message): string {
  return parts.map((part) => ('text' in part ? part.text : '')).join('\n');
}

/** One message or a list of them; `undefined` for anything else, and for none. The last of too many are kept. */
function messagesOf(value: JsonValue | undefined): readonly Message[] | undefined {
  if (typeof value === 'string') return value === '' ? undefined : [{ role: 'user', parts: [text(value)] }];
  const list: readonly JsonValue[] = Array.isArray(value) ? value : isJsonObject(value) ? [value] : [];
  const messages = list
    .slice(-MOST_MESSAGES)
    .filter(isJsonObject)
    .flatMap((item) => messageOf(item) ?? []);
  return messages.length === 0 ? undefined : messages;
}

function messageOf(item: JsonObject): Message | undefined {
  if (item.type !== undefined && item.type !== 'message') return itemOf(item);
  const role = string(item.role);
  if (role === undefined) return undefined;
  if (role === 'tool') {
    const result = { id: string(item.tool_call_id), text: textOf(item.content) ?? '' };
    return { role, parts: [{ kind: 'tool_result', ...result }] };
  }
  const reasoning = textOf(item.reasoning_content ?? item.reasoning);
  const parts = [...partsOf(item.content), ...partsOf(item.tool_calls)];
  if (reasoning !== undefined) parts.unshift({ kind: 'reasoning', text: reasoning });
  return parts.length === 0 ? undefined : { role, parts };
}

/** An item of the responses API that is no message: a call, its output or the reasoning. */
function itemOf(item: JsonObject): Message {
  return { role: item.type === 'function_call_output' ? 'tool' : 'assistant', parts: [partOf(item)] };
}

function partsOf(content: JsonValue | undefined): MessagePart[] {
  if (typeof content === 'string') return content === '' ? [] : [text(content)];
  return Array.isArray(content) ? content.slice(-MOST_MESSAGES).map(partOf) : [];
}

function partOf(part: JsonValue): MessagePart {
  if (typeof part === 'string') return text(part);
  if (!isJsonObject(part)) return { kind: 'other', type: 'unknown' };
  return toolPartOf(part) ?? textPartOf(part) ?? { kind: 'other', type: string(part.type) ?? 'unknown' };
}

function textPartOf(part: JsonObject): MessagePart | undefined {
  const bedrock = object(object(part.reasoningContent)?.reasoningText);
  const reasoning = textOf(part.thinking ?? part.summary ?? bedrock?.text);
  if (reasoning !== undefined) return { kind: 'reasoning', text: reasoning };
  return typeof part.text === 'string' ? text(part.text) : undefined;
}

/** A tool call or its result, in any of the four forms. */
function toolPartOf(part: JsonObject): MessagePart | undefined {
  const call = object(part.function) ?? object(part.toolUse) ?? part;
  if (typeof call.name === 'string') {
    const args = call.arguments ?? call.input;
    const id = string(part.call_id ?? part.id ?? call.toolUseId);
    return { kind: 'tool_call', id, name: well(call.name), args: argsOf(args) };
  }
  const result = object(part.toolResult) ?? part;
  const id = string(part.tool_use_id ?? part.call_id ?? result.toolUseId);
  if (id === undefined) return undefined;
  return { kind: 'tool_result', id, text: textOf(result.content ?? result.output) ?? '' };
}

function argsOf(args: JsonValue | undefined): JsonValue | undefined {
  const value = typeof args === 'string' ? parseJson(args) : args;
  if (value === undefined && typeof args === 'string') return well(args);
  return isDeep(value) ? undefined : value;
}

function toolsOf(value: JsonValue | undefined): readonly ToolDefinition[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const tools = value.filter(isJsonObject).flatMap((tool) => toolOf(tool) ?? []);
  return tools.length === 0 ? undefined : tools;
}

function toolOf(tool: JsonObject): ToolDefinition | undefined {
  const definition = object(tool.function) ?? object(tool.toolSpec) ?? tool;
  const name = string(definition.name);
  if (name === undefined) return undefined;
  const parameters = definition.parameters ?? definition.input_schema ?? definition.inputSchema;
  return {
    name,
    description: string(definition.description),
    parameters: isDeep(parameters) ? undefined : parameters,
  };
}

/** A text, or the texts of a list of parts on lines of their own; `undefined` for '' and anything else. */
function textOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : well(value);
  if (!Array.isArray(value)) return undefined;
  const texts = value.map((part) => (isJsonObject(part) ? part.text : part));
  return textOf(texts.filter((part) => typeof part === 'string').join('\n'));
}

function text(value: string): MessagePart {
  return { kind: 'text', text: well(value) };
}

function string(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? well(value) : undefined;
}

function object(value: JsonValue | undefined): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

function well(value: string): string {
  return cut(value, MOST_CHARS).toWellFormed();
}
