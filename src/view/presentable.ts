import type { JsonValue } from '../model/json.ts';
import { cutPart, type RequestFacts, type ResponseFacts } from '../model/message.ts';
import { cut, MESSAGE_CHARS, PAYLOAD_CHARS } from '../model/safe-text.ts';
import type { AgentSpan, AgentSpanEvent } from '../model/span.ts';

/** Maximum lengths in UTF-16 units. */
interface Limits {
  readonly problem: number;
  readonly message: number;
  readonly payload: number;
}

const PREVIEW: Limits = { problem: MESSAGE_CHARS, message: MESSAGE_CHARS, payload: PAYLOAD_CHARS };

/** For the conversation, which is read as a whole. */
export const FULL_TEXT: Limits = { problem: MESSAGE_CHARS, message: 100_000, payload: 20_000 };

/** The spans with short texts. Of a span that was sent more than once, the last version. */
export function presentable(spans: readonly AgentSpan[], limits = PREVIEW): readonly AgentSpan[] {
  const last = new Map(spans.map((span) => [span.spanId, span]));
  return Array.from(last.values(), (span) => shortSpan(span, limits));
}

/** The span with its free text (errors, and content if asked for) cut to a maximum length. Names and ids are not changed. */
export function withShortTexts(span: AgentSpan): AgentSpan {
  return shortSpan(span, PREVIEW);
}

/** The free texts of spans, errors and requests. Each name means the same wherever it occurs. */
const TEXTS = {
  exitReason: 'problem',
  errorMessage: 'problem',
  message: 'problem',
  userMessage: 'message',
  assistantResponse: 'message',
  goal: 'message',
  summary: 'payload',
  args: 'payload',
  result: 'payload',
  command: 'payload',
  systemInstructions: 'payload',
} as const;

function shortSpan(span: AgentSpan, limits: Limits): AgentSpan {
  const short = { ...cutTexts(span, limits), events: span.events.map(shortEvent) };
  if (short.kind !== 'api_call' && short.kind !== 'auxiliary_call') return short;
  const { error, request, response } = short;
  return {
    ...short,
    error: error && cutTexts(error, limits),
    ...(request && { request: withShortMessages(cutTexts(request, limits), limits.payload) }),
    ...(response && { response: withShortMessages(response, limits.message) }),
  };
}

/** `object` with its own free texts cut. */
function cutTexts<T extends object>(object: T, limits: Limits): T {
  const texts = Object.entries(TEXTS).flatMap(([name, limit]) => {
    const text: unknown = Reflect.get(object, name);
    return typeof text === 'string' ? [[name, cut(text, limits[limit])]] : [];
  });
  return { ...object, ...Object.fromEntries(texts) };
}

function withShortMessages<T extends RequestFacts | ResponseFacts>(facts: T, limit: number): T {
  const shorten = (args: JsonValue) => cut(JSON.stringify(args), limit);
  const messages = facts.messages?.map(({ role, parts }) => ({
    role,
    parts: parts.map((part) => cutPart(part, limit, shorten)),
  }));
  return { ...facts, messages };
}

function shortEvent(event: AgentSpanEvent): AgentSpanEvent {
  const fields = Object.entries(event.fields).map(
    ([name, value]) => [name, typeof value === 'string' ? cut(value, MESSAGE_CHARS) : value] as const,
  );
  return { ...event, fields: Object.fromEntries(fields) };
}
