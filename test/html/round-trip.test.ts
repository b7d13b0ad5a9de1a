import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import type { Attributes, AttributeValue } from '../../src/model/otel.ts';
import type { FinishedSpan } from '../../src/model/sink.ts';
import type { SpanId, TraceId } from '../../src/model/span.ts';
import { epochMicros } from '../../src/model/time.ts';
import { decode } from '../../src/viewer/data/decode.ts';
import {
  at,
  attributesOf,
  otelKindOf,
  type Pair,
  type SpanTable,
  statusOf,
  text,
} from '../../src/viewer/data/table.ts';
import { buildTable } from '../../src/viewer/data/tree.ts';
import { toolCall } from '../agent-spans.ts';
import { anyText } from '../any-text.ts';
import { finished, generate } from './generate.ts';
import { blocksOf, pageOf } from './page-text.ts';

// Thousands of spans, on a machine that may be busy with other things.
jest.setTimeout(60_000);

/** What must come out of a page for a span that went in, as plain values. */
function reported({ otel }: FinishedSpan) {
  return {
    id: otel.spanId,
    trace: otel.traceId,
    parent: otel.parentSpanId,
    name: otel.name,
    start: otel.startTime,
    end: otel.endTime,
    kind: otel.kind,
    status: otel.status.code,
    attributes: pairs(otel.attributes),
    events: otel.events.map((event) => [event.name, event.time - otel.startTime, pairs(event.attributes)]),
    links: otel.links.map((link) => [link.traceId, link.spanId, pairs(link.attributes)]),
  };
}

function pairs(attributes: Attributes): readonly Pair[] {
  return Object.entries(attributes).map(([key, value]) => [key, shown(value)] as const);
}

/** A double is a number in the page, and what JSON cannot write is a word. */
function shown(value: AttributeValue): Pair[1] {
  const plain = typeof value === 'object' && 'double' in value ? value.double : value;
  return typeof plain === 'number' && !Number.isFinite(plain) ? String(plain) : plain;
}

function read(table: SpanTable, span: number) {
  const parent = at(table.parentId, span);
  return {
    id: text(table, at(table.id, span)),
    trace: text(table, at(table.trace, span)),
    parent: parent < 0 ? undefined : text(table, parent),
    name: text(table, at(table.name, span)),
    start: at(table.start, span),
    end: at(table.start, span) + at(table.duration, span),
    kind: otelKindOf(table, span),
    status: statusOf(table, span),
    attributes: attributesOf(table, span),
    events: (table.events.get(span) ?? []).map((event) => [event.name, event.offset, event.attributes]),
    links: (table.links.get(span) ?? []).map((link) => [link.traceId, link.spanId, link.attributes]),
  };
}

async function throughPage(spans: readonly FinishedSpan[]) {
  const table = buildTable(decode(blocksOf(await pageOf(spans))));
  return Array.from({ length: table.count }, (_, span) => read(table, span));
}

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1);

describe('what goes into a page comes out of it', () => {
  test('for sessions as they are', async () => {
    const spans = generate({ seed: 5, spans: 4500, turns: 9 });
    const lines = (all: readonly object[]) => all.map((one) => JSON.stringify(one)).toSorted();
    expect(lines(await throughPage(spans))).toEqual(lines(spans.map(reported)));
  });

  const texts = anyText({ maxLength: 12 });
  const value: fc.Arbitrary<AttributeValue> = fc.oneof(
    texts,
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.array(texts, { maxLength: 3 }),
    fc.double().map((double) => ({ double: double === 0 ? 0 : double })),
    fc.constantFrom('x'.repeat(300), '</script>', ''),
  );
  const attributes = fc.dictionary(texts, value, { maxKeys: 5 });
  const spanId = fc.integer({ min: 0, max: 30 }).map((id) => id.toString(16).padStart(16, '0') as SpanId);
  const otelOf = fc.record({
    attributes,
    name: texts,
    startTime: fc.integer({ min: 0, max: 9e15 }).map(epochMicros),
    duration: fc.nat({ max: 1e12 }),
    events: fc.array(fc.record({ name: texts, time: fc.nat().map(epochMicros), attributes }), {
      maxLength: 2,
    }),
    links: fc.array(fc.record({ traceId: fc.constant('a'.repeat(32) as TraceId), spanId, attributes }), {
      maxLength: 2,
    }),
  });

  test('for any attributes, events and links', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(spanId, { maxLength: 12 }),
        fc.infiniteStream(otelOf),
        async (ids, any) => {
          const spans = ids.map((id): FinishedSpan => {
            const [plain] = finished([toolCall({ at: [0, 1] })]);
            const { value: made } = any.next();
            if (plain === undefined) throw new Error('one span in, one span out');
            const { duration, ...fields } = made;
            const endTime = epochMicros(fields.startTime + duration);
            return { agent: plain.agent, otel: { ...plain.otel, ...fields, endTime, spanId: id } };
          });
          expect((await throughPage(spans)).sort(byId)).toEqual(spans.map(reported).sort(byId));
        },
      ),
      { numRuns: 30 },
    );
  });
});
