import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jsonToProtobuf } from '../../../src/export/send/json-to-protobuf.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import { decodeProtobuf, type Json } from '../decode.ts';
import { anyMessage } from './any-message.ts';

/** As it stands in a file: JSON knows no -0. */
const asJson = (value: object): JsonObject => JSON.parse(JSON.stringify(value));

/** Without the fields that protobuf does not tell from absent ones. The sum of a summary is one, that of a histogram is not. */
function said(value: unknown, present = PRESENT): unknown {
  if (Array.isArray(value)) return value.map((item) => said(item, present));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([key, field]) => present.has(key) || !EMPTY.has(field));
  return Object.fromEntries(
    fields.map(([key, field]) => [key, said(field, key === 'summary' ? IN_SUMMARY : present)]),
  );
}
const EMPTY = new Set<unknown>(['', 0, -0, '0', false, undefined]);
const PRESENT = new Set([
  'stringValue',
  'boolValue',
  'intValue',
  'doubleValue',
  'bytesValue',
  'asInt',
  'asDouble',
  'sum',
  'min',
  'max',
]);
const IN_SUMMARY = new Set([...PRESENT].filter((key) => key !== 'sum'));

describe.each(['TraceRequest', 'MetricsRequest'] as const)('any %s', (name) => {
  test('is the same after protobuf', () => {
    fc.assert(
      fc.property(anyMessage(name).map(asJson), (request) => {
        const bytes = jsonToProtobuf(`.${name}`, request);
        expect(said(decodeProtobuf<Json>(name, bytes))).toEqual(said(request));
      }),
      { numRuns: 60 },
    );
  });
});

const span = (fields: JsonObject): JsonObject => ({ resourceSpans: [{ scopeSpans: [{ spans: [fields] }] }] });

function decoded(fields: JsonObject): Json | undefined {
  const bytes = jsonToProtobuf('.TraceRequest', span(fields));
  const request = decodeProtobuf<{ resourceSpans: { scopeSpans: { spans: Json[] }[] }[] }>(
    'TraceRequest',
    bytes,
  );
  return request.resourceSpans[0]?.scopeSpans[0]?.spans[0];
}

describe('what writers of OTLP/JSON also do', () => {
  test.each<[string, JsonObject, Json]>([
    [
      'names of the .proto files',
      { trace_id: 'ab', start_time_unix_nano: '5' },
      { traceId: 'ab', startTimeUnixNano: '5' },
    ],
    ['integers as numbers', { startTimeUnixNano: 5 }, { startTimeUnixNano: '5' }],
    ['small integers as text', { flags: '257' }, { flags: 257 }],
    ['ids in upper case', { traceId: 'AB' }, { traceId: 'ab' }],
    [
      'words for enums',
      { kind: 'SPAN_KIND_CLIENT', status: { code: 'STATUS_CODE_ERROR' } },
      { kind: 3, status: { code: 2 } },
    ],
    ['null for absent', { name: null, traceId: 'ab' }, { traceId: 'ab' }],
    ['fields of a later version', { name: 'a', color: 'red', __proto__: null }, { name: 'a' }],
    [
      'doubles as words',
      { attributes: [{ key: 'a', value: { doubleValue: '-Infinity' } }] },
      { attributes: [{ key: 'a', value: { doubleValue: '-Infinity' } }] },
    ],
  ])('%s', (_, fields, expected) => {
    expect(decoded(fields)).toEqual(expected);
  });
});

describe('what OTLP/JSON does not allow is named with its path', () => {
  let deep: JsonObject = { stringValue: 'x' };
  for (let level = 0; level < 200; level += 1) deep = { arrayValue: { values: [deep] } };
  const inSpan = 'resourceSpans[0].scopeSpans[0].spans[0]';
  test.each<[string, JsonObject]>([
    [`${inSpan}.traceId is no id in hex`, { traceId: 'q7Y=' }],
    [`${inSpan}.traceId is no text`, { traceId: 5 }],
    [`${inSpan}.startTimeUnixNano is no integer`, { startTimeUnixNano: 1.5 }],
    [`${inSpan}.startTimeUnixNano does not fit 64 bits`, { startTimeUnixNano: '-1' }],
    [`${inSpan}.flags does not fit 32 bits`, { flags: 2 ** 33 }],
    [`${inSpan}.kind is no known word`, { kind: 'CLIENT' }],
    [`${inSpan}.events is no list`, { events: {} }],
    [`${inSpan}.events[1] is no object`, { events: [{}, 7] }],
    [`${inSpan}.status is no object`, { status: 'ok' }],
    [
      `${inSpan}.attributes[0].value.boolValue is neither true nor false`,
      { attributes: [{ key: 'a', value: { boolValue: 1 } }] },
    ],
    [
      `${inSpan}.attributes[0].value.doubleValue is no number`,
      { attributes: [{ key: 'a', value: { doubleValue: '' } }] },
    ],
    ['is nested too deeply', { attributes: [{ key: 'a', value: deep }] }],
  ])('%s', (sentence, fields) => {
    expect(() => jsonToProtobuf('.TraceRequest', span(fields))).toThrow(sentence);
  });
});
