import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { OtelSpan } from '../../../src/model/otel.ts';
import type { SpanId } from '../../../src/model/span.ts';
import { epochMicros } from '../../../src/model/time.ts';
import { createSpanKeys, readSpanKeys, spanKeyOf } from '../../../src/replay/checkpoint/span-key.ts';
import { otelSpan } from '../../export/spans.ts';

const spans = fc
  .record({
    id: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    endTime: fc.integer({ min: 0, max: 2 ** 52 }),
    open: fc.boolean(),
  })
  .map(
    ({ id, endTime, open }): OtelSpan => ({
      ...otelSpan(0),
      spanId: id.toString(16).padStart(16, '0') as SpanId,
      endTime: epochMicros(endTime),
      attributes: open ? { 'hermes.incomplete': true } : {},
    }),
  );

test('what was added is read again, in order, however many', () => {
  fc.assert(
    fc.property(fc.array(spans, { minLength: 0, maxLength: 1500 }), (many) => {
      const keys = createSpanKeys();
      for (const span of many) keys.add(span);
      expect(readSpanKeys(keys.toText())).toEqual(many.map(spanKeyOf));
    }),
    { numRuns: 20 },
  );
});

test('of one id no two are alike that differ in their end or in being whole', () => {
  const ends = fc.integer({ min: 0, max: 2 ** 52 });
  fc.assert(
    fc.property(spans, ends, fc.boolean(), (span, endTime, open) => {
      const other: OtelSpan = {
        ...span,
        endTime: epochMicros(endTime),
        attributes: open ? { 'hermes.incomplete': true } : {},
      };
      const isSame = endTime === span.endTime && open === 'hermes.incomplete' in span.attributes;
      expect(spanKeyOf(other) === spanKeyOf(span)).toBe(isSame);
    }),
  );
});

test('one that is incomplete for another reason is another sending', () => {
  const because = (reason: string): OtelSpan => ({
    ...otelSpan(0),
    attributes: { 'hermes.incomplete': true, 'hermes.incomplete.reason': reason },
  });
  const reasons = ['end_of_input', 'idle', 'evicted', 'next_turn', 'session_end', 'shutdown'];
  expect(new Set(reasons.map((reason) => spanKeyOf(because(reason)))).size).toBe(reasons.length);
});
