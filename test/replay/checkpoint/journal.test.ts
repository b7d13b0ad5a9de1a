import { expect, test } from '@jest/globals';
import type { OtelSpan } from '../../../src/model/otel.ts';
import { NO_COUNTS, NO_OUTCOME } from '../../../src/model/sink.ts';
import { epochMicros } from '../../../src/model/time.ts';
import { readState } from '../../../src/replay/checkpoint/journal.ts';
import { createSpanKeys, spanKeyOf } from '../../../src/replay/checkpoint/span-key.ts';
import { otelSpan } from '../../export/spans.ts';

const OTEL = [otelSpan(0), otelSpan(1), otelSpan(2)];
const [FIRST, SECOND] = [otelSpan(0), otelSpan(1)];
const line = (how: Partial<typeof NO_OUTCOME>, sent: readonly OtelSpan[] = OTEL) =>
  JSON.stringify({
    kind: 'spans',
    lines: 7,
    to: 'there',
    keys: keysOf(sent),
    how: { ...NO_OUTCOME, ...how },
  });
const keysOf = (spans: readonly OtelSpan[]) => {
  const keys = createSpanKeys();
  for (const span of spans) keys.add(span);
  return keys.toText();
};
const howOf = (text: string) =>
  OTEL.map((span) => Object.entries(readState([text]).spans.get('there')?.get(spanKeyOf(span)) ?? {})).map(
    (counts) =>
      counts
        .filter(([, count]) => count > 0)
        .map(([name]) => name)
        .join('+'),
  );

test.each([
  [{ accepted: 3 }, ['accepted', 'accepted', 'accepted']],
  [{ accepted: 2, rejected: 1 }, ['rejected', 'accepted', 'accepted']],
  [{ failed: 3 }, ['failed', 'failed', 'failed']],
  [{ failed: 3, deadLettered: 3 }, ['failed+deadLettered', 'failed+deadLettered', 'failed+deadLettered']],
])('spans are found again with how they ended: %j', (how, expected) => {
  expect(howOf(line(how))).toEqual(expected);
});

test('a line that was cut short is none, wherever it was cut', () => {
  const whole = line({ accepted: 3 });
  for (let length = 0; length < whole.length; length += 1) {
    expect(readState([whole.slice(0, length)]).spans.size).toBe(0);
  }
});

test('a sending is known by span, end and whether it is whole', () => {
  const later = { ...FIRST, endTime: epochMicros(FIRST.endTime + 1) };
  const open = { ...FIRST, attributes: { ...FIRST.attributes, 'hermes.incomplete': true } };
  const settled = readState([line({ accepted: 1 }, [FIRST])]).spans.get('there');
  expect([FIRST, later, open, SECOND].map((span) => settled?.has(spanKeyOf(span)))).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test('of a snapshot that left in parts, the last line says how much of it is through', () => {
  const points = (through: number, accepted: number) =>
    JSON.stringify({
      kind: 'points',
      lines: 3,
      to: 'there',
      time: epochMicros(5),
      through,
      how: { ...NO_OUTCOME, accepted },
    });
  expect(
    readState([points(2, 2), points(5, 3)])
      .points.get('there')
      ?.get(epochMicros(5)),
  ).toEqual({
    through: 5,
    how: { ...NO_COUNTS, accepted: 5 },
  });
});

test('silences come in order, and each once; the last line says how far the run had read', () => {
  const silence = (lines: number) => JSON.stringify({ kind: 'silence', lines });
  const { silences, upTo } = readState([silence(9), silence(4), silence(9), line({ accepted: 3 })]);
  expect({ silences, upTo }).toEqual({ silences: [4, 9], upTo: 9 });
});
