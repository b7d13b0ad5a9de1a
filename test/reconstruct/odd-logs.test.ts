import { describe, expect, test } from '@jest/globals';
import { type FlatEvent, replayEvents } from '../replayed.ts';
import { at, call, ids, ofKind, ROOT, SECOND, START, secondsOf, THIRD, tool, turn } from './events.ts';

// Small logs, each with one oddity that no recording has.

describe('a tool_call_id that the provider repeats', () => {
  const one = tool(1, 'call_0', 'a.md', ids());
  const other = tool(1.05, 'call_0', 'b.md', ids());
  const heardAgain = (events: readonly FlatEvent[]) =>
    events.map((event) => ({ ...event, ts: event.ts + 0.012 }));

  test.each([
    ['one after the other, at once', [...one, ...other]],
    ['recorded by two recorders', [...one, ...heardAgain(one), ...other, ...heardAgain(other)]],
    [
      'the second recorder is late',
      [...one, ...other, ...one.map((event) => ({ ...event, ts: event.ts + 0.06 }))],
    ],
  ])('%s: two calls', (_name, events) => {
    const { spans } = replayEvents(turn(0, events, 3));
    const tools = ofKind(spans, 'tool_call');
    expect(tools.map((span) => [span.status, Math.round((span.endTime - span.startTime) / 1000)])).toEqual([
      ['ok', 20],
      ['ok', 20],
    ]);
    expect(new Set(tools.map(({ spanId }) => spanId)).size).toBe(2);
  });

  test('an end that comes long after the first is reported', () => {
    const [, late] = tool(9, 'call_0', 'a.md', ids());
    const { diagnostics } = replayEvents(turn(0, [...one, ...(late === undefined ? [] : [late])], 10));
    expect(diagnostics.map(({ code, at: where }) => [code, where?.line])).toEqual([['ended-twice', 4]]);
  });
});

describe('a clock that is set back by ten minutes', () => {
  const [begin, end] = tool(1, 'call_1', 'a.md', ids());
  const after = end === undefined ? [] : [{ ...end, ts: START - 600 }];
  const before = begin === undefined ? [] : [begin];
  const events = [
    ...turn(0, [...before, ...after, ...call(-599, 1, ids())], -598),
    ...turn(-590, call(-589, 1, ids(ROOT, 'bbbbbbbb')), -588, ids(ROOT, 'bbbbbbbb')),
  ];

  test('what began before is paired with its end after', () => {
    const { spans } = replayEvents(events);
    expect(ofKind(spans, 'tool_call').map(({ status, incomplete }) => [status, incomplete])).toEqual([
      ['ok', undefined],
    ]);
    expect(ofKind(spans, 'turn').map(({ index, finalStatus }) => [index, finalStatus])).toEqual([
      [1, 'completed'],
      [2, 'completed'],
    ]);
    for (const span of spans) expect(span.endTime).toBeGreaterThanOrEqual(span.startTime);
  });

  test('is reported once, and so is every end that it put before its start', () => {
    const codes = replayEvents(events).diagnostics.map(({ code }) => code);
    expect(codes).toEqual(['out-of-order', 'end-before-start', 'end-before-start']);
  });

  test('events are put in order again from there', () => {
    const swapped = [...events];
    const [a, b] = [swapped.at(-4), swapped.at(-3)];
    if (a !== undefined && b !== undefined) swapped.splice(-4, 2, b, a);
    const spans = (log: readonly FlatEvent[]) => replayEvents(log).spans;
    expect(spans(swapped)).toEqual(spans(events));
  });

  test('one time from the far future does not end the ordering of those after it', () => {
    const log = turn(0, call(1, 1, ids()), 3);
    const stray = at(9e6, 'on_session_start', { session_id: SECOND });
    const swapped = [stray, ...log.toSpliced(1, 2, ...log.slice(1, 3).toReversed())];
    const { spans, diagnostics } = replayEvents(swapped);
    expect(ofKind(spans, 'api_call').map(secondsOf)).toEqual([[1, 1.5]]);
    expect(diagnostics.map(({ code }) => code)).toEqual(['out-of-order']);
  });
});

test('a session that compression replaced twice in one turn is a chain, and each has its own sums', () => {
  const inSession = (session: string, events: FlatEvent[]) =>
    events.map((event) => ({ ...event, session_id: session }));
  const { spans } = replayEvents(
    turn(
      0,
      [...call(1, 1, ids()), ...inSession(SECOND, call(2, 2, ids())), ...inSession(THIRD, call(3, 3, ids()))],
      4,
    ),
  );
  const sessions = ofKind(spans, 'session').toSorted((a, b) => (a.sessionId < b.sessionId ? -1 : 1));
  expect(
    sessions.map(({ sessionId, previousSessionId, tokens }) => [
      sessionId,
      previousSessionId,
      tokens.inputTokens,
    ]),
  ).toEqual([
    [ROOT, undefined, 10],
    [SECOND, ROOT, 10],
    [THIRD, SECOND, 10],
  ]);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
});

test('sessions that name each other in a circle still have a root', () => {
  const names = [ROOT, SECOND, THIRD];
  const links = names.map((name, index) =>
    at(index, 'on_session_end', { ...ids(names[(index + 1) % 3]), session_id: name }),
  );
  const { spans } = replayEvents([
    ...links,
    ...names.flatMap((name, index) => turn(10 + index, [], 20, ids(name))),
  ]);
  expect(spans.some(({ parentSpanId }) => parentSpanId === undefined)).toBe(true);
  const known = new Set(spans.map(({ spanId }) => spanId));
  for (const { parentSpanId } of spans)
    expect(parentSpanId === undefined || known.has(parentSpanId)).toBe(true);
});

test('a gateway reset ends the session that it replaces, also when nothing is known of the new one', () => {
  const { spans, lines } = replayEvents([
    ...turn(0, call(1, 1, ids()), 3),
    at(5, 'on_session_reset', { session_id: SECOND, old_session_id: ROOT, reason: 'new_session' }),
  ]);
  const [session] = ofKind(spans, 'session');
  expect([session?.endReason, session && secondsOf(session), lines.unmapped]).toEqual([
    'new_session',
    [0, 5],
    0,
  ]);
});

test('the work of a sub-agent of a sub-agent keeps the session at the top from being idle', () => {
  const start = (seconds: number, parent: string, child: string) =>
    at(seconds, 'subagent_start', {
      parent_session_id: parent,
      parent_turn_id: ids(parent).turn_id,
      child_session_id: child,
    });
  const deep = ids(THIRD);
  const { spans } = replayEvents(
    [
      ...turn(0, [], 0, ids()).slice(0, 1),
      start(1, ROOT, SECOND),
      ...turn(2, [], 0, ids(SECOND)).slice(0, 1),
      start(3, SECOND, THIRD),
      ...turn(
        4,
        [1, 2, 3, 4].flatMap((index) => call(index * 400, index, deep)),
        1700,
        deep,
      ),
      ...turn(0, [], 1720, ids(SECOND)).slice(1),
      ...turn(0, [], 1740, ids()).slice(1),
    ],
    { idleTimeoutMicros: 600e6 },
  );
  expect(ofKind(spans, 'turn').map(({ incomplete }) => incomplete)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('a sub-agent that never stops is closed when it is idle, and leaves again, whole, when it stops after all', () => {
  const child = { parent_session_id: ROOT, parent_turn_id: ids().turn_id, child_session_id: SECOND };
  const { spans } = replayEvents(
    [
      ...turn(0, [], 0, ids()).slice(0, 1),
      at(1, 'subagent_start', child),
      ...turn(2, [], 3, ids(SECOND)),
      ...turn(0, [], 5, ids()).slice(1),
      at(700, 'pre_llm_call', ids(THIRD)),
      at(900, 'subagent_stop', { ...child, duration_ms: 899_000 }),
    ],
    { idleTimeoutMicros: 600e6 },
  );
  const [idle, whole] = ofKind(spans, 'subagent');
  expect([idle?.incomplete, whole?.incomplete]).toEqual(['idle', undefined]);
  expect([idle?.spanId, idle?.startTime]).toEqual([whole?.spanId, whole?.startTime]);
});

test('before 0.16 an approval without ids goes to the one turn that runs a tool', () => {
  const old = (session: string) => ({ session_id: session, task_id: session });
  const command = { task_id: ROOT, tool_name: 'terminal', args: { command: 'rm x' } };
  const gate = { session_key: 'default', surface: 'cli', pattern_key: 'rm' };
  const { spans, lines } = replayEvents([
    at(0, 'pre_llm_call', { session_id: ROOT }),
    at(0.1, 'pre_llm_call', { session_id: SECOND }),
    at(0.2, 'pre_api_request', { ...old(ROOT), api_call_count: 1 }),
    at(0.3, 'pre_api_request', { ...old(SECOND), api_call_count: 1 }),
    at(1, 'pre_tool_call', command),
    at(1.1, 'pre_approval_request', gate),
    at(3, 'post_approval_response', { ...gate, choice: 'once' }),
    at(4, 'post_tool_call', { ...command, session_id: ROOT, tool_call_id: 'c', result: '{}' }),
  ]);
  const [gated] = ofKind(spans, 'tool_call');
  expect(
    ofKind(spans, 'approval').map(({ choice, parentSpanId, sessionId }) => [choice, parentSpanId, sessionId]),
  ).toEqual([['once', gated?.spanId, ROOT]]);
  expect(lines.unplaced).toBe(0);
});

test('a session that only a turn id names leaves too, when another hangs below it', () => {
  const { spans } = replayEvents([
    at(0, 'transform_terminal_output', { turn_id: ids().turn_id }),
    at(0, 'on_session_start', { session_id: SECOND, turn_id: ids().turn_id }),
  ]);
  const sent = new Set(spans.map(({ spanId }) => spanId));
  expect(spans.map(({ sessionId }) => sessionId)).toEqual([ROOT, SECOND]);
  expect(spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !sent.has(parentSpanId))).toEqual(
    [],
  );
});

test('a late child of a turn that left in another trace, before its session was forgotten, takes its turn along', () => {
  const { spans } = replayEvents(
    [
      at(0, 'post_approval_response', { session_id: ROOT, turn_id: SECOND }),
      at(100, 'on_session_start', { session_id: THIRD }),
      at(0, 'subagent_start', { session_id: SECOND, parent_turn_id: SECOND }),
    ],
    { maxQuietSessions: 1, idleTimeoutMicros: 500_000, reorderWindowMicros: 0 },
  );
  const sent = new Set(spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`));
  const orphans = spans.filter(
    ({ traceId, parentSpanId }) => parentSpanId !== undefined && !sent.has(`${traceId} ${parentSpanId}`),
  );
  expect(ofKind(spans, 'subagent')).toHaveLength(1);
  expect(orphans).toEqual([]);
});
