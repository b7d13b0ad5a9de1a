import type { Attributes, OtelLink, OtelSpanEvent } from '../model/otel.ts';
import { errorText, PAYLOAD_CHARS, safeText } from '../model/safe-text.ts';
import type { AgentSpan, AgentSpanEvent, CallError, SpanLink } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';

const NO_EVENTS: readonly OtelSpanEvent[] = [];
const NO_LINKS: readonly OtelLink[] = [];

/** The span's own events, and an `exception` at the end of a call that failed. */
export function spanEvents(span: AgentSpan): readonly OtelSpanEvent[] {
  const error = callError(span);
  if (error === undefined && span.events.length === 0) return NO_EVENTS;
  const events = span.events.map(spanEvent);
  if (error !== undefined) events.push(exception(error, span.endTime));
  return events;
}

function callError(span: AgentSpan): CallError | undefined {
  return span.kind === 'api_call' || span.kind === 'auxiliary_call' ? span.error : undefined;
}

function exception(error: CallError, time: EpochMicros): OtelSpanEvent {
  const attributes: Attributes = { 'exception.type': error.type };
  const message = errorText(error.message);
  if (message !== undefined) attributes['exception.message'] = message;
  return { time, name: 'exception', attributes };
}

/** Hermes's field names get the prefix `hermes.`, unless they are attribute names already. */
function spanEvent(event: AgentSpanEvent): OtelSpanEvent {
  const attributes: Attributes = {};
  for (const [field, value] of Object.entries(event.fields)) {
    attributes[field.includes('.') ? field : `hermes.${field}`] = fieldValue(value);
  }
  return { time: event.time, name: event.name, attributes };
}

function fieldValue(value: string | number | boolean) {
  if (typeof value === 'string') return safeText(value, PAYLOAD_CHARS);
  return typeof value === 'number' && !Number.isInteger(value) ? { double: value } : value;
}

export function spanLinks(span: AgentSpan): readonly OtelLink[] {
  return span.links.length === 0 ? NO_LINKS : span.links.map(spanLink);
}

function spanLink(link: SpanLink): OtelLink {
  return {
    traceId: link.traceId,
    spanId: link.spanId,
    attributes: { 'hermes.link.relation': link.relation },
  };
}
