import { describe, expect, test } from '@jest/globals';
import { replayEvents } from '../replayed.ts';
import { at, call, ids, ofKind, ROOT, START, secondsOf, tool, turn } from './events.ts';

const [A, B] = [ids(ROOT, 'aaaaaaaa'), ids(ROOT, 'bbbbbbbb')];
const finalize = (seconds: number, reason = 'shutdown') =>
  at(seconds, 'on_session_finalize', { session_id: ROOT, reason });
const end = (seconds: number, which: typeof A, fields = {}) =>
  at(seconds, 'on_session_end', { ...which, completed: true, interrupted: false, ...fields });
const running = (seconds: number, which: typeof A, id = 'c1') => tool(seconds, id, 'a', which).slice(0, 1);

test('all events of a turn that the filters left out count as filtered, also without turn ids', () => {
  const events = [at(0, 'pre_llm_call', A), end(1, A), ...turn(2, call(3, 1, B), 5, B)];
  const withoutIds = events.map(({ turn_id: _id, ...event }) => event as (typeof events)[number]);
  const first = { selectTurn: ({ startTime }: { startTime: number }) => startTime === START * 1e6 };
  const none = { selectTurn: () => false };
  for (const each of [events, withoutIds]) {
    expect(replayEvents(each, none).lines).toMatchObject({ mapped: 0, filtered: events.length });
    expect(replayEvents(each, first).lines).toMatchObject({ mapped: 2, filtered: events.length - 2 });
  }
});

describe('two turns of one session at once', () => {
  test('each is closed by its own hooks', () => {
    const [a, b] = [turn(0, call(1, 1, A), 9, A), turn(2, call(3, 1, B), 5, B)];
    const { spans, diagnostics } = replayEvents([...a, ...b].toSorted((x, y) => x.ts - y.ts));
    expect(ofKind(spans, 'turn').map((span) => [span.turnId?.slice(-8), ...secondsOf(span)])).toEqual([
      ['bbbbbbbb', 2, 5],
      ['aaaaaaaa', 0, 9],
    ]);
    expect([diagnostics, new Set(spans.map(({ spanId }) => spanId)).size]).toEqual([[], spans.length]);
  });

  test('a tool that ends after the next turn began keeps its end', () => {
    const [begin, post] = tool(1, 'c1', 'a', A);
    const { spans } = replayEvents([
      at(0, 'pre_llm_call', A),
      ...(begin === undefined ? [] : [begin]),
      end(2, A, { interrupted: true }),
      at(3, 'pre_llm_call', B),
      { ...post, event: 'post_tool_call', ts: (post?.ts ?? 0) + 3 },
      end(5, B),
    ]);
    const [span] = ofKind(spans, 'tool_call');
    expect([span?.status, span?.incomplete, span && secondsOf(span)[1]]).toEqual(['ok', undefined, 4.02]);
  });

  test('one that was killed does not make the session incomplete, nor take the end of a TUI that closes', () => {
    const { spans } = replayEvents([
      at(0, 'pre_llm_call', A),
      ...running(1, A),
      ...turn(5, call(6, 1, B), 8, B),
      at(20, 'on_session_end', { session_id: ROOT, completed: false, interrupted: true }),
    ]);
    expect(
      ofKind(spans, 'turn').map(({ turnId, incomplete, interrupted }) => [
        turnId?.slice(-8),
        incomplete,
        interrupted,
      ]),
    ).toEqual([
      ['bbbbbbbb', undefined, false],
      ['aaaaaaaa', 'next_turn', undefined],
    ]);
    expect(ofKind(spans, 'session').map(({ incomplete }) => incomplete)).toEqual([undefined]);
  });
});

test('turns without ids are closed by the next', () => {
  const old = { session_id: ROOT };
  const { spans } = replayEvents([at(0, 'pre_llm_call', old), at(5, 'pre_llm_call', old), end(6, A)]);
  expect(ofKind(spans, 'turn').map(({ incomplete }) => incomplete)).toContain('next_turn');
});

describe('a session that is finalized while a turn runs', () => {
  const open = [
    at(0, 'pre_llm_call', A),
    ...call(1, 1, A, { finish_reason: 'tool_calls' }),
    ...running(2, A),
  ];
  const [, post] = tool(2, 'c1', 'a', A);
  const late = { ...post, event: 'post_tool_call', ts: (post?.ts ?? 0) + 4 };

  test('waits for the end of the turn, and ends no earlier', () => {
    const { spans } = replayEvents([
      ...open,
      finalize(5, 'new_session'),
      late,
      end(6.5, A, { completed: false, interrupted: true }),
    ]);
    const [[span], [session], [gated]] = [
      ofKind(spans, 'turn'),
      ofKind(spans, 'session'),
      ofKind(spans, 'tool_call'),
    ];
    expect([span?.finalStatus, span && secondsOf(span)]).toEqual(['interrupted', [0, 6.5]]);
    expect(gated && secondsOf(gated)).toEqual([2, 6.02]);
    expect([session?.endReason, session?.interrupted, session && secondsOf(session)]).toEqual([
      'new_session',
      true,
      [0, 6.5],
    ]);
  });

  test('waits within a bound, and the finalize makes no turn longer', () => {
    const other = turn(400, [], 401, ids('20260915_102500_d1d2d3'));
    const { spans } = replayEvents([...open, finalize(50), ...other, late], { sessionSpans: 'at_end' });
    const [span] = ofKind(spans, 'turn');
    expect([span?.incomplete, span && secondsOf(span)]).toEqual(['session_end', [0, 2]]);
    expect(ofKind(spans, 'session')[0]).toMatchObject({ sessionId: ROOT, incomplete: undefined });
  });

  test('takes a late end of its own after the bound, as long as nothing else closed it', () => {
    const { spans } = replayEvents([
      ...open,
      finalize(5),
      { ...late, ts: late.ts + 900 },
      end(920, A, { interrupted: true }),
    ]);
    expect(
      ofKind(spans, 'turn').map(({ finalStatus, endTime }) => [finalStatus, endTime / 1e6 - START]),
    ).toEqual([['interrupted', 920]]);
    expect(ofKind(spans, 'tool_call').map(({ status }) => status)).toEqual(['ok']);
  });

  test('and that goes on has neither the end nor the reason of the finalize', () => {
    const { spans } = replayEvents([...turn(0, [], 1, A), finalize(2), ...turn(10, [], 12, B)]);
    expect(ofKind(spans, 'session').map((span) => [span.endReason, ...secondsOf(span)])).toEqual([
      [undefined, 0, 12],
    ]);
  });
});

test('a tool that was closed when its turn was idle leaves again, whole, with its late end', () => {
  const [pre, post] = tool(1, 'c1', 'a', A);
  const lateEnd = { ...post, event: 'post_tool_call', ts: (post?.ts ?? 0) + 4000 };
  const begin = pre === undefined ? [] : [pre];
  const { spans, diagnostics } = replayEvents([at(0, 'pre_llm_call', A), ...begin, lateEnd], {
    idleTimeoutMicros: 600e6,
  });
  const [idle, whole, ...more] = ofKind(spans, 'tool_call');
  expect([idle?.incomplete, whole?.incomplete, whole?.status, more.length, diagnostics.length]).toEqual([
    'idle',
    undefined,
    'ok',
    0,
    0,
  ]);
  expect([whole?.spanId, whole?.startTime]).toEqual([idle?.spanId, idle?.startTime]);
});

describe('a session has of its turns', () => {
  const said = (which: typeof A, seconds: number, user: string, reply: string | undefined) => [
    at(seconds, 'pre_llm_call', { ...which, user_message: user }),
    ...(reply === undefined
      ? []
      : [at(seconds + 1, 'post_llm_call', { ...which, assistant_response: reply })]),
  ];

  test('the first message and the last answer, with content', () => {
    const events = [...said(A, 0, 'one', 'first'), end(2, A), ...said(B, 3, 'two', 'second'), end(5, B)];
    const facts = (content: boolean) =>
      ofKind(replayEvents(events, { content }).spans, 'session').map((span) => [
        span.userMessage,
        span.assistantResponse,
      ]);
    expect([facts(true), facts(false)]).toEqual([[['one', 'second']], [[undefined, undefined]]]);
  });

  test('the outcome of the last that has one', () => {
    const events = [at(0, 'pre_llm_call', A), end(2, A), at(3, 'pre_llm_call', B), ...call(4, 1, B)];
    const [session] = ofKind(replayEvents(events).spans, 'session');
    // The second goes on: nothing is known of how it ended.
    expect([session?.completed, session?.interrupted]).toEqual([undefined, undefined]);
    const both = [...events, end(6, B, { completed: false, interrupted: true })];
    expect(ofKind(replayEvents(both).spans, 'session')).toMatchObject([
      { completed: false, interrupted: true },
    ]);
  });

  test('model, platform and profile, also of the turns that do not name them', () => {
    const facts = { model: 'm', platform: 'cli', profile: 'work' };
    const events = [
      at(0, 'on_session_start', { session_id: ROOT, ...facts }),
      ...turn(1, [], 2, A),
      ...turn(3, [], 4, B).map((event) => ({ ...event, model: 'n', platform: 'x', profile: 'y' })),
    ];
    const { spans } = replayEvents(events);
    expect(ofKind(spans, 'turn')).toMatchObject([facts, { model: 'n', platform: 'x', profile: 'y' }]);
    expect(ofKind(spans, 'session')).toMatchObject([facts]);
  });

  test('the session that started it, and hangs below that', () => {
    const parent = turn(0, [], 1, A);
    const other = ids('20260915_101600_b1b2b3', 'cccccccc');
    const [begin = finalize(0), ...rest] = turn(2, [], 3, other);
    const { spans } = replayEvents([...parent, { ...begin, parent_session_id: ROOT }, ...rest]);
    const [first, second] = ofKind(spans, 'session');
    expect([first?.parentSessionId, second?.parentSessionId, second?.parentSpanId]).toEqual([
      undefined,
      ROOT,
      first?.spanId,
    ]);
  });
});

describe('what is of the session is not inside its turn', () => {
  const work = [at(0, 'pre_llm_call', A), ...call(1, 1, A)];

  test.each([
    ['a start, when a client connects again', at(50, 'on_session_start', { session_id: ROOT })],
    ['a finalize', finalize(50)],
    ['a reset', at(50, 'on_session_reset', { session_id: 'new', old_session_id: ROOT })],
  ])('%s', (_claim, event) => {
    const [span] = ofKind(replayEvents([...work, event]).spans, 'turn');
    expect(span && secondsOf(span)).toEqual([0, 1.5]);
  });

  test('while a hook inside the turn makes it longer', () => {
    const event = at(50, 'pre_verify', A);
    const [span] = ofKind(replayEvents([...work, event]).spans, 'turn');
    expect(span && secondsOf(span)).toEqual([0, 50]);
  });
});

describe('a session that is finalized', () => {
  test('twice has its first end and reason', () => {
    const { spans, lines } = replayEvents([
      ...turn(0, [], 1, A),
      finalize(2, 'first'),
      finalize(9, 'second'),
    ]);
    const [session] = ofKind(spans, 'session');
    expect([session?.endReason, session && secondsOf(session), lines.merged]).toEqual(['first', [0, 2], 1]);
  });

  test('before anything is known of it has no span, and the hook is counted as unmapped', () => {
    const { spans, lines } = replayEvents([finalize(2)]);
    expect([spans, lines.unmapped]).toEqual([[], 1]);
  });

  test('while a call of it runs keeps the answer that comes within five minutes', () => {
    const [begin = finalize(1), answer = finalize(1)] = call(1, 1, A);
    const late = { ...answer, ts: begin.ts + 200 };
    const { spans } = replayEvents([at(0, 'pre_llm_call', A), begin, finalize(5), late, end(210, A)]);
    expect(ofKind(spans, 'api_call').map(({ answered }) => answered)).toEqual([true]);
    expect(ofKind(spans, 'session').map(secondsOf)).toEqual([[0, 210]]);
  });
});

describe('where the recorder stamps whole seconds', () => {
  const child = ids('20260915_101600_b1b2b3');
  const answered = (seconds: number, which: typeof A) =>
    call(seconds, 1, which, { started_at: START + seconds, ended_at: START + seconds + 0.5 });
  const link = { session_id: ROOT, parent_turn_id: A.turn_id, child_session_id: child.session_id };
  const events = [
    at(0, 'pre_llm_call', A),
    at(1, 'subagent_start', link),
    ...turn(1, answered(1.2, child), 1.8, child),
    at(1.9, 'subagent_stop', { ...link, child_status: 'completed' }),
    ...answered(2.2, A),
    at(2.8, 'post_llm_call', A),
    end(2.8, A),
    finalize(2.9),
  ].map((event) => ({ ...event, ts: Math.floor(event.ts) }));

  test.each([
    ['with all hooks', ''],
    ['without `post_llm_call`', 'post_llm_call'],
  ])('what holds a call ends no earlier than the call, %s', (_which, left) => {
    const { spans } = replayEvents(events.filter(({ event }) => event !== left));
    const ends = spans.map((span) => [span.kind, secondsOf(span)[1]]);
    expect(ends).toEqual([
      ['api_call', 1.7],
      ['turn', 1.7],
      ['subagent', 1.7],
      ['api_call', 2.7],
      ['turn', 2.7],
      ['session', 2.7],
    ]);
  });
});

test('what another clock stamped makes no turn and no session longer', () => {
  const [asked, answered] = call(1, 1, A, { started_at: START + 1, ended_at: START + 2 });
  const two = (one: ReturnType<typeof at>) => [one, { ...one, ts: one.ts + 90 }];
  const events = [
    ...two(at(0, 'pre_llm_call', A)),
    ...(asked === undefined || answered === undefined ? [] : [asked, ...two(answered)]),
    ...two(at(3, 'post_llm_call', A)),
    finalize(4),
  ];
  const { spans } = replayEvents(events);
  expect(spans.map((span) => [span.kind, secondsOf(span)[1]])).toEqual([
    ['api_call', 2],
    ['turn', 3],
    ['session', 4],
  ]);
});

describe('the end of a turn', () => {
  test('is its answer, though its `on_session_end` comes later', () => {
    const { spans } = replayEvents([at(0, 'pre_llm_call', A), at(5, 'post_llm_call', A), end(7, A)]);
    expect(ofKind(spans, 'turn').map(secondsOf)).toEqual([[0, 5]]);
  });

  test.each([
    ['failed', { completed: false, failed: true, interrupted: true }, 'failed'],
    ['interrupted', { completed: false, interrupted: true }, 'interrupted'],
    ['not completed', { completed: false }, 'incomplete'],
    ['completed', {}, 'completed'],
  ])('says that it was %s', (_claim, fields, status) => {
    const { spans } = replayEvents([at(0, 'pre_llm_call', A), end(7, A, fields)]);
    expect(ofKind(spans, 'turn').map(({ finalStatus, incomplete }) => [finalStatus, incomplete])).toEqual([
      [status, undefined],
    ]);
  });

  test('names the reason: its own, else the one of the CLI', () => {
    const reasonOf = (fields: object) =>
      ofKind(replayEvents([at(0, 'pre_llm_call', A), end(7, A, fields)]).spans, 'turn')[0]?.exitReason;
    expect(reasonOf({ turn_exit_reason: 'budget', reason: 'keyboard_interrupt' })).toBe('budget');
    expect(reasonOf({ reason: 'keyboard_interrupt' })).toBe('keyboard_interrupt');
  });
});

test('with one trace for each turn, each names the one before, and a review none', () => {
  const fork = ids(ROOT, 'eeeeeeee', '0f8fad5b-d9cb-469f-a165-708677289500');
  const message = { user_message: 'Review the conversation above and update' };
  const { spans } = replayEvents(
    [
      ...turn(0, [], 1, A),
      at(1.5, 'pre_llm_call', { ...fork, ...message }),
      end(2, fork),
      ...turn(3, [], 4, B),
    ],
    { tracePer: 'turn' },
  );
  const [first, review, second] = ofKind(spans, 'turn').toSorted((x, y) => x.startTime - y.startTime);
  expect([first?.links, review?.background, second?.links]).toEqual([
    [],
    true,
    [{ traceId: first?.traceId, spanId: first?.spanId, relation: 'previous_turn' }],
  ]);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(3);
  expect(ofKind(spans, 'session')).toEqual([]);
});

describe('a turn whose last event is an API error', () => {
  const failing = (fields: object) => [
    at(0, 'pre_llm_call', A),
    at(1, 'pre_api_request', { ...A, api_call_count: 1, api_request_id: 'r' }),
    at(2, 'api_request_error', { ...A, api_call_count: 1, api_request_id: 'r', ...fields }),
  ];

  test.each([
    ['that is not retryable', { retryable: false }, 'failed'],
    ['after the last retry', { retryable: true, retry_count: 2, max_retries: 3 }, 'failed'],
    ['that would be retried', { retryable: true, retry_count: 0, max_retries: 3 }, 'incomplete'],
  ])('%s', (_name, fields, status) => {
    const { spans } = replayEvents([...failing(fields), finalize(90)]);
    const [span] = ofKind(spans, 'turn');
    expect([span?.finalStatus, span && secondsOf(span)]).toEqual([status, [0, 2]]);
  });

  test('goes on when a fallback answers', () => {
    const { spans } = replayEvents([...failing({ retryable: false }), ...call(3, 2, A), end(4, A)]);
    expect(ofKind(spans, 'turn')[0]).toMatchObject({ finalStatus: 'completed' });
  });
});
