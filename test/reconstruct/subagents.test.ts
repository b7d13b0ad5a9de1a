import { describe, expect, test } from '@jest/globals';
import { type FlatEvent, replayEvents } from '../replayed.ts';
import { at, call, type Fields, ids, ofKind, ROOT, SECOND, secondsOf, THIRD, tool, turn } from './events.ts';

// Where a sub-agent hangs, what its session adds up to, and which stop is whose.
const CHILD = ids(SECOND, 'bbbbbbbb', 'sa-0-9c1b2a3d');
const link = { parent_session_id: ROOT, parent_turn_id: ids().turn_id, child_session_id: SECOND };
const start = (seconds: number, fields: Fields = {}) => at(seconds, 'subagent_start', { ...link, ...fields });
const stop = (seconds: number, fields: Fields = {}) =>
  at(seconds, 'subagent_stop', { ...link, child_status: 'completed', ...fields });
const delegate = (event: string, seconds: number, id: string) =>
  at(seconds, event, {
    ...ids(),
    tool_name: 'delegate_task',
    tool_call_id: id,
    args: { id },
    ...(event === 'post_tool_call' && { status: 'ok' }),
  });

function replay(events: readonly FlatEvent[], options: Parameters<typeof replayEvents>[1] = {}) {
  const result = replayEvents(events, options);
  const byId = new Map(result.spans.map((span) => [span.spanId, span]));
  const parentOf = (span: { parentSpanId: string | undefined } | undefined) =>
    span === undefined ? undefined : byId.get(span.parentSpanId as never);
  return { ...result, parentOf, subagents: ofKind(result.spans, 'subagent') };
}

describe('a sub-agent hangs below', () => {
  const work = turn(3, call(4, 1, CHILD), 5, CHILD);

  test('the tool that started it last, and its turns below it', () => {
    const { spans, subagents, parentOf } = replay(
      turn(
        0,
        [
          ...tool(0.5, 'x', 'x'),
          delegate('pre_tool_call', 1, 'd1'),
          delegate('pre_tool_call', 1.5, 'd2'),
          start(2),
          ...work,
          stop(6),
          delegate('post_tool_call', 7, 'd1'),
          delegate('post_tool_call', 7.1, 'd2'),
        ],
        9,
      ),
    );
    expect(parentOf(subagents[0])).toMatchObject({ kind: 'tool_call', toolCallId: 'd2' });
    const inner = ofKind(spans, 'turn').find(({ sessionId }) => sessionId === SECOND);
    expect([parentOf(inner)?.kind, inner?.inSubagent]).toEqual(['subagent', true]);
    expect(ofKind(spans, 'session').map(({ sessionId }) => sessionId)).toEqual([ROOT]);
  });

  test('its parent alone, where it failed before its first turn', () => {
    const events = [start(1), at(1.1, 'on_session_start', { session_id: SECOND }), stop(2)];
    const { spans, subagents } = replay(turn(0, events, 9));
    expect(subagents.map(secondsOf)).toEqual([[1, 2]]);
    expect(ofKind(spans, 'session').map(({ sessionId }) => sessionId)).toEqual([ROOT]);
  });

  test('its turn, where no such tool is open', () => {
    const { subagents, parentOf } = replay(turn(0, [...tool(0.5, 'x', 'x'), start(2), ...work, stop(6)], 9));
    expect(parentOf(subagents[0])).toMatchObject({ kind: 'turn', sessionId: ROOT });
  });

  test('its turn also when that has ended', () => {
    const { subagents, parentOf } = replay([...turn(0, [], 1), start(2), ...work, stop(6)]);
    expect(parentOf(subagents[0])).toMatchObject({ kind: 'turn', sessionId: ROOT });
    expect(subagents[0]?.parentTurnId).toBe(ids().turn_id);
  });

  test('the session, where its turn is not known', () => {
    const { subagents, parentOf } = replay([
      ...turn(0, [], 1),
      start(2, { parent_turn_id: 'x' }),
      stop(6, { parent_turn_id: 'x' }),
    ]);
    expect(parentOf(subagents[0])?.kind).toBe('session');
  });

  test('nothing, with one trace for each turn, where its turn is not known', () => {
    const events = [start(2, { parent_turn_id: 'x' }), stop(6, { parent_turn_id: 'x' })];
    expect(replay(events, { tracePer: 'turn' }).subagents[0]?.parentSpanId).toBeUndefined();
  });
});

describe('the sums of a sub-agent', () => {
  test('are those of its session', () => {
    const work = turn(3, [...call(4, 1, CHILD), ...tool(5, 'c', 'x', CHILD), ...call(6, 2, CHILD)], 7, CHILD);
    const { subagents } = replay(turn(0, [start(2), ...work, stop(8, { duration_ms: 5900 })], 9));
    expect(subagents).toMatchObject([
      {
        turnCount: 1,
        apiCallCount: 2,
        toolCallCount: 1,
        tokens: { inputTokens: 20, outputTokens: 2 },
        status: 'completed',
        durationMillis: 5900,
        childSessionId: SECOND,
      },
    ]);
  });

  test('are none where the log has nothing of it: a count of tokens is unknown, not 0', () => {
    const { subagents } = replay(turn(0, [start(2), stop(8)], 9));
    expect(subagents).toMatchObject([{ turnCount: 0, apiCallCount: 0, tokens: { inputTokens: undefined } }]);
  });

  test('are none where its session began before the link, which is reported', () => {
    const events = [...turn(0, call(0.5, 1, CHILD), 1, CHILD), ...turn(2, [start(3), stop(4)], 9)];
    const { subagents, diagnostics, spans } = replay(events);
    expect(diagnostics.map(({ code }) => code)).toEqual(['late-link']);
    expect(subagents).toMatchObject([{ apiCallCount: 0 }]);
    expect(
      ofKind(spans, 'session')
        .map(({ sessionId }) => sessionId)
        .toSorted(),
    ).toEqual([ROOT, SECOND]);
  });
});

describe('a start or a stop that is in the log again is no other sub-agent', () => {
  test.each<[string, FlatEvent[]]>([
    ['the start', [start(2), start(2.01), stop(6)]],
    ['the start, after the stop', [start(2), stop(6), start(7)]],
    ['the stop', [start(2), stop(6), stop(6.01)]],
    [
      'the stop of an older release',
      [stop(6, { child_session_id: null }), stop(6.2, { child_session_id: null })],
    ],
  ])('%s', (_claim, events) => {
    const { subagents, lines } = replay(turn(0, events, 9));
    expect([subagents.length, lines.merged]).toEqual([1, 1]);
  });

  test.each<[string, Fields, number]>([
    ['more than 250 ms later', {}, 6.3],
    ['of another role', { child_role: 'leaf' }, 6.1],
    ['with another result', { child_status: 'failed' }, 6.1],
    ['of another length', { duration_ms: 7 }, 6.1],
  ])('but a stop without an id %s is', (_claim, fields, seconds) => {
    const none = { child_session_id: null };
    const { subagents } = replay(turn(0, [stop(6, none), stop(seconds, { ...none, ...fields })], 9));
    expect(subagents).toHaveLength(2);
  });
});

describe('a stop without the id of a child', () => {
  const none = { child_session_id: null };

  test('is of the sub-agent of its turn, though another began nearer to it', () => {
    const other = ids(ROOT, 'cccccccc');
    const { subagents } = replay([
      at(0, 'pre_llm_call', ids()),
      start(1),
      at(2, 'pre_llm_call', other),
      start(5, { parent_turn_id: other.turn_id, child_session_id: THIRD }),
      stop(9, { ...none, duration_ms: 4000 }),
    ]);
    expect(subagents.map((span) => [span.childSessionId, span.incomplete, ...secondsOf(span)])).toEqual([
      [SECOND, undefined, 1, 9],
      [THIRD, 'end_of_input', 5, 5],
    ]);
  });

  test('is of a sub-agent of another turn where its own has none', () => {
    const { subagents } = replay([
      at(0, 'pre_llm_call', ids()),
      start(1),
      stop(9, { ...none, parent_turn_id: 'x' }),
    ]);
    expect(subagents.map((span) => [span.childSessionId, ...secondsOf(span)])).toEqual([[SECOND, 1, 9]]);
  });

  test('is of none of another session', () => {
    const { subagents } = replay([
      at(0, 'pre_llm_call', ids()),
      start(1),
      stop(9, { ...none, parent_session_id: THIRD, parent_turn_id: undefined, duration_ms: 8000 }),
    ]);
    expect(subagents.map((span) => [span.sessionId, ...secondsOf(span)])).toEqual([
      [THIRD, 1, 9],
      [ROOT, 1, 1],
    ]);
  });

  test('takes the sub-agent that began when it says, and not the first', () => {
    const { subagents } = replay(
      turn(0, [start(1), start(5, { child_session_id: THIRD }), stop(9, { ...none, duration_ms: 3000 })], 20),
    );
    expect(subagents.map((span) => [span.childSessionId, span.incomplete])).toEqual([
      [THIRD, undefined],
      [SECOND, 'end_of_input'],
    ]);
  });
});

test('a stop with the id of an unknown child is a sub-agent of its own beside one that has an id', () => {
  const { subagents } = replay(
    turn(0, [start(1), stop(9, { child_session_id: THIRD, duration_ms: 2000 })], 20),
  );
  expect(subagents.map((span) => [span.childSessionId, ...secondsOf(span)])).toEqual([
    [THIRD, 7, 9],
    [SECOND, 1, 1],
  ]);
});

test('a sub-agent without a stop ends with the last event in its session', () => {
  const { subagents } = replay(turn(0, [start(1), ...turn(2, call(3, 1, CHILD), 4, CHILD)], 20));
  expect(subagents.map((span) => [span.incomplete, ...secondsOf(span)])).toEqual([['end_of_input', 1, 4]]);
});

test('the tool of a running sub-agent is as long as what is known inside', () => {
  const { spans } = replay([
    at(0, 'pre_llm_call', ids()),
    delegate('pre_tool_call', 1, 'd'),
    start(2),
    ...turn(3, call(4, 1, CHILD), 5, CHILD),
  ]);
  expect(ofKind(spans, 'tool_call').map((span) => [span.incomplete, ...secondsOf(span)])).toEqual([
    ['end_of_input', 1, 5],
  ]);
});

test('a sub-agent goes with the turn that started it, whatever the filter says of its own', () => {
  const events = turn(0, [start(1), ...turn(2, call(3, 1, CHILD), 4, CHILD), stop(5)], 20);
  const chosen = (session: string) =>
    new Set(
      replay(events, { selectTurn: ({ sessionId }) => sessionId === session }).spans.map(({ kind }) => kind),
    );
  expect(chosen(ROOT)).toEqual(new Set(['session', 'turn', 'api_call', 'subagent']));
  expect(chosen(SECOND)).toEqual(new Set());
});

test('a session that has its place already is not linked by the task of its next turn', () => {
  const [first, next] = [ids(SECOND, 'bbbbbbbb', 'sa-0-9c1b2a3d'), ids(SECOND, 'cccccccc', 'sa-0-9c1b2a3d')];
  const { spans } = replay([
    ...turn(0, call(0.5, 1, first), 1, first),
    ...turn(
      2,
      [
        start(3, { child_session_id: null, child_subagent_id: 'sa-0-9c1b2a3d' }),
        ...turn(4, call(5, 1, next), 6, next),
      ],
      9,
    ),
  ]);
  const traces = new Set(spans.filter(({ sessionId }) => sessionId === SECOND).map(({ traceId }) => traceId));
  expect(traces.size).toBe(1);
});
