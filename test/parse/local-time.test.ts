import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../src/model/json.ts';
import type { ParsedLine } from '../../src/model/line.ts';
import { createLocalTimes, placeHeld, placeLines, zoneOffset } from '../../src/parse/local-time.ts';
import { OBSERVER } from './kwargs.ts';
import { parse } from './lines.ts';

/** A hook call at a local time; `utc` is Hermes's own time, where it sends one. */
function line(ts: string, hook: string, utc?: string): ParsedLine {
  const own = utc === undefined ? undefined : Date.parse(utc) / 1000;
  const times: JsonObject = own === undefined ? { tool_name: 't' } : { started_at: own, ended_at: own };
  return parse(JSON.stringify({ ts, event: hook, ...OBSERVER, ...times }));
}

function place(lines: readonly ParsedLine[], zone?: string, batch = lines.length) {
  const state = createLocalTimes(zone === undefined ? undefined : zoneOffset(zone));
  const placed: ParsedLine[] = [];
  for (let at = 0; at < lines.length; at += batch)
    placed.push(...placeLines(state, lines.slice(at, at + batch)));
  placed.push(...placeHeld(state));
  return placed;
}

function timesOf(placed: readonly ParsedLine[]): string[] {
  return placed.map((line) =>
    line.kind === 'event' ? new Date(line.event.time / 1000).toISOString() : line.kind,
  );
}

function codesOf(placed: readonly ParsedLine[]): string[] {
  return placed.flatMap((line) => (line.kind === 'event' ? line.diagnostics.map(({ code }) => code) : []));
}

const DAY = '2026-09-21T';
const TURN = [
  line(`${DAY}16:13:20.1`, 'on_session_start'),
  line(`${DAY}16:13:20.2`, 'pre_llm_call'),
  line(`${DAY}16:13:20.3`, 'pre_api_request', `${DAY}14:13:20.3Z`),
  line(`${DAY}16:13:21.3`, 'post_api_request', `${DAY}14:13:21.2Z`),
  line(`${DAY}16:13:21.4`, 'on_session_end'),
];
const UTC = ['20.100', '20.200', '20.300', '21.300', '21.400'].map((second) => `${DAY}14:13:${second}Z`);

test("the offset is learnt from Hermes's own times, for the lines before them too", () => {
  const placed = place(TURN);
  expect(timesOf(placed)).toEqual(UTC);
  expect(placed.flatMap((line) => (line.kind === 'event' ? line.diagnostics : []))).toEqual([
    {
      severity: 'warning',
      code: 'local-time',
      message: 'times without a zone are local time, UTC+02:00 by the times that Hermes sends',
      at: { source: 'log.ndjson', line: 7 },
    },
  ]);
});

test('what Hermes shows goes before the zone that was named', () => {
  expect(timesOf(place(TURN, 'America/New_York'))).toEqual(UTC);
});

test.each([
  ['west of Greenwich, half an hour', '09:43:20', '14:13:20', '14:13:20.000'],
  ['UTC itself', '14:13:20', '14:13:20', '14:13:20.000'],
])('%s', (_where, local, utc, expected) => {
  const placed = place([line(`${DAY}${local}`, 'pre_api_request', `${DAY}${utc}Z`)]);
  expect(timesOf(placed)).toEqual([`${DAY}${expected}Z`]);
  expect(codesOf(placed)).toEqual(local === utc ? [] : ['local-time']);
});

describe('a clock change', () => {
  test.each([
    [
      'back in autumn',
      ['02:59:58', '02:59:59', '02:00:01', '02:00:02'],
      ['00:59:58', '00:59:59', '01:00:01', '01:00:02'],
    ],
    [
      'forth in spring',
      ['01:59:58', '01:59:59', '03:00:01', '03:00:02'],
      ['00:59:58', '00:59:59', '01:00:01', '01:00:02'],
    ],
  ])('%s, in the middle of a turn', (_when, local, utc) => {
    const [first, second, third, fourth] = local.map((time) => `2026-10-25T${time}`);
    const own = utc.map((time) => `2026-10-25T${time}Z`);
    const lines = [
      line(first ?? '', 'pre_api_request', own[0]),
      line(second ?? '', 'pre_tool_call'),
      line(third ?? '', 'post_tool_call'),
      line(fourth ?? '', 'pre_api_request', own[3]),
    ];
    const placed = place(lines);
    expect(timesOf(placed)).toEqual(own.map((time) => time.replace('Z', '.000Z')));
    expect(codesOf(placed)).toEqual(['local-time', 'local-time']);
  });

  test('between two turns, hours apart', () => {
    const lines = [
      line('2026-10-24T20:00:00', 'pre_api_request', '2026-10-24T18:00:00Z'),
      line('2026-10-25T09:00:00', 'pre_llm_call'),
      line('2026-10-25T09:00:01', 'pre_api_request', '2026-10-25T08:00:01Z'),
    ];
    expect(timesOf(place(lines)).at(1)).toBe('2026-10-25T08:00:00.000Z');
  });

  test('behind a turn without a call, which keeps the offset before it', () => {
    const lines = [
      line('2026-10-24T20:00:00', 'pre_api_request', '2026-10-24T18:00:00Z'),
      line('2026-10-24T20:05:00', 'pre_llm_call'),
      line('2026-10-24T20:05:01', 'on_session_end'),
      line('2026-10-25T09:00:00', 'pre_llm_call'),
      line('2026-10-25T09:00:01', 'pre_api_request', '2026-10-25T08:00:01Z'),
    ];
    expect(timesOf(place(lines)).map((time) => time.slice(11, 19))).toEqual([
      '18:00:00',
      '18:05:00',
      '18:05:01',
      '08:00:00',
      '08:00:01',
    ]);
  });

  test('the start of a turn at the end of a batch keeps what Hermes showed, whatever --timezone is', () => {
    const lines = [
      line('2026-11-24T10:00:00', 'pre_api_request', '2026-11-24T10:00:00Z'),
      line('2026-11-24T10:05:00', 'pre_llm_call'),
    ];
    expect(timesOf(place(lines, 'Europe/Berlin')).at(1)).toBe('2026-11-24T10:05:00.000Z');
  });

  test.each(['on_session_start', 'pre_llm_call'])(
    'an hour before %s, so that local time shows no gap',
    (hook) => {
      const lines = [
        line('2026-10-25T02:30:00', 'pre_api_request', '2026-10-25T00:30:00Z'),
        line('2026-10-25T02:30:01', hook),
        line('2026-10-25T02:30:02', 'pre_api_request', '2026-10-25T01:30:02Z'),
      ];
      expect(timesOf(place(lines)).at(1)).toBe('2026-10-25T01:30:01.000Z');
    },
  );
});

describe('where Hermes sends no times', () => {
  const lines = [line(`${DAY}16:00:00`, 'pre_llm_call'), line('2026-12-21T16:00:00', 'on_session_end')];

  test('they are UTC, and that is said once', () => {
    const placed = place(lines);
    expect(timesOf(placed)).toEqual([`${DAY}16:00:00.000Z`, '2026-12-21T16:00:00.000Z']);
    expect(codesOf(placed)).toEqual(['no-zone']);
  });

  test.each([
    ['Europe/Berlin', '14:00:00.000Z', '15:00:00.000Z'],
    ['+05:30', '10:30:00.000Z', '10:30:00.000Z'],
    ['-0800', undefined, undefined],
  ])('%s is the zone that was named', (zone, summer, winter) => {
    const placed = place(lines, zone);
    expect(codesOf(placed)).toEqual([]);
    if (summer !== undefined) expect(timesOf(placed)).toEqual([`${DAY}${summer}`, `2026-12-21T${winter}`]);
    else expect(timesOf(placed)[1]).toBe('2026-12-22T00:00:00.000Z');
  });

  test('a thousand lines are no longer waited for', () => {
    const state = createLocalTimes(undefined);
    const many = Array.from({ length: 1500 }, (_, n) => line(`${DAY}16:00:00.${1000 + n}`, 'pre_verify'));
    expect(placeLines(state, many)).toHaveLength(1000);
    expect(placeHeld(state)).toHaveLength(500);
  });
});

test.each(['Mars/Olympus', '2', '+2', ''])('%j is no zone', (zone) => {
  expect(zoneOffset(zone)).toBeUndefined();
});

test.each([
  ['a clock that is wrong by 40 s', `${DAY}16:14:00`, `${DAY}14:13:20Z`],
  ['a clock that is wrong by days', `${DAY}16:14:00`, '2026-09-01T14:14:00Z'],
])('%s shows no offset', (_claim, local, utc) => {
  expect(codesOf(place([line(local, 'pre_api_request', utc)]))).toEqual(['no-zone']);
});

test('times with a zone, and numbers, pass untouched and at once', () => {
  const lines = [
    parse(JSON.stringify({ ts: `${DAY}16:00:00+02:00`, event: 'pre_llm_call', ...OBSERVER })),
    parse('oops'),
  ];
  expect(placeLines(createLocalTimes(undefined), lines)).toBe(lines);
});

test('a law: batches of any size give the same lines', () => {
  const moment = fc.record({
    minute: fc.integer({ min: 0, max: 600 }),
    hook: fc.constantFrom('pre_llm_call', 'pre_api_request', 'post_tool_call'),
    offset: fc.constantFrom(0, 60, 120),
    sends: fc.boolean(),
  });
  const at = (minute: number) => new Date(Date.UTC(2026, 8, 21) + minute * 60_000).toISOString().slice(0, -1);
  fc.assert(
    fc.property(fc.array(moment, { maxLength: 30 }), fc.integer({ min: 1, max: 30 }), (moments, batch) => {
      const lines = moments.map(({ minute, hook, offset, sends }) =>
        line(at(minute), hook, sends ? `${at(minute - offset)}Z` : undefined),
      );
      const whole = place(lines);
      expect(place(lines, undefined, batch)).toEqual(whole);
      expect(whole).toHaveLength(lines.length);
    }),
    { numRuns: 1000 },
  );
});
