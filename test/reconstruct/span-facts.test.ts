import { describe, expect, test } from '@jest/globals';
import { type FlatEvent, replayEvents } from '../replayed.ts';
import { at, call, type Fields, ids, ofKind, ROOT, SECOND, START, secondsOf, tool, turn } from './events.ts';

// Facts that a span takes from one event or another: a wrong one would be seen by nobody.
const inTurn = (inside: readonly FlatEvent[]) => turn(0, inside, 60);
const toolEvent = (event: string, seconds: number, fields: Fields) =>
  at(seconds, event, { ...ids(), tool_name: 'terminal', args: { command: 'ls' }, ...fields });

test('approvals of parallel tools are paired by the tool call, and hang below it', () => {
  const gate = (event: string, seconds: number, id: string, fields: Fields = {}) =>
    at(seconds, event, { ...ids(), tool_call_id: id, surface: 'cli', pattern_key: 'rm', ...fields });
  const { spans } = replayEvents(
    inTurn([
      toolEvent('pre_tool_call', 1, { tool_call_id: 'a' }),
      toolEvent('pre_tool_call', 1.1, { tool_call_id: 'b' }),
      gate('pre_approval_request', 2, 'a'),
      gate('pre_approval_request', 2.1, 'b'),
      gate('post_approval_response', 3, 'b', { choice: 'deny' }),
      gate('post_approval_response', 4, 'a', { choice: 'once' }),
      toolEvent('post_tool_call', 5, { tool_call_id: 'a', status: 'ok' }),
      toolEvent('post_tool_call', 6, { tool_call_id: 'b', status: 'blocked' }),
    ]),
  );
  const tools = new Map(ofKind(spans, 'tool_call').map(({ spanId, toolCallId }) => [spanId, toolCallId]));
  expect(
    ofKind(spans, 'approval').map(({ toolCallId, choice, granted, parentSpanId }) => [
      toolCallId,
      choice,
      granted,
      tools.get(parentSpanId ?? ('' as never)),
    ]),
  ).toEqual([
    ['b', 'deny', false, 'b'],
    ['a', 'once', true, 'a'],
  ]);
});

describe('attempts without a start are numbered', () => {
  const api = (event: string, seconds: number, fields: Fields = {}) =>
    at(seconds, event, { ...ids(), api_call_count: 1, api_request_id: 'r', ...fields });
  const numbers = (events: readonly FlatEvent[]) =>
    ofKind(replayEvents(inTurn(events)).spans, 'api_call').map(({ retryCount, answered }) => [
      retryCount,
      answered,
    ]);

  test('in the order of their ends, where the log does not number them', () => {
    const events = [api('api_request_error', 1), api('api_request_error', 2), api('post_api_request', 3)];
    expect(numbers(events)).toEqual([
      [0, false],
      [1, false],
      [2, true],
    ]);
  });

  test('as the log numbers them', () => {
    const events = [
      api('api_request_error', 1, { retry_count: 2 }),
      api('post_api_request', 3, { retry_count: 3 }),
    ];
    expect(numbers(events)).toEqual([
      [2, false],
      [3, true],
    ]);
  });
});

test.each([
  ['named by the start', { parent_turn_id: ids(ROOT, 'bbbbbbbb').turn_id }, ids(ROOT, 'bbbbbbbb').turn_id],
  ['of the open turn, where the start names none', {}, ids().turn_id],
])('the parent turn of a sub-agent is the one %s', (_name, fields, expected) => {
  const link = { parent_session_id: ROOT, child_session_id: SECOND, ...fields };
  const { spans } = replayEvents(inTurn([at(1, 'subagent_start', link), at(2, 'subagent_stop', link)]));
  expect(ofKind(spans, 'subagent').map(({ parentTurnId }) => parentTurnId)).toEqual([expected]);
});

test('attempts of an auxiliary call are numbered by the log', () => {
  const attempt = (event: string, seconds: number, retry: number, fields: Fields = {}) =>
    at(seconds, event, {
      ...ids(),
      aux_task: 'title',
      api_request_id: 'aux-1',
      retry_count: retry,
      ...fields,
    });
  const { spans } = replayEvents(
    inTurn([
      attempt('pre_auxiliary_call', 1, 0),
      attempt('post_auxiliary_call', 2, 0, { error_type: 'Timeout' }),
      attempt('pre_auxiliary_call', 3, 1),
      attempt('post_auxiliary_call', 4, 1, { usage: { input_tokens: 5, output_tokens: 1 } }),
    ]),
  );
  expect(
    ofKind(spans, 'auxiliary_call').map(({ retryCount, answered, error }) => [
      retryCount,
      answered,
      error?.type,
    ]),
  ).toEqual([
    [0, false, 'Timeout'],
    [1, true, undefined],
  ]);
});

describe("Hermes's own times", () => {
  const base = { ...ids(), api_call_count: 1, api_request_id: 'r' };
  const between = (started: number, ended: number, retry: number | undefined = undefined) => {
    const own = { ...base, started_at: START + started, retry_count: retry };
    const events = [
      at(10, 'pre_api_request', own),
      at(20, 'post_api_request', { ...own, ended_at: START + ended }),
    ];
    const { spans, diagnostics } = replayEvents(inTurn(events));
    return [ofKind(spans, 'api_call').flatMap(secondsOf), diagnostics.map(({ code }) => code)];
  };

  test.each<[string, number, number, number[], string[]]>([
    ['of a call count', 9.75, 19.5, [9.75, 19.5], []],
    ['5 s apart still count', 5, 25, [5, 25], []],
    ['further apart come from another clock', 4.9, 25.1, [10, 20], Array(2).fill('api-time-disagrees')],
  ])('%s', (_claim, started, ended, times, codes) => {
    expect(between(started, ended)).toEqual([times, codes]);
  });

  test('the start of a call is not that of a later attempt', () => {
    expect(between(9, 19, 1)).toEqual([[10, 19], []]);
  });

  test('an auxiliary call begins with its own start, and a retry of it with its event', () => {
    const aux = (retry: number) => ({ ...ids(), aux_task: 't', api_request_id: 'a', retry_count: retry });
    const pair = (seconds: number, retry: number) => {
      const fields = { ...aux(retry), started_at: START + 0.75 };
      return [at(seconds, 'pre_auxiliary_call', fields), at(seconds + 1, 'post_auxiliary_call', fields)];
    };
    const { spans } = replayEvents(inTurn([...pair(1, 0), ...pair(3, 1)]));
    expect(ofKind(spans, 'auxiliary_call').map(secondsOf)).toEqual([
      [0.75, 2],
      [3, 4],
    ]);
  });

  test('an end that is reported before its start is set to it', () => {
    const events = [at(10, 'pre_api_request', base), at(9, 'post_api_request', base)];
    const { spans, diagnostics } = replayEvents(inTurn(events), { reorderWindowMicros: 0 });
    expect(ofKind(spans, 'api_call').map(secondsOf)).toEqual([[10, 10]]);
    expect(diagnostics.map(({ message }) => message)).toContain(
      'the end lies 1.000 s before the start: set to the start',
    );
  });
});

test.each([
  ['milliseconds that were measured', { duration_ms: 500, status: 'ok' }, [4.5, 5], 500],
  ['0 ms of a call that ran', { duration_ms: 0, status: 'error' }, [5, 5], 0],
  ['0 ms of a call that never ran: not measured', { duration_ms: 0, status: 'blocked' }, [5, 5], undefined],
  ['a time before it was cancelled', { duration_ms: 700, status: 'cancelled' }, [4.3, 5], 700],
])('a tool without a start: %s', (_claim, fields, times, durationMillis) => {
  const { spans } = replayEvents(inTurn([toolEvent('post_tool_call', 5, { tool_call_id: 'a', ...fields })]));
  expect(ofKind(spans, 'tool_call').map((span) => [secondsOf(span), span.durationMillis])).toEqual([
    [times, durationMillis],
  ]);
});

test("a database's sums of a session go before those of its calls", () => {
  const totals = (fields: Fields) => at(50, 'session_totals', { session_id: ROOT, ...fields });
  const of = (fields: Fields) =>
    ofKind(replayEvents([...inTurn(call(1, 1)), totals(fields)]).spans, 'session').map(
      ({ tokens, cost, modelUsage }) => [tokens.inputTokens, cost, modelUsage?.length],
    );
  const usage = { input_tokens: 70, output_tokens: 7 };
  expect(of({ usage, cost: { actual_usd: 2 }, model_usage: [{ model: 'm', usage }] })).toEqual([
    [70, { actualUsd: 2 }, 1],
  ]);
  expect(of({})).toEqual([[10, undefined, undefined]]);
});

test('the arguments and the result of a tool are kept with content, and only then', () => {
  const events = inTurn([
    toolEvent('pre_tool_call', 1, { tool_call_id: 'a' }),
    toolEvent('post_tool_call', 2, { tool_call_id: 'a', status: 'ok', result: '{"output":"x"}' }),
    toolEvent('post_tool_call', 3, {
      tool_call_id: 'b',
      status: 'ok',
      args: { command: 'pwd' },
      result: 'y',
    }),
  ]);
  const kept = (content: boolean) =>
    ofKind(replayEvents(events, { content }).spans, 'tool_call').map(({ args, result }) => [args, result]);
  expect(kept(true)).toEqual([
    ['{"command":"ls"}', '{"output":"x"}'],
    ['{"command":"pwd"}', 'y'],
  ]);
  expect(kept(false)).toEqual(Array(2).fill([undefined, undefined]));
});

test('the turn counts how its tool calls ended, and the session counts them', () => {
  const outcome = (index: number, status: string) =>
    toolEvent('post_tool_call', index, { tool_call_id: `c${index}`, status });
  const { spans } = replayEvents(
    inTurn([
      ...tool(1, 'x', 'a'),
      outcome(2, 'error'),
      outcome(3, 'error'),
      outcome(4, 'blocked'),
      outcome(5, 'cancelled'),
      outcome(6, 'timeout'),
      toolEvent('pre_tool_call', 7, { tool_call_id: 'open' }),
    ]),
  );
  const [[span], [session]] = [ofKind(spans, 'turn'), ofKind(spans, 'session')];
  expect([span?.toolOutcomes, span?.toolCallCount, span?.toolNames, session?.toolCallCount]).toEqual([
    { ok: 1, error: 2, blocked: 1, cancelled: 1, timeout: 1, incomplete: 1 },
    7,
    ['read_file', 'terminal'],
    7,
  ]);
});

test('a session of which no turn is selected has no span, nor has anything in it', () => {
  const events = [
    ...inTurn([...call(1, 1), ...tool(2, 'a', 'x')]),
    ...turn(70, call(71, 1, ids(SECOND)), 72, ids(SECOND)),
  ];
  const { spans } = replayEvents(events, { selectTurn: ({ sessionId }) => sessionId === SECOND });
  expect(new Set(spans.map(({ sessionId }) => sessionId))).toEqual(new Set([SECOND]));
  expect(spans).toHaveLength(3);
});

test('a session that a rotation opened goes with the turn that went on in it', () => {
  const rotated = call(2, 2).map((event) => ({ ...event, session_id: SECOND }));
  const sessions = (chosen: string) =>
    ofKind(
      replayEvents(inTurn([...call(1, 1), ...rotated]), {
        selectTurn: ({ sessionId }) => sessionId === chosen,
      }).spans,
      'session',
    ).map(({ sessionId }) => sessionId);
  expect([sessions(ROOT), sessions(SECOND)]).toEqual([[ROOT, SECOND], []]);
});

test('a turn takes model and provider from its first call, and each call those of its answer', () => {
  const [pre, post] = call(1, 1);
  const events = [
    { ...pre, model: 'asked', provider: 'p1' },
    { ...post, model: 'fallback', provider: 'p2', response_model: 'fallback-2' },
  ] as FlatEvent[];
  const { spans } = replayEvents(inTurn(events));
  expect(ofKind(spans, 'turn').map(({ model, provider }) => [model, provider])).toEqual([['asked', 'p1']]);
  expect(
    ofKind(spans, 'api_call').map(({ model, provider, responseModel }) => [model, provider, responseModel]),
  ).toEqual([['fallback', 'p2', 'fallback-2']]);
});

describe('the endpoint of a turn, and of the sub-agent whose session it is in', () => {
  const work = ids(SECOND, 'bbbbbbbb', 'sa-0-9c1b2a3d');
  const link = { parent_session_id: ROOT, parent_turn_id: ids().turn_id, child_session_id: SECOND };
  const host = { base_url: 'http://one', api_mode: 'chat' };
  const none = [undefined, undefined, undefined];

  test.each<[string, Fields[], (string | undefined)[]]>([
    ['is none where no call has one', [{}], none],
    [
      'is that of the first call',
      [{ provider: 'p', ...host }, { provider: 'q' }],
      ['p', 'http://one', 'chat'],
    ],
    [
      'is that of the first call with a provider',
      [host, { provider: 'p', base_url: 'http://two' }, { provider: 'q' }],
      ['p', 'http://two', undefined],
    ],
    [
      'else of the first with a host',
      [{}, host, { base_url: 'http://two' }],
      [undefined, 'http://one', 'chat'],
    ],
    ['else of the first with a mode', [{ api_mode: 'chat' }], [undefined, undefined, 'chat']],
  ])('%s', (_claim, requests, expected) => {
    const inside = requests.flatMap((fields, index) =>
      call(index + 3, index + 1, work).map((event) => ({ ...event, ...fields })),
    );
    const { spans } = replayEvents(inTurn([at(1, 'subagent_start', link), ...turn(2, inside, 9, work)]));
    const ofChild = ofKind(spans, 'turn').filter(({ sessionId }) => sessionId === SECOND);
    const found = [...ofChild, ...ofKind(spans, 'subagent')];
    expect(found.map(({ provider, baseUrl, apiMode }) => [provider, baseUrl, apiMode])).toEqual([
      expected,
      expected,
    ]);
  });
});

test('the filter of turns knows model, platform and profile of the turn, else of its session', () => {
  const seen: unknown[] = [];
  const events = [
    at(0, 'on_session_start', { session_id: ROOT, model: 'm', platform: 'cli', profile: 'work' }),
    at(1, 'pre_llm_call', ids()),
    at(2, 'pre_llm_call', { ...ids(ROOT, 'bbbbbbbb'), model: 'n', platform: 'api', profile: 'home' }),
  ];
  replayEvents(events, {
    selectTurn: ({ startTime, ...facts }) => {
      seen.push(facts);
      return startTime > 0;
    },
  });
  expect(seen).toEqual([
    { sessionId: ROOT, model: 'm', platform: 'cli', profile: 'work' },
    { sessionId: ROOT, model: 'n', platform: 'api', profile: 'home' },
  ]);
});
