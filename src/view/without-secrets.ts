import { redact } from '../model/redact.ts';
import type { AgentSpan, AgentSpanEvent, CallError } from '../model/span.ts';

/** Limits in UTF-16 units; those of content are the exported attributes' own. */
const MESSAGE_CHARS = 500;
const PAYLOAD_CHARS = 2048;

/** A key that begins before the limit is seen with this much of its tail, and known for one. */
const TAIL_CHARS = 512;

/** Spans as they may be shown; of a span that was sent again, whole, the last version. */
export function presentable(spans: readonly AgentSpan[]): readonly AgentSpan[] {
  return [...new Map(spans.map((span) => [span.spanId, span])).values()].map(withoutSecrets);
}

/**
 * The span as it may be shown: free text (errors, and content where it was asked for) without obvious secrets and cut
 * to a length. Names and ids stay as they are.
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
    ([name, value]) => [name, typeof value === 'string' ? safe(value, MESSAGE_CHARS) : value] as const,
  );
  return { ...event, fields: Object.fromEntries(fields) };
}

function safe(text: string, limit: number): string;
function safe(text: string | undefined, limit: number): string | undefined;
function safe(text: string | undefined, limit: number): string | undefined {
  // A cut inside a surrogate pair would leave half of it.
  return (
    text &&
    redact(text.slice(0, limit + TAIL_CHARS))
      .slice(0, limit)
      .replace(/[\ud800-\udbff]$/, '')
  );
}
