import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pointsIn } from '../../../src/export/metrics/series.ts';
import { type ContentType, encodeAll } from '../../../src/export/otlp/encoder.ts';
import { metricEncoder } from '../../../src/export/otlp/metric-encoder.ts';
import { createOtlpReader, type OtlpLine } from '../../../src/export/otlp/read-lines.ts';
import { spanEncoder } from '../../../src/export/otlp/span-encoder.ts';
import type { MetricSnapshot } from '../../../src/model/otel.ts';
import { epochMicros } from '../../../src/model/time.ts';
import { decodeProtobuf, spansIn, type TraceRequest } from '../decode.ts';
import { ORIGIN, otelSpan, snapshot } from '../spans.ts';
import { anyMessage } from './any-message.ts';
import { anyOrigin, anySpan } from './any-span.ts';

const reader = () => createOtlpReader();
const lineOf = (text: string) => ({ source: 'f', line: 1, text, endOffsetBytes: 0, damage: undefined });

function read(text: string, from = reader()): OtlpLine {
  const line = from.read(lineOf(text));
  if (typeof line === 'string') throw new Error(line);
  return line;
}

const BOTH: readonly ContentType[] = ['application/json', 'application/x-protobuf'];

describe('what this program writes is read and written again without a change', () => {
  test('of spans with anything in them', () => {
    fc.assert(
      fc.property(fc.array(anySpan, { minLength: 1, maxLength: 3 }), anyOrigin, (spans, origin) => {
        const encoder = spanEncoder(origin);
        const own = reader();
        const again = read(Buffer.from(encodeAll(encoder, spans, 'application/json')).toString(), own).spans;
        for (const type of BOTH)
          expect(Buffer.compare(encodeAll(encoder, again, type), encodeAll(encoder, spans, type))).toBe(0);
        expect([...own.leftOut().keys()].filter((name) => !name.includes('2^53'))).toEqual([]);
      }),
    );
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
    const encoder = metricEncoder(ORIGIN);
    const items = [snapshot(2), histogram];
    const again = read(Buffer.from(encodeAll(encoder, items, 'application/json')).toString());
    for (const type of BOTH)
      expect(Buffer.from(encodeAll(encoder, again.snapshots, type))).toEqual(
        Buffer.from(encodeAll(encoder, items, type)),
      );
  });
});

test('spans of several origins keep theirs, in both formats, and the size is known', () => {
  const other = { resource: { attributes: { 'service.name': 'other' } }, scope: { name: 's', version: '2' } };
  const spans = [
    otelSpan(0),
    { ...otelSpan(1), origin: other },
    { ...otelSpan(2), origin: other },
    otelSpan(3),
  ];
  for (const type of BOTH) {
    for (let count = 1; count <= spans.length; count += 1) {
      const request = spanEncoder(ORIGIN).newRequest(type);
      for (const span of spans.slice(0, count)) expect(request.add(span, 10_000)).toBe(true);
      // A span of another origin that does not fit leaves no trace.
      expect(request.add({ ...otelSpan(9), origin: { ...other } }, 10)).toBe(false);
      const size = request.sizeBytes();
      const body = request.finish();
      expect([body.length, request.sizeBytes()]).toEqual([size, 0]);
      const decoded: TraceRequest =
        type === 'application/json'
          ? JSON.parse(Buffer.from(body).toString())
          : decodeProtobuf('TraceRequest', body);
      expect(spansIn(decoded).map(({ spanId }) => spanId)).toEqual(
        spans.slice(0, count).map(({ spanId }) => spanId),
      );
      expect(decoded.resourceSpans.map(({ scopeSpans }) => scopeSpans[0]?.spans.length)).toEqual(
        [[1], [1, 1], [1, 2], [1, 2, 1]][count - 1],
      );
    }
  }
});

describe('files of others', () => {
  test('every span and point of any valid request is read or counted', () => {
    fc.assert(
      fc.property(anyMessage('TraceRequest'), anyMessage('MetricsRequest'), (traces, metrics) => {
        const text = JSON.stringify(
          { resourceSpans: [], resourceMetrics: [], ...traces, ...metrics },
          complete,
        );
        const line = read(text);
        let [spans, points] = [0, 0];
        JSON.parse(text, (key, value) => {
          if (key === 'spans') spans += value.length;
          if (key === 'dataPoints') points += value.length;
          return value;
        });
        expect(line.spans.length).toBe(spans);
        expect(line.snapshots.reduce((sum, one) => sum + pointsIn(one), 0) + line.unsupportedPoints).toBe(
          points,
        );
        for (const type of BOTH) {
          encodeAll(spanEncoder(ORIGIN), line.spans, type);
          encodeAll(metricEncoder(ORIGIN), line.snapshots, type);
        }
      }),
    );
  });

  /** Spans and links need ids, and times end in the year 2255. */
  function complete(key: string, value: unknown): unknown {
    if (/UnixNano$/.test(key)) return String(value).slice(0, 18);
    if (!/^(spans|links)$/.test(key) || !Array.isArray(value)) return value;
    return value.map((one: object) => ({ ...id, ...one }));
  }

  const id = { traceId: 'A'.repeat(32), spanId: '1'.repeat(16) };
  const spanLine = (span: object, scope: object = {}) =>
    JSON.stringify({ resourceSpans: [{ scopeSpans: [{ ...scope, spans: [{ ...id, ...span }] }] }] });

  test.each<[string, string, object, string[]]>([
    ['names of .proto files', spanLine({ start_time_unix_nano: '5000' }), { startTime: 5 }, []],
    [
      'words for enums',
      spanLine({ kind: 'SPAN_KIND_SERVER', status: { code: 'STATUS_CODE_ERROR' } }),
      { kind: 2, status: { code: 2 } },
      [],
    ],
    ['ids in capitals', spanLine({}), { traceId: 'a'.repeat(32), kind: 1 }, []],
    [
      'nanoseconds',
      spanLine({ endTimeUnixNano: '1764000000123456789' }),
      { endTime: 1_764_000_000_123_456 },
      ['nanoseconds of times'],
    ],
    ['a trace state', spanLine({ traceState: 'a=b' }), {}, ['span.traceState']],
    [
      'dropped counts',
      spanLine({ droppedAttributesCount: 3, droppedEventsCount: 0 }),
      {},
      ['span.droppedAttributesCount'],
    ],
    ['flags', spanLine({ flags: 0x301 }), {}, ['span.flags']],
    ['a schema', spanLine({}, { schemaUrl: 'https://x' }), {}, ['scope.schemaUrl']],
    ['a field of tomorrow', spanLine({ links: [{ ...id, weight: 2 }] }), {}, ['link.weight']],
    [
      'structured attributes',
      spanLine({
        attributes: [
          { key: 'list', value: { arrayValue: { values: [{ intValue: '1' }, { boolValue: true }] } } },
          { key: 'map', value: { kvlistValue: { values: [{ key: 'a', value: { stringValue: 'b' } }] } } },
          { key: 'texts', value: { arrayValue: { values: [{ stringValue: 'x' }] } } },
          { key: 'none', value: {} },
        ],
      }),
      { attributes: { list: '["1",true]', map: '{"a":"b"}', texts: ['x'] } },
      [
        'types of attributes that are maps, bytes or lists of other things than text: sent as JSON',
        'attributes without a value',
      ],
    ],
  ])('%s', (_, text, expected, leftOut) => {
    const own = reader();
    expect(read(text, own).spans[0]).toMatchObject(expected);
    expect([...own.leftOut().keys()]).toEqual(leftOut);
  });

  test.each([
    ['{"resourceSpans":[{"resource":5}]}', 'resourceSpans[0].resource is not an object'],
    [spanLine({ name: 5 }), 'resourceSpans[0].scopeSpans[0].spans[0].name is not a text'],
    [spanLine({ kind: 9 }), 'resourceSpans[0].scopeSpans[0].spans[0].kind is not a known value'],
    [
      spanLine({ startTimeUnixNano: 'noon' }),
      'resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano is not a time in nanoseconds',
    ],
    [
      spanLine({ attributes: [{ key: 'a', value: { intValue: 'x' } }] }),
      'resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value.intValue is not a number',
    ],
    [
      '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"isMonotonic":true,"aggregationTemporality":2,"dataPoints":[{"asInt":"1","timeUnixNano":"x"}]}}]}]}]}',
      'resourceMetrics[0].scopeMetrics[0].metrics[0].timeUnixNano is not a time in nanoseconds',
    ],
  ])('a value that is not allowed is refused with its path: %s', (text, sentence) => {
    expect(reader().read(lineOf(text))).toBe(sentence);
  });

  test('points of other kinds are counted, and the others are sent', () => {
    const point = { timeUnixNano: '5000', asInt: '3' };
    const metrics = [
      ...['gauge', 'exponentialHistogram', 'summary'].map((kind) => ({
        name: kind,
        [kind]: { dataPoints: [point, point] },
      })),
      { name: 'up and down', sum: { aggregationTemporality: 2, dataPoints: [point] } },
      { name: 'kept', sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] } },
    ];
    const { snapshots, unsupportedPoints } = read(
      JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }),
    );
    expect(unsupportedPoints).toBe(7);
    expect(snapshots[0]?.metrics.map(({ instrument }) => instrument.name)).toEqual(['kept']);
  });

  test.each<[string, Parameters<ReturnType<typeof reader>['read']>[0], string]>([
    ['too long', { ...lineOf(''), damage: { kind: 'too_long', sizeBytes: 9 } }, 'it is too long'],
    ['not UTF-8', { ...lineOf('{}'), damage: { kind: 'invalid_utf8' } }, 'it is not UTF-8'],
  ])('a line that is %s is refused', (_, line, sentence) => {
    expect(reader().read(line)).toBe(sentence);
  });
});
