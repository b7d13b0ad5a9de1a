import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ContentType, encodeAll } from '../../../src/export/otlp/encoder.ts';
import { metricEncoder } from '../../../src/export/otlp/metric-encoder.ts';
import { spanEncoder } from '../../../src/export/otlp/span-encoder.ts';
import type { MetricSnapshot, OtelSpan } from '../../../src/model/otel.ts';
import { epochMicros } from '../../../src/model/time.ts';
import { decodeProtobuf, type Json, type MetricsRequest, metricsIn, type TraceRequest } from '../decode.ts';
import { ORIGIN, otelSpan, snapshot } from '../spans.ts';

const JSON_TYPE = 'application/json';
const PROTOBUF = 'application/x-protobuf';
const traces = spanEncoder(ORIGIN);
const metrics = metricEncoder(ORIGIN);

const fromJson = (bytes: Uint8Array): Json => JSON.parse(Buffer.from(bytes).toString());

const rich: OtelSpan = {
  ...otelSpan(7, {
    text: 'grüße 🎉',
    whole: 7,
    big: 2 ** 53 - 1,
    negative: -3,
    fraction: { double: 0.25 },
    yes: true,
    list: ['a', 'b'],
    empty: '',
  }),
  kind: 3,
  startTime: epochMicros(1_763_999_999_999_999),
  endTime: epochMicros(1_764_000_000_000_001),
  status: { code: 2, message: 'rate_limit' },
  events: [
    { time: epochMicros(1_764_000_000_000_000), name: 'exception', attributes: { 'exception.type': 'E' } },
  ],
  links: [{ traceId: otelSpan(1).traceId, spanId: otelSpan(1).spanId, attributes: { relation: 'parent' } }],
};

/** proto3 JSON leaves default values out; ours writes them where they say something. */
function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, field]) => [key, withoutDefaults(field)] as const)
      .filter(([key, field]) => !(DEFAULTS.has(key) && isDefault(field))),
  );
}
const DEFAULTS = new Set([
  'droppedAttributesCount',
  'droppedEventsCount',
  'droppedLinksCount',
  'code',
  'status',
  'attributes',
  'version',
]);
const isDefault = (field: unknown) =>
  field === 0 || JSON.stringify(field) === '{}' || JSON.stringify(field) === '[]';

describe('protobuf and JSON say the same', () => {
  test.each<[string, OtelSpan[]]>([
    ['of a plain span', [otelSpan(0)]],
    ['of a child', [otelSpan(0), otelSpan(1)]],
    ['of a span with everything', [rich]],
    ['of a span without attributes', [{ ...otelSpan(3), attributes: {} }]],
  ])('%s', (_, items) => {
    const protobuf = decodeProtobuf<TraceRequest>('TraceRequest', encodeAll(traces, items, PROTOBUF));
    expect(withoutDefaults(protobuf)).toEqual(withoutDefaults(fromJson(encodeAll(traces, items, JSON_TYPE))));
  });

  test('of metric points', () => {
    const histogram: MetricSnapshot = {
      metrics: [
        {
          instrument: { name: 'h', kind: 'histogram', unit: 's', description: 'd', bounds: [0.5, 1] },
          temporality: 'delta',
          points: [
            {
              attributes: { a: 'b' },
              startTime: epochMicros(1_764_000_000_000_000),
              endTime: epochMicros(1_764_000_060_000_001),
              value: { kind: 'histogram', count: 3, sum: 2.5, min: 0.25, max: 1.5, bucketCounts: [1, 1, 1] },
            },
          ],
        },
      ],
    };
    const items = [snapshot(2), histogram];
    const protobuf = decodeProtobuf<Json>('MetricsRequest', encodeAll(metrics, items, PROTOBUF));
    expect(withoutDefaults(protobuf)).toEqual(
      withoutDefaults(fromJson(encodeAll(metrics, items, JSON_TYPE))),
    );
  });
});

describe.each<[string, ContentType]>([
  ['JSON', JSON_TYPE],
  ['protobuf', PROTOBUF],
])('the size of a request in %s', (_, contentType) => {
  const anySpan = fc
    .tuple(
      fc.nat(9999),
      fc.dictionary(fc.string(), fc.string({ unit: 'grapheme', maxLength: 300 }), { maxKeys: 5 }),
    )
    .map(([index, attributes]) => otelSpan(index, attributes));

  test('is that of its body, whatever is in it', () => {
    fc.assert(
      fc.property(fc.array(anySpan, { minLength: 1, maxLength: 30 }), (items) => {
        const request = traces.newRequest(contentType);
        for (const item of items) request.add(item, Number.POSITIVE_INFINITY);
        const reported = request.sizeBytes();
        expect(request.finish()).toHaveLength(reported);
        expect(request.sizeBytes()).toBe(0);
      }),
    );
  });

  test('is never above the limit, and a refused item leaves no trace', () => {
    fc.assert(
      fc.property(
        fc.array(anySpan, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 200, max: 4000 }),
        (items, limit) => {
          const request = traces.newRequest(contentType);
          const taken = items.filter((item) => request.add(item, limit));
          const body = request.finish();
          if (taken.length > 0) {
            expect(body.length).toBeLessThanOrEqual(limit);
            expect(Buffer.from(body)).toEqual(Buffer.from(encodeAll(traces, taken, contentType)));
          }
        },
      ),
    );
  });
});

describe('numbers in the JSON of metric points', () => {
  const attribute = (value: OtelSpan['attributes'][string]) => {
    const [metric] = snapshot(1).metrics;
    if (metric === undefined) throw new Error('a snapshot has a metric');
    const points = metric.points.map((point) => ({ ...point, attributes: { value } }));
    const body = encodeAll(metrics, [{ metrics: [{ ...metric, points }] }], JSON_TYPE);
    const request: MetricsRequest = JSON.parse(Buffer.from(body).toString());
    return metricsIn(request)[0]?.sum?.dataPoints[0]?.attributes?.[0]?.value;
  };
  test.each<[string, OtelSpan['attributes'][string], object]>([
    ['an integer is a string', 5, { intValue: '5' }],
    ['a large integer keeps every digit', -(2 ** 62), { intValue: '-4611686018427387904' }],
    ['a whole double stays a double', { double: 5 }, { doubleValue: 5 }],
    ['what JSON cannot say is spelled out', { double: Number.NaN }, { doubleValue: 'NaN' }],
    ['what no 64-bit integer holds is a double', 2 ** 64, { doubleValue: 18446744073709552000 }],
  ])('%s', (_, value, expected) => {
    expect(attribute(value)).toEqual(expected);
  });
});
