/**
 * Messages as the GenAI conventions write them: JSON by their published schema. Texts are cut inside the JSON, so that it
 * stays valid, and of a long conversation the newest messages are kept.
 */
import type { JsonValue } from '../model/json.ts';
import { cutPart, type Message, type MessagePart, type ToolDefinition } from '../model/message.ts';
import type { Attributes } from '../model/otel.ts';
import { cut, PAYLOAD_CHARS } from '../model/safe-text.ts';

/** The longest attribute of messages. Each call repeats the conversation, so this bounds what a session costs. */
const MESSAGES_CHARS = 16_384;

/** The newest of `messages` that fit. */
export interface Fitting {
  readonly messages: readonly Message[];
  /** Older messages that were left out. */
  readonly omitted: number;
}

/** Cuts texts, and leaves out old messages. At least one message is kept. */
export function newest(messages: readonly Message[]): Fitting {
  const kept: Message[] = [];
  let room = MESSAGES_CHARS;
  for (const message of messages.toReversed()) {
    const short = {
      role: message.role,
      parts: message.parts.map((part) => cutPart(part, PAYLOAD_CHARS, shortValue)),
    };
    room -= JSON.stringify(short).length;
    if (room < 0 && kept.length > 0) break;
    kept.unshift(short);
  }
  return { messages: kept, omitted: messages.length - kept.length };
}

function shortValue(value: JsonValue): JsonValue {
  return JSON.parse(shortJson(JSON.stringify(value)));
}

/**
 * JSON from the log that may be exported: at most `PAYLOAD_CHARS`, and still JSON. Long texts in
 * it are cut first; what is then too long becomes one JSON string. Text that is no JSON is cut as text.
 */
export function shortJson(text: string): string {
  if (text.length <= PAYLOAD_CHARS) return text;
  const value = parse(text);
  if (value === undefined) return cut(text, PAYLOAD_CHARS);
  for (const chars of [512, 128, 32]) {
    const short = JSON.stringify(cutTexts(value, chars));
    if (short.length <= PAYLOAD_CHARS) return short;
  }
  // Escaping makes the text longer again.
  const short = cut(text, PAYLOAD_CHARS / 2 - 2);
  return JSON.stringify(short.replace(/["\\]/g, "'"));
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function cutTexts(value: JsonValue, chars: number): JsonValue {
  if (typeof value === 'string') return cut(value, chars);
  if (Array.isArray(value)) return value.map((item) => cutTexts(item, chars));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cutTexts(item ?? null, chars)]));
}

/** Adds the messages to and from a model or an agent. `finish` is the reason of the answer, in Hermes's words. */
export function addMessages(
  a: Attributes,
  input: readonly Message[] | undefined,
  output: readonly Message[] | undefined,
  finish: string | undefined,
): void {
  if (input !== undefined) {
    const { messages, omitted } = newest(input);
    a['gen_ai.input.messages'] = JSON.stringify(messages.map(standardMessage));
    if (omitted > 0) a['hermes.input.messages_omitted'] = omitted;
  }
  if (output !== undefined) {
    const finishReason = FINISH_REASONS.get(finish ?? '') ?? finish ?? 'stop';
    const messages = newest(output).messages.map(standardMessage);
    a['gen_ai.output.messages'] = JSON.stringify(
      messages.map((message) => ({ ...message, finish_reason: finishReason })),
    );
  }
}

/** One text as a conversation of one message. */
export function textMessage(role: string, text: string | undefined): readonly Message[] | undefined {
  return text === undefined ? undefined : [{ role, parts: [{ kind: 'text', text }] }];
}

/** Words of the schema for words of providers. */
const FINISH_REASONS: ReadonlyMap<string, string> = new Map([
  ['tool_calls', 'tool_call'],
  ['tool_use', 'tool_call'],
  ['end_turn', 'stop'],
  ['max_tokens', 'length'],
]);

function standardMessage({ role, parts }: Message) {
  return { role, parts: parts.map(standardPart) };
}

function standardPart(part: MessagePart) {
  switch (part.kind) {
    case 'text':
    case 'reasoning':
      return { type: part.kind, content: part.text };
    case 'tool_call':
      return { type: 'tool_call', id: part.id, name: part.name, arguments: part.args };
    case 'tool_result':
      return { type: 'tool_call_response', id: part.id, response: part.text };
    case 'other':
      return { type: part.type };
    default:
      return part satisfies never;
  }
}

/** The system prompt, as the schema of `gen_ai.system_instructions` has it. */
export function systemInstructions(text: string): string {
  return JSON.stringify([{ type: 'text', content: cut(text, PAYLOAD_CHARS) }]);
}

/** The tools of a request: without their schemas, and then without descriptions, where they are too long. */
export function toolDefinitions(tools: readonly ToolDefinition[]): string {
  const forms = [
    ({ name, description, parameters }: ToolDefinition) => ({ name, description, parameters }),
    ({ name, description }: ToolDefinition) => ({ name, description: cut(description ?? '', 200) }),
    ({ name }: ToolDefinition) => ({ name }),
  ];
  for (const form of forms) {
    const text = JSON.stringify(tools.map((tool) => ({ type: 'function', ...form(tool) })));
    if (text.length <= MESSAGES_CHARS / 2) return text;
  }
  return '[]';
}
