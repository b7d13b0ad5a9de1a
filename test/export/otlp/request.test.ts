import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { attributeWriter } from '../../../src/export/otlp/attributes.ts';
import { createBytes } from '../../../src/export/otlp/bytes.ts';
import { createJsonTraceRequest } from '../../../src/export/otlp/json.ts';
import { createTraceRequest } from '../../../src/export/otlp/trace-request.ts';
import type { OtelSpan } from '../../../src/model/otel.ts';
import { anySpan, ORIGIN, plainSpan } from './any-span.ts';
import { encodeTraces, encodeTracesJson } from './encode-traces.ts';

const NO_LIMIT = Number.POSITIVE_INFINITY;

const encodings = [
  ['protobuf', createTraceRequest, encodeTraces],
  [
    'JSON',
    createJsonTraceRequest,
    (spans: readonly OtelSpan[]) => Buffer.from(encodeTracesJson(spans, ORIGIN)),
  ],
] as const;

describe.each(encodings)('a request in %s', (_name, create, encodeAll) => {
  test('knows its size after every span, to the byte', () => {
    fc.assert(
      fc.property(fc.array(anySpan, { minLength: 1, maxLength: 3 }), (spans) => {
        const request = create(ORIGIN);
        spans.forEach((span, index) => {
          expect(request.add(span, NO_LIMIT)).toBe(true);
          const soFar = encodeAll(spans.slice(0, index + 1), ORIGIN);
          expect(request.sizeBytes()).toBe(soFar.length);
        });
        expect(Buffer.from(request.finish())).toEqual(Buffer.from(encodeAll(spans, ORIGIN)));
      }),
      { numRuns: 20 },
    );
  });

  test('refuses the span that would make it larger than asked, and is unchanged', () => {
    const request = create(ORIGIN);
    request.add(plainSpan(), NO_LIMIT);
    const before = request.sizeBytes();
    const large = plainSpan({ attributes: { text: 'x'.repeat(300_000) } });
    expect(request.add(large, before + 1000)).toBe(false);
    expect(request.sizeBytes()).toBe(before);
    expect(Buffer.from(request.finish())).toEqual(Buffer.from(encodeAll([plainSpan()], ORIGIN)));
  });

  test('takes a span that fits exactly', () => {
    const size = encodeAll([plainSpan(), plainSpan()], ORIGIN).length;
    const request = create(ORIGIN);
    expect([request.add(plainSpan(), size), request.add(plainSpan(), size - 1)]).toEqual([true, false]);
    expect([request.add(plainSpan(), size), request.sizeBytes()]).toEqual([true, size]);
  });

  test('of no spans is empty', () => {
    const request = create(ORIGIN);
    expect([request.sizeBytes(), request.finish().length]).toEqual([0, 0]);
  });

  test('a finished body does not change under the next one, nor after a giant one', () => {
    const request = create(ORIGIN);
    const giant = plainSpan({ attributes: { text: 'x'.repeat(9_000_000) } });
    const bodies = [plainSpan(), giant, plainSpan({ name: 'other' })].map((span) => {
      request.add(span, NO_LIMIT);
      return request.finish();
    });
    const expected = [plainSpan(), giant, plainSpan({ name: 'other' })].map((span) =>
      encodeAll([span], ORIGIN),
    );
    expect(bodies.map((body) => Buffer.from(body).equals(body))).toEqual([true, true, true]);
    bodies.forEach((body, index) => {
      expect(Buffer.compare(body, expected[index] ?? Buffer.alloc(0))).toBe(0);
    });
  });
});

describe('keys are remembered within a bound, and right beyond it', () => {
  test('in protobuf', () => {
    const writer = attributeWriter(0x4a, 3);
    const once = (key: string) => {
      const out = createBytes();
      writer(out, { [key]: key });
      return out.buffer.subarray(0, out.end).toString('latin1');
    };
    const first = once('key-0');
    for (let n = 1; n < 10; n++) expect(once(`key-${n}`)).toBe(first.replaceAll('key-0', `key-${n}`));
  });

  test('in JSON', () => {
    const once = (key: string) => encodeTracesJson([plainSpan({ attributes: { [key]: key } })], ORIGIN);
    const first = once('key-1000');
    for (let n = 1001; n < 4000; n++) expect(once(`key-${n}`)).toBe(first.replaceAll('key-1000', `key-${n}`));
    expect(once('key-1000')).toBe(first);
  });
});
