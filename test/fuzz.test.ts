import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { convention } from '../src/conventions/convention.ts';
import { CONVENTION_NAMES } from '../src/conventions/names.ts';
import type { AgentSpan } from '../src/model/span.ts';
import { parseLine } from '../src/parse/parse-line.ts';
import { DEFAULT_OPTIONS } from '../src/reconstruct/options.ts';
import { createState } from '../src/reconstruct/state.ts';
import { finish, ingest } from '../src/replay/ingest.ts';
import { assertAccounted, createReport } from '../src/replay/report.ts';
import { anyText } from './any-text.ts';

// Whatever stands in a file: parse, reconstruct, conventions and the account of lines, as a replay runs them.
// `npm run test:fuzz` looks longer.
const RUNS = { numRuns: Number(process.env.FUZZ_RUNS ?? 150) };

const LINES = ['0.14.0', '0.16.0', '0.19.0'].flatMap((version) =>
  ['flat', 'shell'].flatMap((envelope) =>
    readFileSync(new URL(`parse/genuine/${version}.${envelope}.ndjson`, import.meta.url), 'utf8')
      .split('\n')
      .filter(Boolean),
  ),
);
/** A log always has one good line: one without any time is refused as a whole. */
const GOOD = LINES[0] ?? '';

const genuine = fc.constantFrom(...LINES);
const bytes = fc.uint8Array({ maxLength: 300 }).map((data) => new TextDecoder().decode(data));
/** A piece taken out, doubled or replaced by noise. */
const torn = fc
  .tuple(genuine, fc.nat(), fc.nat({ max: 30 }), anyText({ maxLength: 12 }))
  .map(([line, at, length, noise]) => {
    const start = at % line.length;
    return line.slice(0, start) + noise + line.slice(start + length);
  });

const NAMES = [
  's',
  't',
  'u',
  '20260915_101500_a1b2c3',
  '20260915_101500_a1b2c3:t:5f0e9d11',
  's:t:5f0e9d11',
  '',
  '\0',
];
const name = fc.constantFrom(...NAMES);
const HOOKS = [
  ...new Set(LINES.map((line) => JSON.parse(line)).map((body) => body.event ?? body.hook_event_name)),
];
/** A hook call in which few names and times stand for everything, so that calls meet, cross and go in circles. */
const tangled = fc
  .record(
    {
      event: fc.constantFrom(
        ...HOOKS,
        'subagent_start',
        'subagent_stop',
        'pre_approval_request',
        'post_approval_response',
        'api_request_error',
        'on_session_reset',
        'pre_auxiliary_call',
        'post_auxiliary_call',
        'on_stream_delta',
        'pre_verify',
      ),
      ts: fc.constantFrom(
        1_789_467_300,
        1_789_467_300.1,
        1_789_467_301,
        1_789_460_000,
        9_000_000_000,
        '2026-09-15T10:15:00Z',
      ),
      session_id: name,
      task_id: name,
      turn_id: name,
      tool_call_id: name,
      tool_name: fc.constantFrom('terminal', 'execute_code', 'delegate_task', '__proto__'),
      api_request_id: name,
      api_call_count: fc.oneof(fc.nat({ max: 3 }), fc.jsonValue()),
      retry_count: fc.nat({ max: 2 }),
      parent_session_id: name,
      parent_turn_id: name,
      child_session_id: name,
      old_session_id: name,
      session_key: name,
      surface: name,
      started_at: fc.constantFrom(1_789_467_300, 0, 1e300),
      ended_at: fc.constantFrom(1_789_467_299, 1_789_467_300.5),
      usage: fc.oneof(fc.constant({ input_tokens: 3, output_tokens: 1 }), fc.jsonValue()),
      args: fc.jsonValue(),
      user_message: fc.jsonValue(),
    },
    { requiredKeys: ['event', 'ts'] },
  )
  .map((body) => JSON.stringify(body));

/** The same as another logger writes them: an envelope, a log driver, local time, a gateway's event. */
const foreign = fc.tuple(fc.oneof(genuine, tangled), fc.nat({ max: 4 })).map(([line, form]) => {
  const { ts, event, ...data } = JSON.parse(line);
  const texts = [
    JSON.stringify({ ts, event, data }),
    JSON.stringify({ timestamp: ts, payload: { event, ...data } }),
    JSON.stringify({ log: line, time: '2026-09-15T10:15:00Z' }),
    JSON.stringify({ event, ...data, ts: '2026-09-15T12:15:00' }),
    JSON.stringify({ ts, event: 'agent:start', message: data.user_message, ...data }),
  ];
  return texts[form] ?? line;
});

const settings = fc.record({
  tracePer: fc.constantFrom('session' as const, 'turn' as const),
  sessionSpans: fc.constantFrom('at_finish' as const, 'at_end' as const),
  idleTimeoutMicros: fc.constantFrom(undefined, 500_000),
  reorderWindowMicros: fc.constantFrom(0, 5_000_000),
  reorderMaxEvents: fc.constantFrom(2, 1000),
  maxQuietSessions: fc.constantFrom(1, 4096),
  maxOpenTurns: fc.constantFrom(1, 100_000),
  content: fc.boolean(),
});

const names = convention(CONVENTION_NAMES, { captureContent: true });

function replay(texts: readonly string[], options: Partial<typeof DEFAULT_OPTIONS>): AgentSpan[] {
  const report = createReport(1);
  const reading = {
    report,
    state: createState({ ...DEFAULT_OPTIONS, ...options }),
  };
  const lines = texts.map((text, index) =>
    parseLine(
      { text, source: 'log', line: index + 1, endOffsetBytes: 0, damage: undefined },
      { content: true },
    ),
  );
  const spans = [...ingest(reading, lines).spans, ...finish(reading).spans];
  assertAccounted(report);
  expect(report.lines).toBe(texts.length);
  return spans;
}

test.each([
  ['bytes', bytes],
  ['JSON', fc.json()],
  ['genuine lines, torn', fc.oneof(genuine, torn)],
  ['hook calls of few names, tangled', tangled],
  ['lines of other loggers', foreign],
  ['all of it', fc.oneof(bytes, genuine, torn, tangled, foreign)],
])('%s: no throw, no orphan, no end before its start, every line accounted for', (_name, line) => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), settings, (texts, options) => {
      const spans = replay([...texts, GOOD], options);
      const known = new Set(spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`));
      const isOrphan = ({ traceId, parentSpanId }: AgentSpan) =>
        parentSpanId !== undefined && !known.has(`${traceId} ${parentSpanId}`);
      expect(spans.filter(({ startTime, endTime }) => !(endTime >= startTime))).toEqual([]);
      expect(spans.filter(isOrphan)).toEqual([]);
      const values = spans.flatMap((span) => Object.values<unknown>(names.toSpan(span).attributes));
      expect(values.filter((value) => value === undefined || value === null)).toEqual([]);
    }),
    RUNS,
  );
});
