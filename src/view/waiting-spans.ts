import type { AgentSpan, SpanId } from '../model/span.ts';

/**
 * Spans that came before the one they hang below, which is the rule: a turn ends after its calls. They are held until
 * it arrives, the oldest first in line.
 */
export interface WaitingSpans {
  readonly spans: Map<SpanId, AgentSpan>;
  readonly byParent: Map<SpanId, Set<SpanId>>;
}

export function createWaiting(): WaitingSpans {
  return { spans: new Map(), byParent: new Map() };
}

export function hold(waiting: WaitingSpans, span: AgentSpan): void {
  waiting.spans.set(span.spanId, span);
  if (span.parentSpanId === undefined) return;
  const siblings = waiting.byParent.get(span.parentSpanId);
  if (siblings === undefined) waiting.byParent.set(span.parentSpanId, new Set([span.spanId]));
  else siblings.add(span.spanId);
}

/** Takes the spans right below `parent` out. */
export function takeChildren(waiting: WaitingSpans, parent: SpanId): readonly AgentSpan[] {
  const ids = [...(waiting.byParent.get(parent) ?? [])];
  return ids.flatMap((id) => take(waiting, id) ?? []);
}

/** Takes one span out; `undefined` when it is not held. */
export function take(waiting: WaitingSpans, id: SpanId): AgentSpan | undefined {
  const span = waiting.spans.get(id);
  if (span === undefined) return undefined;
  waiting.spans.delete(id);
  if (span.parentSpanId === undefined) return span;
  const siblings = waiting.byParent.get(span.parentSpanId);
  siblings?.delete(id);
  if (siblings?.size === 0) waiting.byParent.delete(span.parentSpanId);
  return span;
}

/** The oldest held span, or what it hangs below as far as that is held too. */
export function oldestTop(waiting: WaitingSpans): AgentSpan | undefined {
  let top = waiting.spans.values().next().value;
  while (top?.parentSpanId !== undefined) {
    const parent = waiting.spans.get(top.parentSpanId);
    if (parent === undefined) return top;
    top = parent;
  }
  return top;
}
