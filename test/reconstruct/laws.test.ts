import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AgentSpan } from '../../src/model/span.ts';
import { DEFAULT_OPTIONS } from '../../src/reconstruct/options.ts';
import { createOutput } from '../../src/reconstruct/output.ts';
import { createState } from '../../src/reconstruct/state.ts';
import { finish } from '../../src/reconstruct/step.ts';
import { type FlatEvent, logOf, replayEvents, replayText, sorted } from '../replayed.ts';
import { type MadeSession, sessions } from './hermes-log.ts';

// The laws of a replay, over made-up sessions that use every hook. `npm run test:laws` looks longer.
const RUNS = { numRuns: Number(process.env.LAW_RUNS ?? 100) };

const some = sessions({ min: 1, max: 3 });
const two = sessions({ min: 2, max: 2 });

/** Any order of the lines that keeps each session's own. */
function interleave(made: readonly MadeSession[], choices: readonly number[]): FlatEvent[] {
  const queues = made.map(({ events }) => [...events]);
  const all: FlatEvent[] = [];
  for (let turn = 0; queues.some((queue) => queue.length > 0); turn++) {
    const open = queues.filter((queue) => queue.length > 0);
    const next = open[(choices[turn % choices.length] ?? 0) % open.length]?.shift();
    if (next !== undefined) all.push(next);
  }
  return all;
}

const choices = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 40 });
const unordered = { reorderWindowMicros: 0 };

/** What a log that lost, doubled, delayed and shuffled events looks like. */
const damage = fc.record({
  drop: fc.array(fc.nat({ max: 200 }), { maxLength: 6 }),
  double: fc.array(fc.nat({ max: 200 }), { maxLength: 4 }),
  swap: fc.array(fc.tuple(fc.nat({ max: 200 }), fc.nat({ max: 200 })), { maxLength: 4 }),
});

function damaged(
  events: readonly FlatEvent[],
  how: { drop: number[]; double: number[]; swap: [number, number][] },
): FlatEvent[] {
  const all = [...events];
  for (const [a, b] of how.swap) {
    const [x, y] = [all[a % all.length], all[b % all.length]];
    if (x !== undefined && y !== undefined) [all[a % all.length], all[b % all.length]] = [y, x];
  }
  for (const index of how.double) {
    const one = all[index % all.length];
    if (one !== undefined) all.splice((index + 3) % all.length, 0, one);
  }
  for (const index of how.drop) if (all.length > 1) all.splice(index % all.length, 1);
  return all;
}

function expectWhole(spans: readonly AgentSpan[]): void {
  const traces = new Map(spans.map((span) => [span.spanId, span.traceId]));
  // A parent is in the output, and in the same trace.
  const isStray = ({ parentSpanId, traceId }: AgentSpan) =>
    parentSpanId !== undefined && traces.get(parentSpanId) !== traceId;
  expect(spans.filter(({ startTime, endTime }) => !(endTime >= startTime))).toEqual([]);
  expect(spans.filter(isStray)).toEqual([]);
}

function linesOf(made: readonly MadeSession[]): FlatEvent[] {
  return made.flatMap(({ events }) => [...events]).toSorted((a, b) => a.ts - b.ts);
}

test('replayed twice, the same bytes come out', () => {
  fc.assert(
    fc.property(some, (made) => {
      const log = logOf(linesOf(made));
      expect(JSON.stringify(replayText(log))).toBe(JSON.stringify(replayText(log)));
    }),
    RUNS,
  );
});

test('two interleaved sessions are the union of each alone', () => {
  fc.assert(
    fc.property(two, (made) => {
      const alone = made.flatMap(({ events }) => replayEvents(events).spans);
      expect(sorted(replayEvents(linesOf(made)).spans)).toEqual(sorted(alone));
    }),
    RUNS,
  );
});

test('lines of different sessions in another order give the same spans', () => {
  fc.assert(
    fc.property(some, choices, (made, order) => {
      const mixed = replayEvents(interleave(made, order), unordered).spans;
      expect(sorted(mixed)).toEqual(sorted(made.flatMap(({ events }) => replayEvents(events).spans)));
    }),
    RUNS,
  );
});

test('no two spans share an id', () => {
  fc.assert(
    fc.property(some, (made) => {
      const ids = replayEvents(linesOf(made)).spans.map(({ spanId }) => spanId);
      expect(new Set(ids).size).toBe(ids.length);
    }),
    RUNS,
  );
});

test('events dropped, doubled, delayed and reordered: trees stay whole, every line is accounted for', () => {
  fc.assert(
    fc.property(some, damage, fc.constantFrom('session', 'turn'), (made, how, tracePer) => {
      const events = damaged(linesOf(made), how);
      const { spans, lines } = replayEvents(events, { tracePer: tracePer === 'turn' ? 'turn' : 'session' });
      expectWhole(spans);
      expect(Object.values(lines).reduce((sum, count) => sum + count, 0)).toBe(events.length);
    }),
    RUNS,
  );
});

test('doubled events change no span', () => {
  fc.assert(
    fc.property(some, (made) => {
      const events = linesOf(made);
      const doubled = events.flatMap((event) => [event, { ...event, ts: event.ts + 0.012 }]);
      const { spans, lines } = replayEvents(doubled);
      const facts = (all: readonly AgentSpan[]) =>
        sorted(all).map(({ kind, spanId, parentSpanId }) => ({ kind, spanId, parentSpanId }));
      expect(facts(spans)).toEqual(facts(replayEvents(events).spans));
      expect(lines.merged + lines.unmapped).toBeGreaterThan(0);
    }),
    RUNS,
  );
});

test('a malformed line changes no span', () => {
  fc.assert(
    fc.property(some, fc.nat(), fc.string(), (made, where, junk) => {
      const lines = linesOf(made).map((event) => JSON.stringify(event));
      const clean = replayText(`${lines.join('\n')}\n`).spans;
      lines.splice(where % lines.length, 0, `{"ts": 1, "event": "${junk.replaceAll('\n', '')}`);
      const facts = (spans: readonly AgentSpan[]) => JSON.stringify(spans);
      expect(facts(replayText(`${lines.join('\n')}\n`).spans)).toBe(facts(clean));
    }),
    RUNS,
  );
});

test('a log cut anywhere still closes every span, and the rest completes them under the same ids', () => {
  fc.assert(
    fc.property(some, fc.nat(), (made, at) => {
      const events = linesOf(made.filter(({ events: all }) => !all.some(isLegacy)));
      if (events.length === 0) return;
      const cut = at % events.length;
      const head = replayEvents(events.slice(0, cut)).spans;
      const tail = replayEvents(events.slice(cut)).spans;
      expectWhole(head);
      expectWhole(tail);
      const ids = new Set([...head, ...tail].map(({ spanId }) => spanId));
      const whole = replayEvents(events).spans.filter((span) => !isTimeNamed(span));
      expect(whole.filter(({ spanId }) => !ids.has(spanId))).toEqual([]);
    }),
    RUNS,
  );
});

/** Dialects before 0.16 have no turn ids: what is cut in mid-turn gets ids by its first event's time. */
function isLegacy(event: FlatEvent): boolean {
  return event.event === 'pre_llm_call' && event.turn_id === undefined;
}

/** Failures that Hermes reports by nothing but their time. */
function isTimeNamed(span: AgentSpan): boolean {
  return (span.kind === 'api_call' && span.error !== undefined) || span.kind === 'approval';
}

test('finish is idempotent', () => {
  fc.assert(
    fc.property(some, (made) => {
      const once = replayEvents(linesOf(made));
      const state = createState(DEFAULT_OPTIONS);
      const out = createOutput();
      finish(state, out);
      finish(state, out);
      expect(out.spans).toEqual([]);
      expect(once.spans.length).toBeGreaterThan(0);
    }),
    { numRuns: 100 },
  );
});
