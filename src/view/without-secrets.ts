import { MESSAGE_CHARS, PAYLOAD_CHARS, safeText } from '../model/safe-text.ts';
import type { AgentSpan, AgentSpanEvent, CallError } from '../model/span.ts';

/** The spans without secrets. Of a span that was sent more than once, the last version. */
export function presentable(spans: readonly AgentSpan[]): readonly AgentSpan[] {
  return [...new Map(spans.map((span) => [span.spanId, span])).values()].map(withoutSecrets);
}

/**
 * The span with obvious secrets removed from free text (errors, and content if asked for), which is also cut to a
 * maximum length. Names and ids are not changed.
 */
export function withoutSecrets(span: AgentSpan): AgentSpan {
  return { ...withSafeText(span), events: span.events.map(safeEvent) };
}

function withSafeText(span: AgentSpan): AgentSpan {
  switch (span.kind) {
    case 'turn':
      return {
        ...span,
        exitReason: safe(span.exitReason, MESSAGE_CHARS),
        userMessage: safe(span.userMessage, MESSAGE_CHARS),
        assistantResponse: safe(span.assistantResponse, MESSAGE_CHARS),
      };
    case 'api_call':
    case 'auxiliary_call':
      return { ...span, error: span.error && safeError(span.error) };
    case 'tool_call':
      return {
        ...span,
        errorMessage: safe(span.errorMessage, MESSAGE_CHARS),
        args: safe(span.args, PAYLOAD_CHARS),
        result: safe(span.result, PAYLOAD_CHARS),
      };
    case 'approval':
      return { ...span, command: safe(span.command, PAYLOAD_CHARS) };
    case 'subagent':
      return { ...span, goal: safe(span.goal, MESSAGE_CHARS), summary: safe(span.summary, PAYLOAD_CHARS) };
    case 'session':
      return span;
    default:
      return span satisfies never;
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
