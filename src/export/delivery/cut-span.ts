import type { Attributes, AttributeValue, OtelSpan } from '../../model/otel.ts';

/** Texts shorter than this (in UTF-16 units) are left alone: names and ids, not content. */
const SHORTEST_CUT = 64;
const MARK = '…';

/**
 * The span with its longest text halved, its texts being the values of its own attributes, its events' and its links',
 * and its status message; when none is long, with half of its events or links left out.
 * @returns `undefined` when there is nothing left to cut.
 */
export function cutLongest(span: OtelSpan): OtelSpan | undefined {
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

/** Never ends inside a surrogate pair. */
function halve(text: string): string {
  const end = Math.floor(text.length / 2) - MARK.length;
  const last = text.charCodeAt(end - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? end - 1 : end) + MARK;
}
