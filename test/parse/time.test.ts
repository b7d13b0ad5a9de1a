import { describe, expect, test } from '@jest/globals';
import type { JsonValue } from '../../src/model/json.ts';
import { atTime } from '../../src/model/line.ts';
import { epochMicros } from '../../src/model/time.ts';
import { parseTime } from '../../src/model/time-text.ts';
import { AT, parse } from './lines.ts';

const MICROS = 1_789_467_301_123_456;

test.each<[string, JsonValue, number]>([
  ['seconds with a fraction', 1789467301.123456, MICROS],
  ['whole seconds', 1789467301, 1_789_467_301_000_000],
  ['a tenth of a microsecond is rounded', 1795421857.9096448, 1_795_421_857_909_645],
  ['milliseconds', 1789467301123.456, MICROS],
  ['microseconds', MICROS, MICROS],
  ['nanoseconds', 1789467301123456000, MICROS],
  ['digits of seconds', '1789467301.123456', MICROS],
  ['digits of nanoseconds, with spaces', ' 1789467301123456789 ', MICROS + 1],
  ['UTC', '2026-09-15T10:15:01.123456Z', MICROS],
  ['UTC without a fraction', '2026-09-15T10:15:01Z', 1_789_467_301_000_000],
  ['no zone is UTC', '2026-09-15T10:15:01.123456', MICROS],
  ["Python's str()", '2026-09-15 10:15:01.123456+00:00', MICROS],
  ['east of Greenwich', '2026-09-15T15:45:01.123456+05:30', MICROS],
  ['west, past midnight', '2026-09-14T23:15:01,123456-1100', MICROS],
  ['hours of the zone only', '2026-09-15T12:15:01.123456+02', MICROS],
  ['nanoseconds are rounded', '2026-09-15T10:15:01.123456789z', MICROS + 1],
  ['minutes only', '2026-09-15T10:15Z', 1_789_467_300_000_000],
  ['the basic format', '20260915T101501Z', 1_789_467_301_000_000],
  ['a leap day', '2028-02-29T00:00:00Z', 1_835_395_200_000_000],
  ['the day after one', '2028-03-01T00:00:00Z', 1_835_481_600_000_000],
  ['the leap day of 2000', '2000-02-29T12:00:00Z', 951_825_600_000_000],
  ['no leap day in 2100', '2100-03-01T00:00:00Z', 4_107_542_400_000_000],
  ['a year after it', '2101-01-01T00:00:00Z', 4_133_980_800_000_000],
  ['the last second of a year', '2026-12-31T23:59:59Z', 1_798_761_599_000_000],
  ['the first day of a month', '2026-12-01T00:00:00Z', 1_796_083_200_000_000],
  ['west of Greenwich, half an hour', '2026-09-15T06:45:01.123456-03:30', MICROS],
  ['as many characters as count', `${' '.repeat(20)}2026-09-15T10:15:01Z`, 1_789_467_301_000_000],
  ['the last microsecond that is exact', Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ['a leap second', '2016-12-31T23:59:60Z', 1_483_228_800_000_000],
  ['the first that counts', '1990-01-01T00:00:00Z', 631_152_000_000_000],
  ['the last day that fits', '2255-06-05T00:00:00Z', 9_007_113_600_000_000],
])('a time may be written as %s', (_name, value, expected) => {
  expect(parseTime(value)).toBe(expected);
});

const NONSENSE: [string, JsonValue][] = [
  ['zero', 0],
  ['a negative number', -1789467301],
  ['the year 1970', 12345.6],
  ['1989 in ISO', '1989-12-31T23:59:59Z'],
  ['the year 2256', '2256-01-01T00:00:00Z'],
  ['more than nanoseconds of 2255', 1e19],
  ['an empty string', ''],
  ['words', 'yesterday'],
  ['a date without a time', '2026-09-15'],
  ['a day that is in no calendar', '2026-02-29T00:00:00Z'],
  ['29 February 2100', '2100-02-29T00:00:00Z'],
  ['31 April', '2026-04-31T00:00:00Z'],
  ['the day 0', '2026-04-00T00:00:00Z'],
  ['the month 0', '2026-00-01T00:00:00Z'],
  ['the second 61', '2026-01-01T10:00:61Z'],
  ['more characters than count', `${' '.repeat(21)}2026-09-15T10:15:01Z`],
  ['the month 13', '2026-13-01T00:00:00Z'],
  ['the hour 24', '2026-01-01T24:00:00Z'],
  ['the minute 60', '2026-01-01T10:60:00Z'],
  ['two times', '2026-09-15T10:15:01Z 2026-09-15T10:15:01Z'],
  ['very many digits', '1'.repeat(50)],
  ['a sign', '-5'],
  ['true', true],
  ['a list', [1789467301]],
];

test.each(NONSENSE)('%s is no time', (_name, value) => {
  expect(parseTime(value)).toBeUndefined();
});

const LINE = { event: 'on_session_start', session_id: 's' };

describe("the source of a time, which only the reader of Hermes's database writes", () => {
  test.each(['row', 'log', 'order'])('%s', (source) => {
    const line = { ...LINE, ts: MICROS, time_source: source };
    expect(parse(JSON.stringify(line))).toMatchObject({ event: { timeSource: source } });
  });

  test.each(['guess', 1, null])('%j is none', (source) => {
    const parsed = parse(JSON.stringify({ ...LINE, ts: MICROS, time_source: source }));
    expect(parsed.kind === 'event' && parsed.event).not.toHaveProperty('timeSource');
  });
});

describe("the recorder's time", () => {
  test.each(['ts', 'timestamp', 'time'])('may be called %s', (key) => {
    expect(parse(JSON.stringify({ ...LINE, [key]: MICROS }))).toMatchObject({
      kind: 'event',
      event: { time: MICROS },
    });
  });

  test('a line without it is untimed, and becomes an event once a time is decided', () => {
    const parsed = parse(JSON.stringify(LINE));
    if (parsed.kind !== 'untimed') throw new Error(parsed.kind);
    expect(parsed.diagnostics).toEqual([]);
    expect(atTime(parsed.event, epochMicros(5))).toMatchObject({
      ...AT,
      hook: 'on_session_start',
      time: 5,
      sessionId: 's',
    });
  });

  test.each(NONSENSE.filter(([, value]) => value !== ''))(
    '%s is said to be none, and the line is untimed',
    (_name, ts) => {
      expect(parse(JSON.stringify({ ...LINE, ts }))).toMatchObject({
        kind: 'untimed',
        diagnostics: [
          {
            severity: 'warning',
            code: 'bad-time',
            message: 'on_session_start: ts is not a time between 1990 and 2255: left out',
            at: AT,
          },
        ],
      });
    },
  );

  test('another one is taken when the first is nonsense', () => {
    const parsed = parse(JSON.stringify({ ...LINE, ts: 0, timestamp: MICROS }));
    expect(parsed).toMatchObject({
      kind: 'event',
      event: { time: MICROS },
      diagnostics: [{ code: 'bad-time' }],
    });
  });
});

test.each(['started_at', 'ended_at', 'first_chunk_at'])(
  'a nonsensical %s is left out, the event stays',
  (key) => {
    const parsed = parse(
      JSON.stringify({ ts: MICROS, event: 'post_api_request', session_id: 's', [key]: -5 }),
    );
    expect(parsed).toMatchObject({
      kind: 'event',
      diagnostics: [
        {
          code: 'bad-time',
          message: `post_api_request: ${key} is not a time between 1990 and 2255: left out`,
        },
      ],
    });
  },
);
