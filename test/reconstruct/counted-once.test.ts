import { describe, expect, test } from '@jest/globals';
import { type FlatEvent, replayEvents } from '../replayed.ts';
import {
  at,
  call,
  type Fields,
  ids,
  ofKind,
  ROOT,
  SECOND,
  START,
  secondsOf,
  THIRD,
  tool,
  turn,
} from './events.ts';

const tokensOf = (span: { tokens: { inputTokens: number | undefined } } | undefined) =>
  span?.tokens.inputTokens;

describe('a sub-agent is one span', () => {
  const child = { parent_session_id: ROOT, parent_turn_id: ids().turn_id };
  const start = (seconds: number, fields: Fields) => at(seconds, 'subagent_start', { ...child, ...fields });
  const stop = (seconds: number, fields: Fields) =>
    at(seconds, 'subagent_stop', { ...child, child_status: 'completed', ...fields });
  const inside = (session: string, events: readonly FlatEvent[]) =>
    events.map((event) => ({ ...event, session_id: session }));
  const parent = (events: readonly FlatEvent[]) => turn(0, events, 60);
  const found = (events: readonly FlatEvent[]) => {
    const { spans } = replayEvents(parent(events).toSorted((a, b) => a.ts - b.ts));
    const [root] = spans.filter(({ kind, sessionId }) => kind === 'session' && sessionId === ROOT);
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([root?.traceId]));
    return ofKind(spans, 'subagent').map((span) => [span.incomplete, span.apiCallCount, tokensOf(span)]);
  };
  const work = ids(SECOND, 'bbbbbbbb', 'sa-0-9c1b2a3d');

  test('whose session rotates twice, and that a second recorder stops too', () => {
    const events = [
      start(1, { child_session_id: SECOND }),
      at(2, 'pre_llm_call', work),
      ...call(3, 1, work),
      ...inside(THIRD, call(4, 2, work)),
      ...inside('20260915_101800_d1d2d3', [
        ...call(5, 3, work),
        at(6, 'on_session_end', { ...work, completed: true }),
      ]),
      stop(7, { child_session_id: '20260915_101800_d1d2d3', duration_ms: 5000 }),
      stop(7.01, { child_session_id: '20260915_101800_d1d2d3', duration_ms: 5000 }),
    ];
    expect(found(events)).toEqual([[undefined, 3, 30]]);
  });

  test('whose id is null, recognised by the task of the child', () => {
    const events = [
      start(1, { child_session_id: null, child_subagent_id: 'sa-0-9c1b2a3d' }),
      ...turn(2, call(3, 1, work), 5, work),
      stop(6, { child_session_id: null, duration_ms: 4000 }),
    ];
    expect(found(events)).toEqual([[undefined, 1, 10]]);
  });

  test('whose stop has no id, distinguished from its sibling by the time it ran', () => {
    const sibling = ids(THIRD, 'cccccccc', 'sa-1-9c1b2a3d');
    const events = [
      start(1, { child_session_id: SECOND }),
      start(5, { child_session_id: THIRD }),
      ...turn(2, call(3, 1, work), 20, work),
      ...turn(6, [...call(7, 1, sibling), ...call(8, 2, sibling)], 9, sibling),
      stop(10, { child_session_id: null, duration_ms: 4500 }),
      stop(21, { child_session_id: null, duration_ms: 19_500 }),
    ];
    expect(found(events)).toEqual([
      [undefined, 2, 20],
      [undefined, 1, 10],
    ]);
  });
});

describe('a mixture of agents', () => {
  const base = { ...ids(), model: 'm' };
  const api = { ...base, provider: 'moa', api_call_count: 1, api_request_id: `${ids().turn_id}:api:1` };
  const aux = (task: string, seconds: number, tokens: number | undefined) =>
    at(seconds, 'post_auxiliary_call', {
      ...base,
      aux_task: task,
      api_request_id: `aux-${task}`,
      usage: tokens === undefined ? null : { input_tokens: tokens, output_tokens: 1 },
    });
  const answer = (seconds: number, tokens: number | undefined) =>
    at(seconds, 'post_api_request', {
      ...api,
      usage: tokens === undefined ? null : { input_tokens: tokens, output_tokens: 1 },
    });
  const pre = at(1, 'pre_api_request', api);

  test.each<[string, FlatEvent[], number]>([
    [
      'its aggregator is counted once',
      [pre, aux('moa_reference', 2, 400), aux('moa_aggregator', 3, 600), answer(4, 600)],
      1000,
    ],
    ['also when it is reported after the answer', [pre, answer(4, 600), aux('moa_aggregator', 5, 600)], 600],
    ['also without the start of the call', [aux('moa_aggregator', 3, 600), answer(4, 600)], 600],
    [
      'its aggregator counts when the answer has no usage',
      [pre, aux('moa_aggregator', 3, 600), answer(4, undefined)],
      600,
    ],
    ['its aggregator counts when API hooks are not recorded', [aux('moa_aggregator', 3, 600)], 600],
    [
      'a stream reports the usage on the answer only',
      [pre, aux('moa_aggregator', 3, undefined), answer(4, 600)],
      600,
    ],
  ])('%s', (_name, inside, expected) => {
    const { spans } = replayEvents(turn(0, inside, 9));
    const [[whole], [session]] = [ofKind(spans, 'turn'), ofKind(spans, 'session')];
    const each = [...ofKind(spans, 'api_call'), ...ofKind(spans, 'auxiliary_call')];
    expect([tokensOf(whole), tokensOf(session)]).toEqual([expected, expected]);
    expect(each.reduce((sum, { usage }) => sum + (usage?.inputTokens ?? 0), 0)).toBe(expected);
  });
});

describe('an auxiliary call outside turns', () => {
  const title = (seconds: number, fields: Fields = {}) => {
    const base = {
      session_id: '',
      task_id: '',
      turn_id: '',
      aux_task: 'title',
      api_request_id: 'aux-9',
      ...fields,
    };
    return [
      at(seconds, 'pre_auxiliary_call', base),
      at(seconds + 1, 'post_auxiliary_call', { ...base, usage: { input_tokens: 120, output_tokens: 6 } }),
    ];
  };
  const placed = (events: readonly FlatEvent[], options: Parameters<typeof replayEvents>[1] = {}) => {
    const { spans, lines } = replayEvents(events, options);
    const [span] = ofKind(spans, 'auxiliary_call');
    const parent = spans.find(({ spanId }) => spanId === span?.parentSpanId);
    expect([lines.unplaced, span?.usage?.inputTokens, ofKind(spans, 'turn').length]).toEqual([
      0,
      120,
      events.filter(({ event }) => event === 'pre_llm_call').length,
    ]);
    return [parent?.kind, span?.sessionId, ...ofKind(spans, 'session').map(tokensOf)];
  };

  test('is below the session that was active', () => {
    expect(placed([...turn(0, call(1, 1), 2), ...title(2.5)])).toEqual(['session', ROOT, 130]);
    expect(placed([...turn(0, call(1, 1), 2), ...title(2.5, { session_id: ROOT })])).toEqual([
      'session',
      ROOT,
      130,
    ]);
  });

  test.each([
    [61, 'session'],
    [61.1, undefined],
  ])('is of a session with an event within a minute before it (%d s: %s)', (seconds, expected) => {
    const before = [...turn(0, [], 1)];
    expect(placed([...before, ...title(seconds)])[0]).toBe(expected);
  });

  test('is one span though the next turn begins before its end', () => {
    const next = ids(ROOT, 'bbbbbbbb');
    const [pre, post] = title(2.5);
    const events = [
      ...turn(0, call(1, 1), 2),
      ...(pre ? [pre] : []),
      at(3, 'pre_llm_call', next),
      ...(post ? [post] : []),
    ];
    expect(placed(events)).toEqual(['session', ROOT, 130]);
    const { spans } = replayEvents(events);
    expect(ofKind(spans, 'auxiliary_call').map(({ incomplete, answered }) => [incomplete, answered])).toEqual(
      [[undefined, true]],
    );
  });

  test('with one trace for each turn it is a root', () => {
    expect(placed([...turn(0, call(1, 1), 2), ...title(2.5)], { tracePer: 'turn' })).toEqual([
      undefined,
      ROOT,
    ]);
  });

  test.each<[string, FlatEvent[]]>([
    ['two sessions are active', [...turn(0, call(1, 1), 3), ...turn(1, [], 2, ids(SECOND))]],
    ['none was active for long', turn(-600, call(-599, 1), -598)],
    [
      'the session was finalized',
      [...turn(0, call(1, 1), 2), at(2.2, 'on_session_finalize', { session_id: ROOT })],
    ],
    ['there is none', []],
  ])('is a span of its own when %s', (_name, before) => {
    const [parent, session] = placed([...before, ...title(4)]);
    expect([parent, session]).toEqual([undefined, '']);
  });
});

test.each([
  ['inside the turn', 5],
  ['after its end', 90],
])('an answer that a recorder with a clock of its own wrote again, %s', (_when, apart) => {
  const times = { started_at: START + 1, ended_at: START + 1.5 };
  const [pre, post] = call(1, 1, ids(), times);
  const both = [pre, post].filter((event) => event !== undefined);
  const again = both.map((event) => ({ ...event, ...times, ts: event.ts + apart }));
  const events = [...turn(0, both, 60), ...again].toSorted((a, b) => a.ts - b.ts);
  const { spans } = replayEvents(events);
  expect(ofKind(spans, 'api_call')).toHaveLength(1);
  expect(ofKind(spans, 'session').map(tokensOf)).toEqual([10]);
});

test('a call that came twice ends no tool', () => {
  const times = { started_at: START + 1, ended_at: START + 1.5 };
  const both = call(1, 1, ids(), times);
  const again = both.map((event) => ({ ...event, ts: event.ts + 1 }));
  const script = { ...ids(), tool_name: 'execute_code', tool_call_id: 'c1', args: { code: 'x' } };
  const inner = { session_id: ROOT, task_id: ROOT, turn_id: ids().turn_id, tool_name: 'terminal', args: {} };
  const events = [
    ...both,
    at(1.6, 'pre_tool_call', script),
    ...again,
    at(2.8, 'pre_tool_call', inner),
    at(2.9, 'post_tool_call', { ...inner, result: '{}' }),
    at(3, 'post_tool_call', { ...script, result: '{}' }),
  ];
  const { spans } = replayEvents(turn(0, events, 60));
  const [nested, outer] = ofKind(spans, 'tool_call');
  expect([nested?.toolName, nested?.parentSpanId]).toEqual(['terminal', outer?.spanId]);
});

test('a first chunk before its attempt is none', () => {
  const fields = { ...ids(), api_call_count: 1, api_request_id: 'r' };
  const log = (first: number) =>
    turn(
      0,
      [at(2, 'pre_api_request', fields), at(3, 'post_api_request', { ...fields, first_chunk_at: first })],
      4,
    );
  const start = log(0)[1]?.ts ?? 0;
  const chunk = (first: number) =>
    ofKind(replayEvents(log(first)).spans, 'api_call')[0]?.timeToFirstChunkMicros;
  expect([chunk(start - 0.5), chunk(start + 0.25)]).toEqual([undefined, 250_000]);
});

describe('logs of a few hooks', () => {
  const post = (seconds: number, number: number, which: Fields, fields: Fields = {}) =>
    at(seconds, 'post_api_request', { ...which, api_call_count: number, api_duration: 1, ...fields });

  test('a turn begins with the earliest start inside it, and the session no later', () => {
    const [, end] = tool(5, 'c', 'x', ids());
    const events = [...(end === undefined ? [] : [{ ...end, duration_ms: 3000 }]), post(6, 2, ids())];
    const { spans } = replayEvents(events);
    expect(ofKind(spans, 'turn').map((span) => Math.round(secondsOf(span)[0] ?? 0))).toEqual([2]);
    expect(ofKind(spans, 'session').map((span) => Math.round(secondsOf(span)[0] ?? 0))).toEqual([2]);
  });

  test('a `pre_llm_call` is the start of its turn', () => {
    const { spans } = replayEvents([at(0, 'pre_llm_call', ids()), post(0.5, 1, ids())]);
    expect(ofKind(spans, 'turn').map((span) => secondsOf(span)[0])).toEqual([0]);
  });

  test('without turn ids `post_llm_call` ends a turn for what follows', () => {
    const old = { session_id: ROOT, task_id: ROOT };
    const events = [1, 11, 21].flatMap((seconds) => [
      at(seconds, 'pre_api_request', { ...old, api_call_count: 1 }),
      at(seconds + 1, 'post_api_request', { ...old, api_call_count: 1 }),
      at(seconds + 2, 'post_llm_call', { session_id: ROOT }),
    ]);
    const turns = ofKind(replayEvents(events).spans, 'turn');
    expect(turns.map((span) => [span.index, span.incomplete, span.apiCallCount, ...secondsOf(span)])).toEqual(
      [
        [1, undefined, 1, 1, 3],
        [2, undefined, 1, 11, 13],
        [3, undefined, 1, 21, 23],
      ],
    );
  });

  test('a call is no new turn when its answer is only written again, or the log has the hooks of turns', () => {
    const old = { session_id: ROOT, task_id: ROOT };
    const turns = (events: readonly FlatEvent[]) =>
      ofKind(replayEvents(events).spans, 'turn').map(({ apiCallCount }) => apiCallCount);
    expect(turns([post(10, 1, old), post(10.25, 1, old)])).toEqual([1]);
    expect(turns([post(10, 1, old), post(10.26, 1, old)])).toEqual([1, 1]);
    const begin = at(5, 'pre_llm_call', { session_id: ROOT });
    expect(turns([begin, post(10, 1, old), post(20, 1, old)])).toEqual([1]);
    const other = { ...old, api_call_count: undefined };
    expect(turns([post(10, 1, old), at(20, 'post_api_request', other)])).toEqual([2]);
  });

  test('without any hook of turns their calls are counted from the start again', () => {
    const old = { session_id: ROOT, task_id: ROOT };
    const usage = { input_tokens: 10, output_tokens: 1 };
    const events = [1, 2, 1, 1].map((number, index) => post(index * 10, number, old, { usage }));
    const { spans, lines } = replayEvents(events);
    expect(ofKind(spans, 'turn').map(({ apiCallCount }) => apiCallCount)).toEqual([2, 1, 1]);
    expect([lines.merged, tokensOf(ofKind(spans, 'session')[0])]).toEqual([0, 40]);
  });
});
