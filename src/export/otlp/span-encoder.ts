import type { Attributes, AttributeValue, Origin, OtelSpan } from '../../model/otel.ts';
import { cut } from '../../model/safe-text.ts';
import { plainText } from '../outside-text.ts';
import type { Encoder } from './encoder.ts';
import { createJsonTraceRequest } from './json.ts';
import { createTraceRequest } from './trace-request.ts';

export function spanEncoder(origin: Origin): Encoder<OtelSpan> {
  return {
    signal: 'spans',
    weight: () => 1,
    newRequest: (contentType) =>
      contentType === 'application/json' ? createJsonTraceRequest(origin) : createTraceRequest(origin),
    shrink(span) {
      const smaller = truncateLongest(span);
      if (smaller === undefined) return undefined;
      const name = plainText(span.name, 80);
      const loss = `span ${span.spanId} (${name}) was larger than HERMES_OTEL_MAX_REQUEST_BYTES: its longest texts were cut`;
      return { items: [smaller], loss };
    },
  };
}

/** Texts shorter than this (in UTF-16 units) are names and ids, not content, and stay whole. */
const SHORTEST_CUT = 64;
const MARK = '…';

/**
 * The span with its longest text halved. Texts are the values of its attributes and of its events' attributes, and the
 * status message. When no text is long, half of the events or links are left out.
 * @returns `undefined` when nothing can be cut.
 */
export function truncateLongest(span: OtelSpan): OtelSpan | undefined {
  const sizes = [
    longest(span.attributes),
    span.events.reduce((size, event) => Math.max(size, longest(event.attributes)), 0),
    span.status.message?.length ?? 0,
  ] as const;
  const size = Math.max(...sizes);
  if (size < SHORTEST_CUT) return withFewerEvents(span);
  if (size === sizes[0]) return { ...span, attributes: cutIn(span.attributes, size) };
  if (size === sizes[1]) {
    const events = span.events.map((event) => ({ ...event, attributes: cutIn(event.attributes, size) }));
    return { ...span, events };
  }
  return { ...span, status: { ...span.status, message: halve(span.status.message ?? '') } };
}

function withFewerEvents(span: OtelSpan): OtelSpan | undefined {
  if (span.events.length > 0) return { ...span, events: firstHalf(span.events) };
  if (span.links.length > 0) return { ...span, links: firstHalf(span.links) };
  return undefined;
}

function longest(attributes: Attributes): number {
  return Object.values(attributes).reduce<number>((size, value) => Math.max(size, lengthOf(value)), 0);
}

function lengthOf(value: AttributeValue): number {
  if (typeof value === 'string') return value.length;
  return Array.isArray(value) ? value.reduce((sum, text) => sum + text.length, 0) : 0;
}

function cutIn(attributes: Attributes, size: number): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [
      key,
      lengthOf(value) === size ? cutValue(value) : value,
    ]),
  );
}

function cutValue(value: AttributeValue): AttributeValue {
  if (typeof value === 'string') return halve(value);
  if (!Array.isArray(value)) return value;
  return value.length > 1 ? firstHalf(value) : value.map(halve);
}

function firstHalf<T>(list: readonly T[]): T[] {
  return list.slice(0, Math.floor(list.length / 2));
}

function halve(text: string): string {
  return cut(text, Math.floor(text.length / 2) - MARK.length) + MARK;
}
