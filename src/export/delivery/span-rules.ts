import type { OtelSpan } from '../../model/otel.ts';
import type { EncoderFactory, Origin } from '../encode/request-encoder.ts';
import { createJsonTraceRequest } from '../otlp/json-trace-request.ts';
import { plainText } from '../plain-text.ts';
import { cutLongest } from './cut-span.ts';
import type { ItemRules } from './item-rules.ts';

export function spanRules(origin: Origin, newEncoder: EncoderFactory<OtelSpan>): ItemRules<OtelSpan> {
  return {
    signal: 'spans',
    weight: () => 1,
    newEncoder: () => newEncoder(origin),
    toLine: (spans) => lineOf(spans, origin),
    reduce(span) {
      const smaller = cutLongest(span);
      if (smaller === undefined) return undefined;
      const name = plainText(span.name, 80);
      const loss = `span ${span.spanId} (${name}) was larger than --max-request-bytes: its longest texts were cut`;
      return { items: [smaller], loss };
    },
  };
}

/** Seldom wanted, so its encoder is made for the occasion. */
function lineOf(spans: readonly OtelSpan[], origin: Origin): string {
  const request = createJsonTraceRequest(origin);
  for (const span of spans) request.add(span, Number.POSITIVE_INFINITY);
  return Buffer.from(request.finish()).toString();
}
