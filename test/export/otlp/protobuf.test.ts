import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AttributeValue } from '../../../src/model/otel.ts';
import { epochMicros } from '../../../src/model/time.ts';
import { anyOrigin, anySpan, ORIGIN, plainSpan } from './any-span.ts';
import { encodeTraces } from './encode-traces.ts';
import { decodeRequest } from './otlp-schema.ts';
import { sdkProtobuf } from './sdk.ts';

test('decoded field by field, it says what the SDK says', () => {
  fc.assert(
    fc.property(fc.array(anySpan, { minLength: 1, maxLength: 3 }), anyOrigin, (spans, origin) => {
      expect(decodeRequest(encodeTraces(spans, origin))).toEqual(decodeRequest(sdkProtobuf(spans, origin)));
    }),
    { numRuns: 200 },
  );
});

/** The one attribute of a span that has only this, as it arrives. */
function arrived(value: AttributeValue): unknown {
  const request = decodeRequest(encodeTraces([plainSpan({ attributes: { key: value } })], ORIGIN));
  expect(request).toMatchObject({
    resourceSpans: [{ scopeSpans: [{ spans: [{ attributes: [{ key: 'key' }] }] }] }],
  });
  const [, found] = /"value":(\{.*?\})\}\]/.exec(JSON.stringify(request, spellDouble)) ?? [];
  return JSON.parse(found ?? 'null');
}

/** JSON has no words for these, and drops the sign of zero. */
function spellDouble(_key: string, value: unknown): unknown {
  if (Object.is(value, -0)) return '-0';
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

describe('numbers', () => {
  test.each<[AttributeValue, unknown]>([
    [{ double: 2 }, { doubleValue: 2 }],
    [{ double: 0 }, { doubleValue: 0 }],
    [{ double: -0 }, { doubleValue: '-0' }],
    [{ double: 1e300 }, { doubleValue: 1e300 }],
    [{ double: 5e-324 }, { doubleValue: 5e-324 }],
    [{ double: Number.NaN }, { doubleValue: 'NaN' }],
    [{ double: Number.POSITIVE_INFINITY }, { doubleValue: 'Infinity' }],
    [{ double: Number.NEGATIVE_INFINITY }, { doubleValue: '-Infinity' }],
    [0, { intValue: '0' }],
    [-1, { intValue: '-1' }],
    [127, { intValue: '127' }],
    [128, { intValue: '128' }],
    [2 ** 31 - 1, { intValue: '2147483647' }],
    [2 ** 31, { intValue: '2147483648' }],
    [2 ** 32, { intValue: '4294967296' }],
    [-(2 ** 32), { intValue: '-4294967296' }],
    [Number.MAX_SAFE_INTEGER, { intValue: '9007199254740991' }],
    [Number.MIN_SAFE_INTEGER, { intValue: '-9007199254740991' }],
    [2 ** 62, { intValue: '4611686018427387904' }],
    [-(2 ** 63), { intValue: '-9223372036854775808' }],
    [2 ** 63, { doubleValue: 2 ** 63 }],
    [0.5, { doubleValue: 0.5 }],
  ])('%j', (value, expected) => {
    expect(arrived(value)).toEqual(expected);
  });
});

describe('texts of every length around where the encoding changes arrive whole', () => {
  const lengths = [
    0, 1, 23, 24, 25, 90, 100, 110, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 16_383, 16_384,
  ];
  test.each(lengths)('%i characters', (length) => {
    const plain = 'x'.repeat(length);
    expect(arrived(plain)).toEqual({ stringValue: plain });
    const wide = 'ü'.repeat(length);
    expect(arrived(wide)).toEqual({ stringValue: wide });
  });

  test('a megabyte, in a key, a value, a list, a name, an event and a status', () => {
    const long = '€x'.repeat(500_000);
    const attributes = { [long]: long, list: [long, ''] };
    const span = plainSpan({
      name: long,
      attributes,
      events: [{ time: epochMicros(1), name: long, attributes }],
      status: { code: 2, message: long },
    });
    const own = decodeRequest(encodeTraces([span, plainSpan()], ORIGIN));
    expect(own).toEqual(decodeRequest(sdkProtobuf([span, plainSpan()], ORIGIN)));
  });

  test('half a surrogate pair becomes the replacement character', () => {
    expect(arrived('a\ud83d')).toEqual({ stringValue: 'a\ufffd' });
    expect(arrived(`\ude00${'b'.repeat(50)}`)).toEqual({ stringValue: `\ufffd${'b'.repeat(50)}` });
  });
});

test('times are exact nanoseconds', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (micros) => {
      const request = decodeRequest(encodeTraces([plainSpan({ startTime: epochMicros(micros) })], ORIGIN));
      const startTimeUnixNano = String(BigInt(micros) * 1000n);
      expect(request).toMatchObject({
        resourceSpans: [{ scopeSpans: [{ spans: [{ startTimeUnixNano }] }] }],
      });
    }),
  );
});

test('an attribute without a value is none', () => {
  const attributes: Record<string, AttributeValue> = JSON.parse('{"a":1}');
  Object.assign(attributes, { b: undefined });
  const request = decodeRequest(encodeTraces([plainSpan({ attributes })], ORIGIN));
  expect(request).toMatchObject({
    resourceSpans: [{ scopeSpans: [{ spans: [{ attributes: [{ key: 'a', value: { intValue: '1' } }] }] }] }],
  });
});
