import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AgentSpan } from '../../src/model/span.ts';
import { type FlatEvent, logOf, replayEvents, replayText, sorted } from '../replayed.ts';
import { at, call, ids, ROOT, tool } from './events.ts';
import { type MadeSession, sessions } from './hermes-log.ts';

// Laws about ids, repeated events and reviews, over the genuine recordings and gateway logs, and over made-up sessions.
const RUNS = { numRuns: Number(process.env.LAW_RUNS ?? 100) };

const FIXTURES = new URL('../../fixtures/', import.meta.url);
const LOGS = ['recordings', 'gateway'].flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, FIXTURES), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ndjson(\.gz)?$/.test(name))
    .map((name) => `${folder}/${name}`),
);

const textOf = (file: Buffer, name: string) => (name.endsWith('.gz') ? gunzipSync(file) : file).toString();
const eventsOf = (name: string): FlatEvent[] =>
  textOf(readFileSync(new URL(name, FIXTURES)), name)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

function expectUniqueIds(spans: readonly AgentSpan[]): void {
  const seen = spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`);
  expect(seen.filter((id, index) => seen.indexOf(id) !== index)).toEqual([]);
}

/** Some of the lines, in an order that a few swaps changed, with times of a coarse clock. */
const damage = fc.record({
  perSecond: fc.constantFrom(1, 10, 1000),
  from: fc.nat({ max: 30 }),
  to: fc.integer({ min: 1, max: 200 }),
  swaps: fc.array(fc.nat({ max: 199 }), { maxLength: 6 }),
});

test('no two spans share an id, also when a clock is coarse and a log is cut and reordered', () => {
  fc.assert(
    fc.property(fc.constantFrom(...LOGS), damage, (name, { perSecond, from, to, swaps }) => {
      const events = eventsOf(name)
        .map((event) => ({ ...event, ts: Math.floor(event.ts * perSecond) / perSecond }))
        .slice(from, from + to);
      for (const swap of swaps) {
        const [a, b] = events.splice(swap % Math.max(1, events.length), 2);
        if (a !== undefined) events.push(...(b === undefined ? [a] : [b, a]));
      }
      expectUniqueIds(replayText(logOf(events)).spans);
    }),
    RUNS,
  );
});

test.each([1, 1000])('every recording with %d ticks a second keeps its spans', (perSecond) => {
  for (const name of LOGS) {
    const events = eventsOf(name);
    const coarse = events.map((event) => ({ ...event, ts: Math.floor(event.ts * perSecond) / perSecond }));
    const [fine, rounded] = [replayText(logOf(events)), replayText(logOf(coarse))];
    expectUniqueIds(rounded.spans);
    const kinds = (spans: readonly AgentSpan[]) => spans.map(({ kind }) => kind).toSorted();
    expect([name, kinds(rounded.spans)]).toEqual([name, kinds(fine.spans)]);
  }
});

test('every log that two recorders wrote, one hook after the other, has the spans of one', () => {
  const facts = (spans: readonly AgentSpan[]) =>
    sorted(spans).map(({ kind, spanId, parentSpanId }) => `${kind} ${spanId} ${parentSpanId}`);
  for (const name of LOGS) {
    const events = eventsOf(name);
    const twice = events.flatMap((event, index) => {
      const gap = (events[index + 1]?.ts ?? event.ts + 1) - event.ts;
      return [event, { ...event, ts: event.ts + Math.max(0, Math.min(0.012, gap / 2)) }];
    });
    const [one, two] = [events, twice].map((log) => replayText(logOf(log)));
    expect([name, facts(two?.spans ?? [])]).toEqual([name, facts(one?.spans ?? [])]);
  }
});

test('calls without ids that start at one time have the same ids in any order of their lines', () => {
  const old = (path: string) => ({ tool_name: 'read_file', args: { path }, task_id: ROOT });
  const paths = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 5 });
  fc.assert(
    fc.property(paths, (some) => {
      const pres = some.map((path) => at(1, 'pre_tool_call', old(path)));
      const log = (calls: readonly FlatEvent[]) => [
        at(0, 'pre_llm_call', { session_id: ROOT }),
        ...calls,
        at(9, 'on_session_end', { session_id: ROOT }),
      ];
      const found = (calls: readonly FlatEvent[]) =>
        sorted(replayEvents(log(calls)).spans).map(({ spanId }) => spanId);
      expect(found(pres.toReversed())).toEqual(found(pres));
      expect(new Set(found(pres)).size).toBe(some.length + 2);
    }),
    RUNS,
  );
});

/** Events that look like one of these within 250 ms, but differ in one field, are events of their own. */
const TURN = ids();
const NEAR: readonly [string, FlatEvent, object][] = [
  [
    'an attempt',
    at(1, 'pre_api_request', { ...TURN, api_call_count: 1, api_request_id: 'r', retry_count: 0 }),
    { retry_count: 1 },
  ],
  [
    'an attempt',
    at(1, 'pre_api_request', { ...TURN, api_call_count: 1, api_request_id: 'r', provider: 'a' }),
    { provider: 'b' },
  ],
  [
    'an error',
    at(1, 'api_request_error', { ...TURN, api_call_count: 1, api_request_id: 'r', retry_count: 0 }),
    { retry_count: 1 },
  ],
  [
    'an error',
    at(1, 'api_request_error', { ...TURN, api_call_count: 1, api_request_id: 'r', status_code: 401 }),
    { status_code: 429 },
  ],
  [
    'an answer',
    at(1, 'post_api_request', {
      ...TURN,
      api_call_count: 1,
      api_request_id: 'r',
      usage: { total_tokens: 5 },
    }),
    { usage: { total_tokens: 6 } },
  ],
  [
    'a tool call',
    at(1, 'pre_tool_call', { ...TURN, tool_name: 't', args: { a: 1 }, tool_call_id: 'c' }),
    { args: { a: 2 } },
  ],
  [
    'a call without an id',
    at(1, 'pre_tool_call', { tool_name: 't', args: { a: 1 }, task_id: ROOT }),
    { args: { a: 2 } },
  ],
  ['an approval', at(1, 'pre_approval_request', { ...TURN, surface: 'cli', command: 'a' }), { command: 'b' }],
  [
    'an approval',
    at(1, 'pre_approval_request', { ...TURN, surface: 'cli', pattern_key: 'a' }),
    { pattern_key: 'b' },
  ],
  [
    'an answer to an approval',
    at(1, 'post_approval_response', { ...TURN, surface: 'cli', command: 'a', choice: 'deny' }),
    { command: 'b' },
  ],
  ['a stop', at(1, 'subagent_stop', { parent_session_id: ROOT, duration_ms: 100 }), { duration_ms: 200 }],
  [
    'a stop',
    at(1, 'subagent_stop', { parent_session_id: ROOT, child_role: 'leaf' }),
    { child_role: 'orchestrator' },
  ],
  ['a moment', at(1, 'pre_verify', { session_id: ROOT, attempt: 1 }), { attempt: 2 }],
];

test.each(NEAR)(
  '%s: equal in all but the time was recorded twice, and any other field is another event',
  (_name, event, change) => {
    const delays = fc.integer({ min: 0, max: 240 });
    fc.assert(
      fc.property(delays, fc.boolean(), (millis, differs) => {
        const again = { ...event, ...(differs ? change : {}), ts: event.ts + millis / 1000 };
        const start = [at(0, 'pre_llm_call', TURN), ...tool(0.5, 'other', 'x')];
        const once = replayEvents([...start, event]);
        const twice = replayEvents([...start, event, again]);
        expect(twice.lines.merged).toBe(differs ? 0 : 1);
        expect(twice.lines.mapped).toBe(once.lines.mapped + (differs ? 1 : 0));
        expectUniqueIds(twice.spans);
      }),
      { numRuns: 50 },
    );
  },
);

const one = sessions({ min: 1, max: 1 });
const review = fc.record({
  after: fc.nat({ max: 60 }),
  every: fc.integer({ min: 1, max: 5 }),
  hooks: fc.constantFrom<'all' | 'inside'>('all', 'inside'),
});

/** The lines of a session with those of a review between them. */
function withReview(
  made: MadeSession,
  how: { after: number; every: number; hooks: 'all' | 'inside' },
): FlatEvent[] {
  const fork = ids(made.id, 'eeeeeeee', '0f8fad5b-d9cb-469f-a165-708677289500');
  const inside = [...call(1, 1, fork), ...tool(2, 'mm', 'x', fork)];
  const all = [
    at(0, 'pre_llm_call', { ...fork, user_message: 'Review the conversation above and update' }),
    ...inside,
    at(3, 'post_llm_call', fork),
    at(3, 'on_session_end', { ...fork, completed: true, interrupted: false }),
  ];
  const queue = how.hooks === 'all' ? all : inside;
  const log: FlatEvent[] = [];
  for (const [index, event] of made.events.entries()) {
    log.push(event);
    const next = index >= Math.max(1, how.after) && index % how.every === 0 ? queue.shift() : undefined;
    if (next !== undefined) log.push({ ...next, ts: event.ts + 0.0001 });
  }
  return log;
}

test('a review changes no span of the user', () => {
  fc.assert(
    fc.property(one, review, ([made], how) => {
      if (made === undefined || made.events.some(isReviewOrLegacy)) return;
      const users = (spans: readonly AgentSpan[]) =>
        sorted(spans.filter((span) => !('background' in span && span.background))).map((span) =>
          span.kind === 'session' ? { ...span, endTime: undefined } : span,
        );
      expect(users(replayEvents(withReview(made, how)).spans)).toEqual(
        users(replayEvents(made.events).spans),
      );
    }),
    RUNS,
  );
});

/** A made-up session may hold a review already; dialects without turn ids share nothing that would distinguish calls. */
function isReviewOrLegacy(event: FlatEvent): boolean {
  if (event.event !== 'pre_llm_call') return false;
  return event.turn_id === undefined || String(event.user_message).startsWith('Review');
}
