import type { Message, MessagePart, RequestFacts, ResponseFacts } from '../model/message.ts';
import { MESSAGE_CHARS, PAYLOAD_CHARS, safeText } from '../model/safe-text.ts';
import type { AgentSpan, AgentSpanEvent, CallError } from '../model/span.ts';

/** Maximum lengths in UTF-16 units. */
interface Limits {
  readonly message: number;
  readonly payload: number;
}

const PREVIEW: Limits = { message: MESSAGE_CHARS, payload: PAYLOAD_CHARS };

/** For the conversation, which is read as a whole. */
export const FULL_TEXT: Limits = { message: 100_000, payload: 20_000 };

/** The spans without secrets. Of a span that was sent more than once, the last version. */
export function presentable(spans: readonly AgentSpan[], limits = PREVIEW): readonly AgentSpan[] {
  const last = new Map(spans.map((span) => [span.spanId, span]));
  return Array.from(last.values(), (span) => safeSpan(span, limits));
}

/**
 * The span with obvious secrets removed from free text (errors, and content if asked for), which is also cut to a
 * maximum length. Names and ids are not changed.
 */
export function withoutSecrets(span: AgentSpan): AgentSpan {
  return safeSpan(span, PREVIEW);
}

function safeSpan(span: AgentSpan, limits: Limits): AgentSpan {
  return { ...withSafeText(span, limits), events: span.events.map(safeEvent) };
}

function withSafeText(span: AgentSpan, { message, payload }: Limits): AgentSpan {
  switch (span.kind) {
    case 'turn':
      return {
        ...span,
        exitReason: safe(span.exitReason, MESSAGE_CHARS),
        userMessage: safe(span.userMessage, message),
        assistantResponse: safe(span.assistantResponse, message),
      };
    case 'api_call':
    case 'auxiliary_call':
      return {
        ...span,
        error: span.error && safeError(span.error),
        ...(span.request && { request: safeRequest(span.request, payload) }),
        ...(span.response && { response: safeResponse(span.response, message) }),
      };
    case 'tool_call':
      return {
        ...span,
        errorMessage: safe(span.errorMessage, MESSAGE_CHARS),
        args: safe(span.args, payload),
        result: safe(span.result, payload),
      };
    case 'approval':
      return { ...span, command: safe(span.command, payload) };
    case 'subagent':
      return { ...span, goal: safe(span.goal, message), summary: safe(span.summary, payload) };
    case 'session':
      return span;
    default:
      return span satisfies never;
  }
}

function safeRequest(request: RequestFacts, limit: number): RequestFacts {
  return {
    ...request,
    messages: request.messages?.map((message) => safeMessage(message, limit)),
    systemInstructions: safe(request.systemInstructions, limit),
  };
}

function safeResponse(response: ResponseFacts, limit: number): ResponseFacts {
  return { ...response, messages: response.messages?.map((message) => safeMessage(message, limit)) };
}

function safeMessage({ role, parts }: Message, limit: number): Message {
  return { role, parts: parts.map((part) => safePart(part, limit)) };
}

function safePart(part: MessagePart, limit: number): MessagePart {
  switch (part.kind) {
    case 'text':
    case 'reasoning':
    case 'tool_result':
      return { ...part, text: safeText(part.text, limit) };
    case 'tool_call':
      return part.args === undefined ? part : { ...part, args: safeText(JSON.stringify(part.args), limit) };
    case 'other':
      return part;
    default:
      return part satisfies never;
  }
}

function safeError(error: CallError): CallError {
  return { ...error, message: safe(error.message, MESSAGE_CHARS) };
}

function safeEvent(event: AgentSpanEvent): AgentSpanEvent {
  const fields = Object.entries(event.fields).map(
    ([name, value]) => [name, typeof value === 'string' ? safeText(value, MESSAGE_CHARS) : value] as const,
  );
  return { ...event, fields: Object.fromEntries(fields) };
}

function safe(text: string | undefined, limit: number): string | undefined {
  return text === undefined ? undefined : safeText(text, limit);
}
