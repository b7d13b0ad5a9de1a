import type { MessagePart, RequestFacts, ResponseFacts } from '../model/message.ts';
import { cut, MESSAGE_CHARS, PAYLOAD_CHARS } from '../model/safe-text.ts';
import type { AgentSpan, AgentSpanEvent } from '../model/span.ts';

/** Maximum lengths in UTF-16 units. */
interface Limits {
  readonly message: number;
  readonly payload: number;
}

const PREVIEW: Limits = { message: MESSAGE_CHARS, payload: PAYLOAD_CHARS };

/** For the conversation, which is read as a whole. */
export const FULL_TEXT: Limits = { message: 100_000, payload: 20_000 };

/** The spans with short texts. Of a span that was sent more than once, the last version. */
export function presentable(spans: readonly AgentSpan[], limits = PREVIEW): readonly AgentSpan[] {
  const last = new Map(spans.map((span) => [span.spanId, span]));
  return Array.from(last.values(), (span) => shortSpan(span, limits));
}

/** The span with its free text (errors, and content if asked for) cut to a maximum length. Names and ids are not changed. */
export function withShortTexts(span: AgentSpan): AgentSpan {
  return shortSpan(span, PREVIEW);
}

function shortSpan(span: AgentSpan, limits: Limits): AgentSpan {
  return { ...withCutTexts(span, limits), events: span.events.map(shortEvent) };
}

function withCutTexts(span: AgentSpan, { message, payload }: Limits): AgentSpan {
  switch (span.kind) {
    case 'turn':
      return shortFields(span, {
        exitReason: MESSAGE_CHARS,
        userMessage: message,
        assistantResponse: message,
      });
    case 'api_call':
    case 'auxiliary_call':
      return {
        ...span,
        error: span.error && shortFields(span.error, { message: MESSAGE_CHARS }),
        ...(span.request && {
          request: withShortMessages(shortFields(span.request, { systemInstructions: payload }), payload),
        }),
        ...(span.response && { response: withShortMessages(span.response, message) }),
      };
    case 'tool_call':
      return shortFields(span, { errorMessage: MESSAGE_CHARS, args: payload, result: payload });
    case 'approval':
      return shortFields(span, { command: payload });
    case 'subagent':
      return shortFields(span, { goal: message, summary: payload });
    case 'session':
      return span;
    default:
      return span satisfies never;
  }
}

/** `object` with the texts of these fields cut. */
function shortFields<T extends object>(object: T, limits: { readonly [K in keyof T]?: number }): T {
  const texts = Object.entries<number | undefined>(limits).map(([name, limit]) => {
    const text: unknown = Reflect.get(object, name);
    return [name, typeof text === 'string' ? cut(text, limit ?? text.length) : text];
  });
  return { ...object, ...Object.fromEntries(texts) };
}

function withShortMessages<T extends RequestFacts | ResponseFacts>(facts: T, limit: number): T {
  const messages = facts.messages?.map(({ role, parts }) => ({
    role,
    parts: parts.map((part) => shortPart(part, limit)),
  }));
  return { ...facts, messages };
}

function shortPart(part: MessagePart, limit: number): MessagePart {
  switch (part.kind) {
    case 'text':
    case 'reasoning':
    case 'tool_result':
      return { ...part, text: cut(part.text, limit) };
    case 'tool_call':
      return part.args === undefined ? part : { ...part, args: cut(JSON.stringify(part.args), limit) };
    case 'other':
      return part;
    default:
      return part satisfies never;
  }
}

function shortEvent(event: AgentSpanEvent): AgentSpanEvent {
  const fields = Object.entries(event.fields).map(
    ([name, value]) => [name, typeof value === 'string' ? cut(value, MESSAGE_CHARS) : value] as const,
  );
  return { ...event, fields: Object.fromEntries(fields) };
}
