import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isInt64 } from '../../../src/export/otlp/bytes.ts';
import type { AttributeValue } from '../../../src/model/otel.ts';
import { epochMicros } from '../../../src/model/time.ts';
import { anyOrigin, anySpan, ORIGIN, plainSpan } from './any-span.ts';
import { encodeTracesJson } from './encode-traces.ts';
import { sdkJson } from './sdk.ts';

/**
 * What the specification leaves out and the SDK writes: counts of what was not dropped, empty lists of span events and
 * links, a status code that is unset. (Its numbers are another matter: see below.)
 */
function withoutDefaults(key: string, value: unknown): unknown {
  if (/^(dropped\w+Count|code)$/.test(key) && value === 0) return undefined;
  return /^(events|links)$/.test(key) && Array.isArray(value) && value.length === 0 ? undefined : value;
}

/** The SDK writes 64-bit integers as JSON numbers, larger ones too, and all that is not finite as null. */
function comparableNumbers(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('intValue' in value) {
    const number = Number(value.intValue);
    return isInt64(number) ? { intValue: number } : { doubleValue: number };
  }
  if (!('doubleValue' in value)) return value;
  const { doubleValue } = value;
  return { doubleValue: typeof doubleValue === 'string' ? null : doubleValue };
}

test('field by field, it says what the SDK says', () => {
  fc.assert(
    fc.property(fc.array(anySpan, { minLength: 1, maxLength: 3 }), anyOrigin, (spans, origin) => {
      const own: unknown = JSON.parse(encodeTracesJson(spans, origin), comparableNumbers);
      const sdk: unknown = JSON.parse(sdkJson(spans, origin), withoutDefaults);
      expect(own).toEqual(JSON.parse(JSON.stringify(sdk), comparableNumbers));
    }),
    { numRuns: 200 },
  );
});

test('it is one line, whatever is in the texts', () => {
  fc.assert(
    fc.property(anySpan, anyOrigin, (span, origin) => {
      expect(encodeTracesJson([span], origin)).not.toMatch(/[\n\r]/);
    }),
  );
});

function written(value: AttributeValue): string {
  const text = encodeTracesJson([plainSpan({ attributes: { key: value } })], ORIGIN);
  expect(() => JSON.parse(text)).not.toThrow();
  return /"attributes":\[\{"key":"key","value":(\{.*?\})\}\],"status"/.exec(text)?.[1] ?? text;
}

describe('values are written as OTLP/JSON wants them', () => {
  test.each<[AttributeValue, string]>([
    ['', '{"stringValue":""}'],
    ['a"b\\c\n', '{"stringValue":"a\\"b\\\\c\\n"}'],
    ['é中😀', '{"stringValue":"é中😀"}'],
    ['half \ud83d', '{"stringValue":"half \\ud83d"}'],
    [`"${'x'.repeat(30)}`, `{"stringValue":"\\"${'x'.repeat(30)}"}`],
    [true, '{"boolValue":true}'],
    [false, '{"boolValue":false}'],
    [0, '{"intValue":"0"}'],
    [-0, '{"intValue":"0"}'],
    [-1, '{"intValue":"-1"}'],
    [9, '{"intValue":"9"}'],
    [10, '{"intValue":"10"}'],
    [2 ** 31 - 1, '{"intValue":"2147483647"}'],
    [2 ** 31, '{"intValue":"2147483648"}'],
    [Number.MAX_SAFE_INTEGER, '{"intValue":"9007199254740991"}'],
    [-(2 ** 63), '{"intValue":"-9223372036854775808"}'],
    [2 ** 62, '{"intValue":"4611686018427387904"}'],
    [2 ** 63, '{"doubleValue":9223372036854776000}'],
    [1e21, '{"doubleValue":1e+21}'],
    [{ double: 2 }, '{"doubleValue":2}'],
    [{ double: 0 }, '{"doubleValue":0}'],
    [{ double: -0 }, '{"doubleValue":-0}'],
    [{ double: 0.1 }, '{"doubleValue":0.1}'],
    [{ double: -1.5 }, '{"doubleValue":-1.5}'],
    [{ double: Number.NaN }, '{"doubleValue":"NaN"}'],
    [{ double: Number.NEGATIVE_INFINITY }, '{"doubleValue":"-Infinity"}'],
    [[], '{"arrayValue":{"values":[]}}'],
    [['a', '"'], '{"arrayValue":{"values":[{"stringValue":"a"},{"stringValue":"\\""}]}}'],
  ])('%j', (value, expected) => {
    expect(written(value)).toBe(expected);
  });
});

test('times are exact nanoseconds', () => {
  const edges = fc.constantFrom(0, 1, 99_999_999, 100_000_000, 100_000_001, 1_789_467_300_000_000);
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeNat(), edges), (micros) => {
      const text = encodeTracesJson([plainSpan({ startTime: epochMicros(micros) })], ORIGIN);
      expect(text).toContain(`"startTimeUnixNano":"${BigInt(micros) * 1000n}"`);
    }),
  );
});

test('a whole span, as text', () => {
  const span = plainSpan({
    parentSpanId: plainSpan().spanId,
    attributes: { 'hermes.turn.index': 1 },
    events: [{ time: epochMicros(5), name: 'exception', attributes: {} }],
    links: [{ traceId: plainSpan().traceId, spanId: plainSpan().spanId, attributes: { a: true } }],
    status: { code: 2, message: 'failed' },
  });
  expect(encodeTracesJson([span], ORIGIN)).toBe(
    [
      '{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"hermes-agent"}}]},',
      '"scopeSpans":[{"scope":{"name":"hermes-otel","version":"0.1.0"},"spans":[',
      '{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","parentSpanId":"b7ad6b7169203331",',
      '"flags":257,"name":"hermes.turn","kind":1,',
      '"startTimeUnixNano":"1789467301123456000","endTimeUnixNano":"1789467303123456000",',
      '"attributes":[{"key":"hermes.turn.index","value":{"intValue":"1"}}],',
      '"events":[{"timeUnixNano":"5000","name":"exception","attributes":[]}],',
      '"links":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331",',
      '"attributes":[{"key":"a","value":{"boolValue":true}}],"flags":257}],',
      '"status":{"message":"failed","code":2}}',
      ']}]}]}',
    ].join(''),
  );
});
