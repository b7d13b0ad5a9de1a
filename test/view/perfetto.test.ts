import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AgentSpan } from '../../src/model/span.ts';
import { perfettoJson, type TraceEvent, traceEvents } from '../../src/view/perfetto.ts';
import { apiCall, session, shuffled, subagent, toolCall, turn, usage } from '../agent-spans.ts';
import { expectGolden } from '../golden-file.ts';
import { delegating, failing, hostile, parallelReads } from './logs.ts';

const ALL = [...parallelReads(), ...failing(), ...delegating()];

type Slice = Extract<TraceEvent, { ph: 'b' | 'e' }>;

function slicesById(events: Iterable<TraceEvent>): ReadonlyMap<string, readonly Slice[]> {
  const byId = new Map<string, Slice[]>();
  for (const event of events) {
    if (event.ph !== 'b' && event.ph !== 'e') continue;
    byId.set(event.id, [...(byId.get(event.id) ?? []), event]);
  }
  return byId;
}

/** The rules a reader of asynchronous nestable events goes by. */
function expectWellFormed(spans: readonly AgentSpan[]): void {
  const events = [...traceEvents(spans)];
  const slices = slicesById(events);
  const broken: Slice[] = [];
  for (const lane of slices.values()) {
    const open: Slice[] = [];
    let now = 0;
    for (const event of lane) {
      const follows = event.ts >= now && Number.isSafeInteger(event.ts);
      const fits = event.ph === 'b' || open.pop()?.name === event.name;
      if (!follows || !fits) broken.push(event);
      now = event.ts;
      if (event.ph === 'b') open.push(event);
    }
    broken.push(...open);
  }
  expect(broken).toEqual([]);
  const begun = [...slices.values()].flat().filter(({ ph }) => ph === 'b');
  expect(begun.map(({ args }) => args && 'spanId' in args && args.spanId).toSorted()).toEqual(
    spans.map(({ spanId }) => spanId).toSorted(),
  );
}

test.each([
  ['parallel tools', parallelReads()],
  ['what never ended', failing()],
  ['sub-agents and overlapping turns', delegating()],
  ['several sessions', ALL],
  ['hostile names', hostile()],
  ['nothing', []],
] as const)('%s: each begin has its end, inside the one around it, and times never go back', (_, spans) => {
  expectWellFormed(spans);
});

test('any overlap is well-formed', () => {
  const time = fc.integer({ min: 0, max: 30 });
  const place = fc.tuple(time, time).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  const only = turn({ at: [5, 25], below: session({ at: [0, 30] }) });
  fc.assert(
    fc.property(fc.array(fc.tuple(place, fc.boolean()), { maxLength: 12 }), (places) => {
      const children = places.map(([at, isTool], index) =>
        isTool
          ? toolCall({ at, below: only, toolName: `tool${index}` })
          : subagent({ at, below: only, spanId: toolCall({ at, toolName: `s${index}` }).spanId }),
      );
      const nested = children.map((below, index) =>
        toolCall({ at: [index, index + 9], below, toolName: `n${index}` }),
      );
      expectWellFormed([only, ...children, ...nested]);
    }),
  );
});

test('a process for each session and a track for each sub-agent, all with names', () => {
  const events = [...traceEvents(ALL)];
  const named = (what: string) =>
    events
      .filter((event) => event.ph === 'M' && event.name === what)
      .map((event) => 'args' in event && event.args);
  expect(named('process_name')).toEqual(
    ALL.filter(({ kind }) => kind === 'session').map(({ sessionId }) => ({ name: `session ${sessionId}` })),
  );
  expect(named('thread_name').filter((args) => JSON.stringify(args).includes('sub-agent'))).toHaveLength(1);
  const places = new Set(events.map(({ pid, tid }) => `${pid}.${tid}`));
  const threads = events.filter(({ name }) => name === 'thread_name' || name === 'process_name');
  expect(new Set(threads.map(({ pid, tid }) => `${pid}.${tid}`))).toEqual(places);
});

test('a lane belongs to one process', () => {
  for (const [id, lane] of slicesById(traceEvents(ALL))) {
    expect(new Set(lane.map(({ pid, tid }) => `${pid}.${tid}`))).toEqual(new Set([id]));
  }
});

test('tokens add up, call by call', () => {
  const root = session({ at: [0, 1000] });
  const counters = [
    ...traceEvents([
      root,
      apiCall({ at: [300, 400], below: root, usage: usage(5, 6, 7) }),
      apiCall({ at: [0, 100], below: root, usage: usage(1, 2) }),
      apiCall({ at: [150, 200], below: root }),
    ]),
  ].flatMap((event) => (event.ph === 'C' ? [[event.ts - root.startTime, event.args]] : []));
  expect(counters).toEqual([
    [100_000, { input: 1, output: 2, cached: 0 }],
    [400_000, { input: 13, output: 8, cached: 7 }],
  ]);
});

test('the file is JSON, piece by piece, and the same for any order of spans', () => {
  const text = [...perfettoJson(ALL)].join('');
  expect(JSON.parse(text).traceEvents).toEqual(JSON.parse(JSON.stringify([...traceEvents(ALL)])));
  expect([...perfettoJson(shuffled(delegating(), 7))].join('')).toBe(
    [...perfettoJson(delegating())].join(''),
  );
  expect(JSON.parse([...perfettoJson([])].join(''))).toEqual({ traceEvents: [] });
});

test('a delegation: perfetto/delegating.json.golden', () => {
  expectGolden(
    new URL('golden/perfetto/delegating.json.golden', import.meta.url),
    [...perfettoJson(delegating())].join(''),
  );
});
