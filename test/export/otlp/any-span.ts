import fc from 'fast-check';
import type { Origin } from '../../../src/model/otel.ts';
import { type Attributes, type AttributeValue, type OtelSpan, SPAN_KIND } from '../../../src/model/otel.ts';
import type { SpanId, TraceId } from '../../../src/model/span.ts';
import { type EpochMicros, epochMicros } from '../../../src/model/time.ts';
import { anyText } from '../../any-text.ts';

/** Any text: plain, long, any plane of Unicode, and half a surrogate pair. */
const text = fc.oneof(
  fc.string(),
  fc.string({ minLength: 20, maxLength: 300 }),
  anyText(),
  fc.string({
    unit: fc.constantFrom('a', '"', '\\', '\n', '\0', 'é', '\u2028', '中', '😀', '\ud83d', '\ude00'),
  }),
);

const integer = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.maxSafeInteger(),
  fc.constantFrom(
    ...[7, 14, 21, 28, 31, 32, 35, 53, 62].flatMap((bits) => [2 ** bits - 1, 2 ** bits, -(2 ** bits)]),
  ),
  fc.constantFrom(-(2 ** 63), 2 ** 63, 1e21, -1e300, 0.5, Number.NaN),
);

/** Of the SDK, a whole double becomes an integer: those have a test of their own. */
const double = fc
  .double()
  .filter((value) => !Number.isInteger(value))
  .map((value) => ({ double: value }));

const value: fc.Arbitrary<AttributeValue> = fc.oneof(text, integer, fc.boolean(), double, fc.array(text));

const attributes: fc.Arbitrary<Attributes> = fc.dictionary(
  fc.oneof(fc.constantFrom('gen_ai.request.model', 'hermes.tool.name', 'hermes.turn.duration_s'), text),
  value,
  { noNullPrototype: true, maxKeys: 6 },
);

const time: fc.Arbitrary<EpochMicros> = fc
  .oneof(fc.maxSafeNat(), fc.integer({ min: 0, max: 2e9 }), fc.constant(1_789_467_301_123_456))
  .map(epochMicros);

function hex<Id extends string>(digits: number): fc.Arbitrary<Id> {
  return fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits })
    .map((id) => id as Id);
}

export const anySpan: fc.Arbitrary<OtelSpan> = fc.record({
  traceId: hex<TraceId>(32),
  spanId: hex<SpanId>(16),
  parentSpanId: fc.option(hex<SpanId>(16), { nil: undefined }),
  name: text,
  kind: fc.constantFrom(...Object.values(SPAN_KIND)),
  startTime: time,
  endTime: time,
  attributes,
  status: fc.record({ code: fc.constantFrom(0, 1, 2), message: fc.option(text, { nil: undefined }) }),
  events: fc.array(fc.record({ time, name: text, attributes }), { maxLength: 2 }),
  links: fc.array(fc.record({ traceId: hex<TraceId>(32), spanId: hex<SpanId>(16), attributes }), {
    maxLength: 3,
  }),
});

/** The SDK's resource loses attributes that are called like a method of every object. */
const resourceAttributes = attributes.filter(
  (given) => !Object.keys(given).some((key) => key in Object.prototype),
);

export const anyOrigin: fc.Arbitrary<Origin> = fc.record({
  resource: fc.record({ attributes: resourceAttributes }),
  scope: fc.record({ name: text, version: text }),
});

/** A span about which a test cares in one respect only. */
export function plainSpan(fields: Partial<OtelSpan> = {}): OtelSpan {
  return {
    traceId: '0af7651916cd43dd8448eb211c80319c' as TraceId,
    spanId: 'b7ad6b7169203331' as SpanId,
    parentSpanId: undefined,
    name: 'hermes.turn',
    kind: SPAN_KIND.internal,
    startTime: epochMicros(1_789_467_301_123_456),
    endTime: epochMicros(1_789_467_303_123_456),
    attributes: {},
    status: { code: 0, message: undefined },
    events: [],
    links: [],
    ...fields,
  };
}

export const ORIGIN: Origin = {
  resource: { attributes: { 'service.name': 'hermes-agent' } },
  scope: { name: 'hermes-otel', version: '0.1.0' },
};
