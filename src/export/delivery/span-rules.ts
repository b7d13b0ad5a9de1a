import type { OtelSpan } from '../../model/otel.ts';
import { jsonTraceEncoder } from '../encode/json-encoder.ts';
import type { EncoderFactory, Origin } from '../encode/request-encoder.ts';
import { plainText } from '../plain-text.ts';
import { cutLongest } from './cut-span.ts';
import type { ItemRules } from './item-rules.ts';

export function spanRules(origin: Origin, newEncoder: EncoderFactory<OtelSpan>): ItemRules<OtelSpan> {
  const json = jsonTraceEncoder(origin);
  return {
    signal: 'spans',
    weight: () => 1,
    newEncoder: () => newEncoder(origin),
    toLine: (spans) => json.line(spans),
    reduce(span) {
      const smaller = cutLongest(span);
      if (smaller === undefined) return undefined;
      const name = plainText(span.name, 80);
      const loss = `span ${span.spanId} (${name}) was larger than --max-request-bytes: its longest texts were cut`;
      return { items: [smaller], loss };
    },
  };
}
