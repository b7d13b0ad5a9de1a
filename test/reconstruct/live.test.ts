import { describe, expect, test } from '@jest/globals';
import type { Mark } from '../../src/model/event.ts';
import type { AgentSpan } from '../../src/model/span.ts';
import { epochMicros } from '../../src/model/time.ts';
import { parseLine } from '../../src/parse/parse-line.ts';
import { DEFAULT_OPTIONS, type ReconstructOptions } from '../../src/reconstruct/options.ts';
import { createOutput } from '../../src/reconstruct/output.ts';
import { noteTask } from '../../src/reconstruct/resolve-session.ts';
import { openSession } from '../../src/reconstruct/sessions.ts';
import { createState } from '../../src/reconstruct/state.ts';
import { finish, openSpans, quietSessionSpans, settle, step } from '../../src/reconstruct/step.ts';
import { type FlatEvent, replayEvents } from '../replayed.ts';
import { at, call, ids, ofKind, ROOT, SECOND, secondsOf, THIRD, tool, turn } from './events.ts';

// A log that goes on: what is open is shown, and the state stays within its bounds.

/** A log that has been read so far. */
function follow(events: readonly FlatEvent[], options: Partial<ReconstructOptions> = {}) {
  const state = createState({
    ...DEFAULT_OPTIONS,
    sessionSpans: 'at_end',
    reorderWindowMicros: 0,
    ...options,
  });
  const out = createOutput();
  const read = (more: readonly FlatEvent[]) => {
    for (const event of more) {
      const line = { source: 'log', line: 1, endOffsetBytes: 0, damage: undefined };
      const parsed = parseLine({ ...line, text: JSON.stringify(event) }, { content: false });
      if (parsed.kind === 'event') step(state, parsed.event, out);
    }
  };
  read(events);
  return { state, out, read };
}

const shown = (spans: readonly AgentSpan[]) =>
  spans.map((span) => [span.kind, span.sessionId, span.incomplete, secondsOf(span)[1]]);
const begin = (seconds: number, session: string) => at(seconds, 'pre_llm_call', ids(session));
const end = (seconds: number, session: string) =>
  at(seconds, 'on_session_end', { ...ids(session), completed: true, interrupted: false });
const WORK = ids(SECOND, 'bbbbbbbb', 'sa-0-9c1b2a3d');
const child = { parent_session_id: ROOT, parent_turn_id: ids().turn_id, child_session_id: SECOND };
const running = [
  begin(0, ROOT),
  ...call(1, 1),
  at(2, 'subagent_start', child),
  at(3, 'pre_llm_call', WORK),
  ...call(4, 1, WORK),
];

describe('what is open', () => {
  test('is shown as it would be if the log ended here', () => {
    const { state } = follow(running);
    expect(shown(openSpans(state))).toEqual([
      ['turn', ROOT, 'end_of_input', 4.5],
      ['session', ROOT, 'end_of_input', 4.5],
      ['turn', SECOND, 'end_of_input', 4.5],
      ['subagent', ROOT, 'end_of_input', 4.5],
    ]);
  });

  test('changes no state, and leaves later, whole, under the same ids', () => {
    const { state, out, read } = follow(running);
    const open = openSpans(state);
    expect(openSpans(state)).toEqual(open);
    read([
      at(5, 'on_session_end', { ...WORK, completed: true }),
      at(6, 'subagent_stop', child),
      end(7, ROOT),
      at(8, 'on_session_finalize', { session_id: ROOT }),
    ]);
    const left = new Map(out.spans.map((span) => [span.spanId, span]));
    expect(open.map(({ spanId, parentSpanId }) => [spanId, parentSpanId])).toEqual(
      open.map(({ spanId }) => [spanId, left.get(spanId)?.parentSpanId]),
    );
    expect(open.map(({ spanId }) => left.get(spanId)?.incomplete)).toEqual(Array(4).fill(undefined));
    expect(openSpans(state)).toEqual([]);
  });

  test('is nothing that was sent: a turn that waits for a late child is not shown again', () => {
    const [pre = begin(1, ROOT)] = tool(1, 'c1', 'a');
    const { state, out } = follow([begin(0, ROOT), pre, end(2, ROOT)]);
    expect(ofKind(out.spans, 'turn')).toHaveLength(1);
    expect(shown(openSpans(state))).toEqual([['session', ROOT, 'end_of_input', 2]]);
  });

  test('is whole when its answer is there, and waits only for what may follow', () => {
    const { state } = follow([begin(0, ROOT), at(2, 'post_llm_call', ids())]);
    expect(shown(openSpans(state)).slice(0, 1)).toEqual([['turn', ROOT, undefined, 2]]);
  });

  test('is no session that may still get another above it', () => {
    expect(openSpans(follow([at(0, 'on_session_start', { session_id: ROOT })]).state)).toEqual([]);
  });

  test('is no session with one trace for each turn', () => {
    const { state } = follow(running, { tracePer: 'turn' });
    expect(openSpans(state).map(({ kind }) => kind)).toEqual(['turn', 'turn', 'subagent']);
  });

  test('is nothing that the filter left out', () => {
    const { state } = follow([...running, begin(5, THIRD)], {
      selectTurn: ({ sessionId }) => sessionId === THIRD,
    });
    expect(openSpans(state).map(({ kind, sessionId }) => [kind, sessionId])).toEqual([
      ['turn', THIRD],
      ['session', THIRD],
    ]);
  });
});

describe('sessions in which nothing is open', () => {
  test('are whole so far, and not shown once they were sent', () => {
    const { state, read } = follow([begin(0, ROOT), end(2, ROOT), begin(3, SECOND)]);
    expect(shown(quietSessionSpans(state))).toEqual([['session', ROOT, undefined, 2]]);
    read([at(4, 'on_session_finalize', { session_id: ROOT })]);
    expect(quietSessionSpans(state)).toEqual([]);
  });

  test('are not those of a sub-agent, nor one that waits for its sub-agent', () => {
    const { state, read } = follow([...running, end(5, ROOT)]);
    expect(quietSessionSpans(state)).toEqual([]);
    read([at(5.5, 'on_session_end', WORK), at(6, 'subagent_stop', child)]);
    expect(shown(quietSessionSpans(state))).toEqual([['session', ROOT, undefined, 6]]);
  });
});

describe('the bounds of the state', () => {
  test('quiet sessions beyond them are sent and forgotten, the longest quiet first', () => {
    const { state, out } = follow(
      [ROOT, SECOND, THIRD].flatMap((session, index) => [begin(index, session), end(index + 0.5, session)]),
      { maxQuietSessions: 2, sessionSpans: 'at_finish' },
    );
    expect([...state.sessions.keys()]).toEqual([SECOND, THIRD]);
    expect(shown(ofKind(out.spans, 'session'))).toEqual([['session', ROOT, undefined, 0.5]]);
    expect([...state.taskSessions.keys()]).toEqual([SECOND, THIRD]);
  });

  test('a session that has a turn again is not quiet', () => {
    const again = at(2, 'pre_llm_call', ids(ROOT, 'bbbbbbbb'));
    const { state } = follow(
      [begin(0, ROOT), end(1, ROOT), again, begin(3, SECOND), end(4, SECOND), begin(5, THIRD)],
      { maxQuietSessions: 1 },
    );
    expect([...state.sessions.keys()]).toEqual([ROOT, SECOND, THIRD]);
  });

  test('open turns beyond them are closed as incomplete, the oldest first', () => {
    const { out } = follow([begin(0, ROOT), ...call(1, 1), begin(2, SECOND), begin(3, THIRD)], {
      maxOpenTurns: 2,
    });
    expect(shown(ofKind(out.spans, 'turn'))).toEqual([['turn', ROOT, 'evicted', 1.5]]);
  });

  test('running sub-agents beyond them are closed as incomplete, the oldest first', () => {
    const start = (seconds: number, session: string) =>
      at(seconds, 'subagent_start', { ...child, child_session_id: session });
    const { out } = follow([begin(0, ROOT), start(1, SECOND), start(2, THIRD), start(3, 'x')], {
      maxOpenTurns: 2,
    });
    expect(ofKind(out.spans, 'subagent').map((span) => [span.childSessionId, span.incomplete])).toEqual([
      [SECOND, 'evicted'],
    ]);
  });

  test('tasks beyond 100,000 are forgotten, the oldest first', () => {
    const { state } = follow([begin(0, ROOT)]);
    const session = openSession(state, ROOT, epochMicros(0));
    const event: Mark = {
      hook: 'mark',
      name: 'pre_verify',
      fields: {},
      source: 'log',
      line: 1,
      time: epochMicros(0),
      sessionId: ROOT,
      taskId: undefined,
      turnId: undefined,
      model: undefined,
      platform: undefined,
      profile: undefined,
    };
    for (let n = 0; n < 100_001; n++) noteTask(state, session, { ...event, taskId: `task ${n}` });
    const tasks = [...state.taskSessions.keys()];
    expect([tasks.length, tasks[0], tasks.at(-1)]).toEqual([100_000, 'task 1', 'task 100000']);
  });

  test('events beyond the window in count are applied, the earliest first', () => {
    const options = { reorderWindowMicros: 60e6, reorderMaxEvents: 2 };
    const { state, out } = follow([begin(2, ROOT), begin(1, SECOND), begin(3, THIRD)], options);
    expect([...state.sessions.keys()]).toEqual([SECOND]);
    settle(state, out);
    expect([...state.sessions.keys()]).toEqual([SECOND, ROOT, THIRD]);
  });

  test('an event that comes after its time was applied is applied, too, and none twice', () => {
    const options = { reorderWindowMicros: 60e6, reorderMaxEvents: 2 };
    const { state, out, read } = follow([begin(2, ROOT), begin(1, SECOND), begin(3, THIRD)], options);
    read([begin(0.5, 'late')]);
    settle(state, out);
    expect([...state.sessions.keys()]).toEqual([SECOND, 'late', ROOT, THIRD]);
    expect(out.lines).toMatchObject({ mapped: 4, merged: 0 });
  });

  test('an event waits as long as a line may still precede it, and no longer', () => {
    const { state, read } = follow([begin(0, ROOT)], { reorderWindowMicros: 5e6 });
    read([begin(4.9, SECOND)]);
    expect([...state.sessions.keys()]).toEqual([]);
    read([begin(5, THIRD)]);
    expect([...state.sessions.keys()]).toEqual([ROOT]);
  });
});

describe('silence', () => {
  const idle = { idleTimeoutMicros: 100e6 };
  const silent = (micros: number) => [begin(0, ROOT), ...call(1, 1), begin(1.5 + micros / 1e6, SECOND)];

  test('longer than the timeout closes turns and sessions, whatever session the log goes on with', () => {
    const { out, state } = follow(silent(101e6), idle);
    expect(shown(out.spans.filter(({ kind }) => kind !== 'api_call'))).toEqual([
      ['turn', ROOT, 'idle', 1.5],
      ['session', ROOT, 'idle', 1.5],
    ]);
    expect(state.openTurns.size).toBe(1);
  });

  test.each([101, 250, 350, 1000])('of %d s with a timeout of 100 s is noticed', (seconds) => {
    expect(ofKind(follow(silent(seconds * 1e6), idle).out.spans, 'turn')).toHaveLength(1);
  });

  test('of a session without an open turn lets it leave, whole', () => {
    const { out, read } = follow([begin(0, ROOT), end(1, ROOT), begin(101, SECOND)], idle);
    expect(ofKind(out.spans, 'session')).toEqual([]);
    read([begin(130, THIRD)]);
    expect(shown(ofKind(out.spans, 'session'))).toEqual([['session', ROOT, undefined, 1]]);
    read([begin(300, SECOND)]);
    expect(ofKind(out.spans, 'session').filter(({ sessionId }) => sessionId === ROOT)).toHaveLength(1);
  });

  test('as long as the timeout closes nothing', () => {
    expect(follow(silent(100e6), idle).out.spans.map(({ kind }) => kind)).toEqual(['api_call']);
  });

  test('does not make a finalized session incomplete', () => {
    const finalized = [begin(0, ROOT), ...call(1, 1), at(2, 'on_session_finalize', { session_id: ROOT })];
    const { out } = follow([...finalized, begin(200, SECOND)], idle);
    expect(shown(out.spans.filter(({ kind }) => kind !== 'api_call'))).toEqual([
      ['turn', ROOT, 'session_end', 1.5],
      ['session', ROOT, undefined, 2],
    ]);
  });

  test('of one turn closes it while the session goes on with another', () => {
    const other = ids(ROOT, 'bbbbbbbb');
    const calls = [1, 2, 3, 4].flatMap((number) => call(number * 50, number, other));
    const { out } = follow([begin(0, ROOT), at(10, 'pre_llm_call', other), ...calls], idle);
    expect(ofKind(out.spans, 'turn').map((span) => [span.turnId, span.incomplete])).toEqual([
      [ids().turn_id, 'next_turn'],
    ]);
  });

  test('is measured again after the clock was set back', () => {
    const events = [begin(5000, SECOND), begin(0, ROOT), begin(300, THIRD)];
    const { out } = follow(events, idle);
    expect(ofKind(out.spans, 'turn').map((span) => [span.sessionId, span.incomplete])).toEqual([
      [ROOT, 'idle'],
    ]);
  });
});

describe('a live log sends', () => {
  test('a session at its end, and again, whole, when it goes on', () => {
    const { out, read } = follow([
      begin(0, ROOT),
      end(1, ROOT),
      at(2, 'on_session_finalize', { session_id: ROOT }),
    ]);
    expect(shown(ofKind(out.spans, 'session'))).toEqual([['session', ROOT, undefined, 2]]);
    const next = ids(ROOT, 'bbbbbbbb');
    read([...turn(3, call(4, 1, next), 5, next), at(6, 'on_session_finalize', { session_id: ROOT })]);
    const [first, second, ...more] = ofKind(out.spans, 'session');
    expect([first?.spanId, second?.turnCount, second && secondsOf(second)[1], more]).toEqual([
      second?.spanId,
      2,
      6,
      [],
    ]);
  });

  test('a turn whose end is not recorded half a minute after its answer', () => {
    const { out, read } = follow([begin(0, ROOT), at(2, 'post_llm_call', ids()), begin(32, SECOND)]);
    expect(ofKind(out.spans, 'turn')).toEqual([]);
    read([begin(32.1, THIRD)]);
    expect(shown(ofKind(out.spans, 'turn'))).toEqual([['turn', ROOT, undefined, 2]]);
  });

  test('an open tool of such a turn after five minutes', () => {
    const [pre = begin(1, ROOT)] = tool(1, 'c1', 'a');
    const { out, read } = follow([begin(0, ROOT), pre, at(2, 'post_llm_call', ids()), begin(302, SECOND)]);
    expect(out.spans).toEqual([]);
    read([begin(302.1, THIRD)]);
    expect(ofKind(out.spans, 'tool_call').map(({ incomplete }) => incomplete)).toEqual(['turn_end']);
  });
});

describe('the next turn', () => {
  const error = at(1, 'api_request_error', { ...ids(), api_call_count: 1, retryable: false });
  const next = at(2, 'pre_llm_call', ids(ROOT, 'bbbbbbbb'));

  test('closes one that ended with an error that is not retried', () => {
    const { out } = follow([begin(0, ROOT), error, next]);
    expect(ofKind(out.spans, 'turn').map(({ finalStatus, endTime }) => [finalStatus, endTime])).toEqual([
      ['failed', Math.round(error.ts * 1e6)],
    ]);
  });

  test.each<[string, FlatEvent[]]>([
    ['that goes on after such an error', [error, at(1.5, 'pre_verify', ids())]],
    ['whose error may be retried', [{ ...error, retryable: true }]],
    ['without an error', []],
  ])('closes none %s', (_claim, events) => {
    expect(ofKind(follow([begin(0, ROOT), ...events, next]).out.spans, 'turn')).toEqual([]);
  });
});

test('five minutes after a finalize the next event of the session closes the turn that it waited for', () => {
  const finalize = at(5, 'on_session_finalize', { session_id: ROOT });
  const next = (seconds: number) => at(seconds, 'pre_llm_call', ids(ROOT, 'bbbbbbbb'));
  const turns = (seconds: number) =>
    ofKind(
      follow([begin(0, ROOT), finalize, next(seconds)], { sessionSpans: 'at_finish' }).out.spans,
      'turn',
    );
  expect(turns(305)).toEqual([]);
  expect(turns(305.1).map(({ incomplete }) => incomplete)).toEqual(['session_end']);
});

test('events that were applied do not stay in memory', () => {
  const events = Array.from({ length: 5000 }, (_, n) => at(n / 10, 'pre_verify', { ...ids(), attempt: n }));
  const { state } = follow([begin(0, ROOT), ...events], { reorderWindowMicros: 5e6 });
  expect(state.waiting.length - state.waitingFrom).toBe(50);
  expect(state.waiting.length).toBeLessThan(1200);
});

test('the end of input leaves nothing behind', () => {
  const { state, out } = follow([...running, begin(5, THIRD), end(6, THIRD)]);
  finish(state, out);
  const { sessions, quiet, taskSessions, turnSessions, subagents, openTurns, expiring } = state;
  for (const map of [sessions, quiet, taskSessions, turnSessions, subagents, openTurns, expiring])
    expect(map.size).toBe(0);
});

test('a session in the middle of a turn is incomplete at the end of input, and one between turns is not', () => {
  const { spans } = replayEvents([begin(0, ROOT), ...call(1, 1), begin(2, SECOND), end(3, SECOND)]);
  expect(shown(ofKind(spans, 'session')).map(([, session, incomplete]) => [session, incomplete])).toEqual([
    [ROOT, 'end_of_input'],
    [SECOND, undefined],
  ]);
});
