import { describe, expect, test } from '@jest/globals';
import { type FlatEvent, replayEvents } from '../replayed.ts';
import { at, call, type Fields, ids, ofKind, ROOT, SECOND, secondsOf, tool, turn } from './events.ts';

const OLD = { session_id: ROOT, task_id: ROOT };
const pre = (seconds: number, args: Fields, fields: Fields = {}) =>
  at(seconds, 'pre_tool_call', { tool_name: 'terminal', args, task_id: ROOT, ...fields });
const post = (seconds: number, args: Fields, id: string, fields: Fields = {}) =>
  at(seconds, 'post_tool_call', {
    ...OLD,
    tool_name: 'terminal',
    args,
    tool_call_id: id,
    result: '{}',
    ...fields,
  });
const inTurn = (events: readonly FlatEvent[]) => [
  at(0, 'pre_llm_call', { session_id: ROOT }),
  ...events,
  at(60, 'on_session_end', { session_id: ROOT, completed: true, interrupted: false }),
];

describe('before 0.16', () => {
  test.each<[string, Fields, Fields]>([
    ['a number', { limit: '50' }, { limit: 50 }],
    ['a negative fraction', { at: '-0.5' }, { at: -0.5 }],
    ['a boolean', { all: 'True' }, { all: true }],
    ['a list', { paths: '["a", 2]' }, { paths: ['a', 2] }],
    ['an object', { edit: '{"x": [1]}' }, { edit: { x: [1] } }],
  ])('arguments that Hermes converted are still the same call: %s', (_name, sent, converted) => {
    const { spans } = replayEvents(
      inTurn([pre(1, sent), pre(1.001, converted, { ...OLD, tool_call_id: 'c' }), post(1.3, converted, 'c')]),
    );
    expect(ofKind(spans, 'tool_call').map(({ status, toolCallId }) => [status, toolCallId])).toEqual([
      ['ok', 'c'],
    ]);
  });

  test.each([
    ['text', { content: '50 lines' }, { content: '50 line' }],
    ['long digits', { id: '12345678901234567890' }, { id: '12345678901234567891' }],
  ])('%s is not converted', (_name, one, other) => {
    const { spans } = replayEvents(
      inTurn([pre(1, one), pre(1.1, other), post(2, other, 'b'), post(3, one, 'a')]),
    );
    expect(
      ofKind(spans, 'tool_call').map(({ toolCallId, ...span }) => [toolCallId, secondsOf(span as never)[1]]),
    ).toEqual([
      ['b', 2],
      ['a', 3],
    ]);
  });

  test('a provider that gives every call one id, each with its end', () => {
    const steps = ['a', 'b', 'b', 'c'].flatMap((command, index) => [
      pre(index * 10 + 1, { command }),
      post(index * 10 + 1.3, { command }, 'call_0', { duration_ms: 300 }),
    ]);
    const { spans, diagnostics } = replayEvents(inTurn(steps));
    expect(ofKind(spans, 'tool_call').map(({ status, durationMillis }) => [status, durationMillis])).toEqual(
      Array(4).fill(['ok', 300]),
    );
    expect(diagnostics).toEqual([]);
  });

  test('one id for parallel calls, and two recorders', () => {
    const events = inTurn([
      pre(1, { command: 'a' }),
      pre(1.001, { command: 'b' }),
      post(2, { command: 'b' }, 'call_0'),
      post(3, { command: 'a' }, 'call_0'),
    ]);
    const twice = events.flatMap((event) => [event, { ...event, ts: event.ts + 0.012 }]);
    const ends = (log: readonly FlatEvent[]) =>
      ofKind(replayEvents(log).spans, 'tool_call').map((span) => [
        span.status,
        Math.round(secondsOf(span)[1] ?? 0),
      ]);
    expect(ends(events)).toEqual([
      ['ok', 2],
      ['ok', 3],
    ]);
    expect(ends(twice)).toEqual(ends(events));
  });

  test.each([0, 20])(
    'two recorders of a hook that fires twice, without ids and with them, beside %d open calls',
    (beside) => {
      const others = Array.from({ length: beside }, (_, index) => pre(0.5, { command: `other ${index}` }));
      const args = { command: 'a' };
      const named = (seconds: number) =>
        at(seconds, 'pre_tool_call', { ...OLD, tool_name: 'terminal', tool_call_id: 'c', args });
      const events = [
        ...others,
        pre(1, args),
        named(1.005),
        pre(1.012, args),
        named(1.017),
        post(2, args, 'c'),
      ];
      const { spans } = replayEvents(inTurn(events));
      expect(ofKind(spans, 'tool_call')).toHaveLength(beside + 1);
    },
  );

  describe('an end without an id', () => {
    const end = (seconds: number, fields: Fields = {}) =>
      at(seconds, 'post_tool_call', { ...OLD, tool_name: 'terminal', args: { command: 'a' }, ...fields });
    const found = (ends: readonly FlatEvent[]) => {
      const { spans, lines } = replayEvents(inTurn([pre(1, { command: 'a' }), ...ends]));
      return [ofKind(spans, 'tool_call').map((span) => secondsOf(span)[1]), lines.merged];
    };

    test('that a second recorder wrote ends the call once', () => {
      expect(found([end(2, { duration_ms: 9 }), end(2.012, { duration_ms: 9 })])).toEqual([[2], 1]);
    });

    test.each<[string, FlatEvent]>([
      ['much later', end(3, { duration_ms: 9 })],
      ['of another length', end(2.012, { duration_ms: 7 })],
      ['of another tool', end(2.012, { duration_ms: 9, tool_name: 'other' })],
      ['of other arguments', end(2.012, { duration_ms: 9, args: { command: 'b' } })],
    ])('%s is of another call', (_claim, other) => {
      const [ends, merged] = found([end(2, { duration_ms: 9 }), other]);
      expect([(ends as number[]).length, merged]).toEqual([2, 0]);
    });
  });

  test('an end without id and start is of the `execute_code` that runs', () => {
    const script = { ...OLD, tool_name: 'execute_code', args: { code: 'x' } };
    const { spans } = replayEvents(
      inTurn([
        at(1, 'pre_tool_call', script),
        at(2, 'post_tool_call', { ...OLD, tool_name: 'read_file', args: {}, duration_ms: 5 }),
        at(3, 'post_tool_call', { ...script, tool_call_id: 'c' }),
      ]),
    );
    const [inner, outer] = ofKind(spans, 'tool_call');
    expect([inner?.parentSpanId, inner?.toolName]).toEqual([outer?.spanId, 'read_file']);
  });

  test.each([
    ['a single open call of the tool takes an end with other arguments', ['a'], 1],
    ['of several none does', ['a', 'b'], 3],
  ])('hooks may rewrite arguments: %s', (_claim, commands, expected) => {
    const starts = commands.map((command, index) => pre(index + 1, { command }));
    const { spans } = replayEvents(inTurn([...starts, post(5, { command: 'rewritten' }, 'c')]));
    expect(ofKind(spans, 'tool_call')).toHaveLength(expected);
  });

  test.each<[string, FlatEvent[], number]>([
    ['while its first call runs is of a slow second recorder', [], 1],
    ['after an answer begins another turn', [at(0.15, 'post_api_request', { ...OLD, api_call_count: 1 })], 2],
  ])('the start of a turn that comes again %s', (_claim, between, expected) => {
    const start = (seconds: number) => at(seconds, 'pre_llm_call', { session_id: ROOT, user_message: 'hi' });
    const first = at(0.1, 'pre_api_request', { ...OLD, api_call_count: 1 });
    const { spans } = replayEvents([start(0), first, ...between, start(0.2)]);
    expect(ofKind(spans, 'turn')).toHaveLength(expected);
  });

  test('a retry at once, without an error hook', () => {
    const attempt = (seconds: number) =>
      at(seconds, 'pre_api_request', { ...OLD, api_call_count: 1, message_count: 3 });
    const answer = at(2, 'post_api_request', { ...OLD, api_call_count: 1 });
    const attempts = (events: readonly FlatEvent[]) =>
      ofKind(replayEvents(inTurn(events)).spans, 'api_call').map(({ error, answered }) => [
        error?.type,
        answered,
      ]);
    expect(attempts([attempt(1), attempt(1.15), answer])).toEqual([
      ['_OTHER', false],
      [undefined, true],
    ]);
    const start = at(0.01, 'pre_llm_call', { session_id: ROOT });
    expect(attempts([start, attempt(1), attempt(1.012), answer])).toEqual([[undefined, true]]);
  });
});

test('an approval without an answer ends with its tool', () => {
  const [start, end] = tool(1, 'c1', 'a');
  const asked = at(1.01, 'pre_approval_request', { ...ids(), tool_call_id: 'c1', surface: 'cli' });
  const { spans } = replayEvents(
    turn(
      0,
      [start, asked, end].filter((event) => event !== undefined),
      9,
    ),
  );
  expect(ofKind(spans, 'approval').map((span) => [...secondsOf(span), span.incomplete])).toEqual([
    [1.01, 1.02, 'turn_end'],
  ]);
});

test('an approval that is open when the log ends says so, like its tool', () => {
  const [start] = tool(1, 'c1', 'a');
  const asked = at(1.1, 'pre_approval_request', { ...ids(), tool_call_id: 'c1', surface: 'cli' });
  const { spans } = replayEvents([at(0, 'pre_llm_call', ids()), start ?? asked, asked]);
  expect(spans.map(({ kind, incomplete }) => [kind, incomplete])).toEqual([
    ['tool_call', 'end_of_input'],
    ['approval', 'end_of_input'],
    ['turn', 'end_of_input'],
    ['session', 'end_of_input'],
  ]);
});

test('an answer is to the request of the tool that still runs', () => {
  const asked = (seconds: number, hook = 'pre_approval_request', fields: Fields = {}) =>
    at(seconds, hook, {
      session_id: ROOT,
      turn_id: ids().turn_id,
      surface: 'cli',
      command: 'rm x',
      ...fields,
    });
  const run = (seconds: number, hook: string, id: string) =>
    at(seconds, hook, { ...ids(), tool_name: 'terminal', tool_call_id: id, args: { command: 'rm x' } });
  const { spans } = replayEvents([
    at(0, 'pre_llm_call', ids()),
    run(0.5, 'pre_tool_call', 'c1'),
    asked(1),
    run(2, 'post_tool_call', 'c1'),
    run(2.5, 'pre_tool_call', 'c2'),
    asked(3),
    asked(5, 'post_approval_response', { choice: 'once' }),
    run(6, 'post_tool_call', 'c2'),
    at(9, 'on_session_end', { ...ids(), completed: true }),
  ]);
  expect(ofKind(spans, 'approval').map((span) => [span.choice, ...secondsOf(span)])).toEqual([
    ['once', 3, 5],
    [undefined, 1, 2],
  ]);
});

describe('one command on two surfaces', () => {
  const ask = (hook: string, seconds: number, surface: string, fields: Fields = {}) =>
    at(seconds, hook, { session_id: ROOT, surface, command: 'rm x', ...fields });
  const of = (events: readonly FlatEvent[]) =>
    ofKind(replayEvents(inTurn(events)).spans, 'approval').map((span) => [
      span.surface,
      span.choice,
      span.incomplete,
      ...secondsOf(span),
    ]);

  test('the first ends where the second is asked, whole and without a choice', () => {
    const events = [
      ask('pre_approval_request', 1, 'smart'),
      ask('pre_approval_request', 3, 'cli'),
      ask('post_approval_response', 5, 'cli', { choice: 'once' }),
    ];
    expect(of(events)).toEqual([
      ['smart', undefined, undefined, 1, 3],
      ['cli', 'once', undefined, 3, 5],
    ]);
  });

  test('asked again on one surface nothing is handed on: both are without an answer', () => {
    const events = [ask('pre_approval_request', 1, 'cli'), ask('pre_approval_request', 3, 'cli')];
    expect(of(events)).toEqual([
      ['cli', undefined, 'turn_end', 1, 60],
      ['cli', undefined, 'turn_end', 3, 60],
    ]);
  });

  test.each([
    ['another tool call', { tool_call_id: 'a' }, { tool_call_id: 'b' }],
    ['another pattern', { pattern_key: 'a' }, { pattern_key: 'b' }],
  ])('of %s nothing is handed on', (_claim, one, other) => {
    const events = [
      ask('pre_approval_request', 1, 'smart', one),
      ask('pre_approval_request', 3, 'cli', other),
      ask('post_approval_response', 5, 'cli', { ...other, choice: 'once' }),
    ];
    expect(of(events)).toEqual([
      ['cli', 'once', undefined, 3, 5],
      ['smart', undefined, 'turn_end', 1, 60],
    ]);
  });

  test('an answer on a surface that did not ask ends no other', () => {
    const events = [
      ask('pre_approval_request', 1, 'smart'),
      ask('post_approval_response', 5, 'cli', { choice: 'once' }),
    ];
    expect(of(events)).toEqual([
      ['cli', 'once', undefined, 5, 5],
      ['smart', undefined, 'turn_end', 1, 60],
    ]);
  });

  test('another command is another request', () => {
    const events = [
      ask('pre_approval_request', 1, 'smart'),
      ask('pre_approval_request', 3, 'cli', { command: 'rm y' }),
      ask('post_approval_response', 5, 'cli', { command: 'rm y', choice: 'deny' }),
    ];
    expect(of(events)).toEqual([
      ['cli', 'deny', undefined, 3, 5],
      ['smart', undefined, 'turn_end', 1, 60],
    ]);
  });
});

test.each<[string, Fields, number, number]>([
  ['within 250 ms', {}, 5.25, 1],
  ['later, with the id of its tool call', { tool_call_id: 'a' }, 9, 1],
  ['later, without one, is of another request', {}, 5.3, 2],
  ['of another command, is of another request', {}, 5.1, 2],
])('an answer to an approval that is in the log again: %s', (claim, fields, seconds, expected) => {
  const answer = (at5: number, command: string) =>
    at(at5, 'post_approval_response', {
      ...fields,
      session_id: ROOT,
      surface: 'cli',
      command,
      choice: 'once',
    });
  const again = answer(seconds, claim.startsWith('of another') ? 'rm y' : 'rm x');
  expect(ofKind(replayEvents(inTurn([answer(5, 'rm x'), again])).spans, 'approval')).toHaveLength(expected);
});

test.each([
  ['once', true, false],
  ['session', true, false],
  ['always', true, false],
  ['smart_approve', true, false],
  ['deny', false, false],
  ['smart_deny', false, false],
  ['timeout', false, true],
  ['cancelled', false, false],
  ['notify_failed', false, false],
  ['another word', undefined, false],
  [undefined, undefined, undefined],
])('the choice %j lets the tool run: %j, timed out: %j', (choice, granted, timedOut) => {
  const answer = at(5, 'post_approval_response', { session_id: ROOT, surface: 'cli', choice });
  expect(ofKind(replayEvents(inTurn([answer])).spans, 'approval')).toMatchObject([{ granted, timedOut }]);
});

describe('an approval hangs below', () => {
  const open = (id: string, command: string) =>
    at(1, 'pre_tool_call', { ...ids(), tool_name: 'terminal', tool_call_id: id, args: { command } });
  const gated = (fields: Fields, tools: readonly FlatEvent[] = [open('a', 'rm x'), open('b', 'rm y')]) => {
    const ask = at(5, 'pre_approval_request', { ...ids(), surface: 'cli', ...fields });
    const { spans } = replayEvents(turn(0, [...tools, ask], 60));
    const [approval] = ofKind(spans, 'approval');
    const parent = spans.find(({ spanId }) => spanId === approval?.parentSpanId);
    return parent?.kind === 'tool_call' ? parent.toolCallId : parent?.kind;
  };

  test.each<[string, Fields, string]>([
    ['the tool call that it names', { tool_call_id: 'a', command: 'rm y' }, 'a'],
    ['else the one that runs its command', { command: 'rm x' }, 'a'],
    ['also where the call that it names is not known', { tool_call_id: 'z', command: 'rm x' }, 'a'],
    ['else the last', { command: 'rm z' }, 'b'],
    ['the last where nothing is known of it', {}, 'b'],
  ])('%s', (_claim, fields, expected) => {
    expect(gated(fields)).toBe(expected);
  });

  test('its turn, where no tool is open', () => {
    expect(gated({}, [])).toBe('turn');
  });
});

describe('approvals of two sessions at once', () => {
  const begin = (session: string, command: string, seconds: number) => [
    at(seconds, 'pre_llm_call', { session_id: session }),
    at(seconds + 0.1, 'pre_tool_call', { task_id: session, tool_name: 'terminal', args: { command } }),
  ];
  const gate = (hook: string, seconds: number, command: string, key: string, fields: Fields = {}) =>
    at(seconds, hook, { command, session_key: key, surface: 'gateway', pattern_key: 'rm', ...fields });
  const of = (events: readonly FlatEvent[]) =>
    ofKind(replayEvents(events).spans, 'approval').map(({ sessionId, choice }) => [sessionId, choice]);

  test('are matched by the command, and answered in any order', () => {
    const events = [
      ...begin(ROOT, 'rm a', 0),
      ...begin(SECOND, 'rm b', 0.05),
      gate('pre_approval_request', 1, 'rm a', 'k1'),
      gate('pre_approval_request', 1.1, 'rm b', 'k2'),
      gate('post_approval_response', 2, 'rm b', 'k2', { choice: 'deny' }),
      gate('post_approval_response', 3, 'rm a', 'k1', { choice: 'once' }),
    ];
    expect(of(events)).toEqual([
      [SECOND, 'deny'],
      [ROOT, 'once'],
    ]);
  });

  test('are not of a turn that was sent and only waits for a late tool', () => {
    const turns = [ids(ROOT), ids(SECOND)];
    const events = [
      ...turns.map((which, index) => at(index, 'pre_llm_call', which)),
      at(2, 'pre_tool_call', { ...turns[0], tool_name: 'terminal', tool_call_id: 'a', args: {} }),
      at(3, 'on_session_end', { ...turns[0], completed: false, interrupted: true }),
      gate('pre_approval_request', 4, 'rm x', 'k1'),
    ];
    expect(of(events)).toEqual([[SECOND, undefined]]);
  });

  test('are of no session where several could have asked', () => {
    const events = [
      at(0, 'pre_llm_call', ids(ROOT)),
      at(1, 'pre_llm_call', ids(SECOND)),
      gate('pre_approval_request', 4, 'rm x', 'k1'),
    ];
    expect([of(events), replayEvents(events).lines.unplaced]).toEqual([[], 1]);
  });

  test('of an unknown command are of the session with an open approval, else with a running tool', () => {
    const asked = { surface: 'gateway', pattern_key: 'rm' };
    const tool = at(2, 'pre_tool_call', { ...ids(SECOND), tool_name: 't', tool_call_id: 'a', args: {} });
    const both = [at(0, 'pre_llm_call', ids(ROOT)), at(1, 'pre_llm_call', ids(SECOND))];
    const bare = at(5, 'post_approval_response', { ...asked, choice: 'deny' });
    expect(of([...both, tool, bare])).toEqual([[SECOND, 'deny']]);
    const open = at(3, 'pre_approval_request', { ...asked, ...ids(ROOT), session_id: ROOT });
    const answered = of([...both, tool, open, { ...bare, turn_id: ids(ROOT).turn_id }]);
    expect(answered).toEqual([[ROOT, 'deny']]);
    expect(of([...both, tool, at(3, 'pre_approval_request', { ...asked, session_id: ROOT }), bare])).toEqual([
      [ROOT, 'deny'],
    ]);
  });

  test('a routing key stays with its session, also where two run one command', () => {
    const events = [
      ...begin(ROOT, 'rm a', 0),
      gate('pre_approval_request', 1, 'rm a', 'k1'),
      gate('post_approval_response', 2, 'rm a', 'k1', { choice: 'once' }),
      ...begin(SECOND, 'rm a', 3),
      gate('pre_approval_request', 4, 'rm a', 'k1'),
      gate('post_approval_response', 5, 'rm a', 'k1', { choice: 'deny' }),
    ];
    expect(of(events)).toEqual([
      [ROOT, 'once'],
      [ROOT, 'deny'],
    ]);
  });

  test('without content the command is in no span', () => {
    const events = [...begin(ROOT, 'rm a', 0), gate('pre_approval_request', 1, 'rm a', 'k1')];
    expect(ofKind(replayEvents(events).spans, 'approval').map(({ command }) => command)).toEqual([undefined]);
    expect(
      ofKind(replayEvents(events, { content: true }).spans, 'approval').map(({ command }) => command),
    ).toEqual(['rm a']);
  });
});

test('sub-agents that stop at one time are one each, in any order of their lines', () => {
  const stops = [100, 200, 300].map((duration_ms) =>
    at(400, 'subagent_stop', { parent_session_id: ROOT, duration_ms }),
  );
  const found = (lines: readonly FlatEvent[]) =>
    ofKind(replayEvents([...turn(0, call(1, 1), 500), ...lines]).spans, 'subagent')
      .map(({ spanId, durationMillis }) => `${durationMillis} ${spanId}`)
      .toSorted();
  expect(new Set(found(stops)).size).toBe(3);
  expect(found(stops.toReversed())).toEqual(found(stops));
});

test('approvals that are asked at one time are distinguished by their commands, in any order of their lines', () => {
  const asked = ['rm a', 'rm b'].map((command) =>
    at(5, 'pre_approval_request', { session_id: ROOT, surface: 'cli', pattern_key: 'rm', command }),
  );
  const found = (lines: readonly FlatEvent[]) => {
    const { spans, diagnostics } = replayEvents(inTurn(lines), { content: true });
    expect(diagnostics).toEqual([]);
    return ofKind(spans, 'approval')
      .map(({ command, spanId }) => `${command} ${spanId}`)
      .toSorted();
  };
  expect(new Set(found(asked).map((one) => one.slice(5))).size).toBe(2);
  expect(found(asked.toReversed())).toEqual(found(asked));
});

test.each<[string, Fields, number, number]>([
  ['with its id is the same call, however late', { ...OLD, tool_call_id: 'c' }, 9, 1],
  ['without an id is the same call within 250 ms', {}, 1.25, 1],
  ['without an id is another call later', {}, 1.3, 2],
])('the start of an open call that comes again %s', (_claim, fields, again, expected) => {
  const events = [pre(1, { command: 'a' }, fields), pre(again, { command: 'a' }, fields)];
  expect(ofKind(replayEvents(inTurn(events)).spans, 'tool_call')).toHaveLength(expected);
});

test.each<[string, Fields]>([
  ['has an id', { tool_call_id: 'c' }],
  ['is of another task', { task_id: 'other', session_id: ROOT }],
  ['is of another tool', { tool_name: 'other' }],
])('a call without an id is alone at its time beside one that %s', (_claim, fields) => {
  const own = pre(5, { command: 'a' });
  const found = (others: readonly FlatEvent[]) =>
    ofKind(replayEvents(inTurn([own, ...others])).spans, 'tool_call')[0]?.spanId;
  expect(found([pre(5, { command: 'b' }, fields)])).toBe(found([]));
  expect(found([pre(5, { command: 'b' })])).not.toBe(found([]));
});

test('an ordinal in an id is reported with its line', () => {
  const twin = (id: string) => [pre(1, { command: 'date' }), post(1, { command: 'date' }, id)];
  const { diagnostics } = replayEvents(inTurn([...twin('a'), ...twin('b'), ...twin('c')]));
  expect(diagnostics.map(({ code, at: where }) => [code, where?.line])).toEqual([
    ['id-by-ordinal', 4],
    ['id-by-ordinal', 6],
  ]);
});

describe('the session of a log that has only turn ids', () => {
  const UUID = '0f8fad5b-d9cb-469f-a165-708677289500';
  test.each([
    ['two equal halves', 'app:user:7', 'app:user:7', undefined, 'app:user:7'],
    ['the task of the event', 'webhook:demo:1', 'job:5', 'job:5', 'webhook:demo:1'],
    ['a UUID as task', 'team:room:1', UUID, undefined, 'team:room:1'],
    ['the task of a sub-agent', 'team:room', 'sa-0-9c1b2a3d', undefined, 'team:room'],
    ['one colon', ROOT, 'task', undefined, ROOT],
    ['nothing that would distinguish the two', 'a:b', 'c', undefined, undefined],
    ['a task that is the end of the id by chance', ROOT, 'task', 'sk', ROOT],
    ['halves that are not equal', 'app:a', 'app:b', undefined, undefined],
    ["Hermes's word for no session", 'session', 'task', undefined, undefined],
    ['no session before the task', '', 'task', 'task', undefined],
    ['no session before a UUID', '', UUID, undefined, undefined],
  ])('%s', (_name, session, task, taskId, expected) => {
    const turnId = `${session}:${task}:0000000a`;
    const { spans } = replayEvents([
      at(0, 'pre_api_request', { turn_id: turnId, task_id: taskId, api_call_count: 1 }),
    ]);
    expect(ofKind(spans, 'session').map(({ sessionId }) => sessionId)).toEqual(
      expected === undefined ? [] : [expected],
    );
  });

  test.each(['s:t:0000000', 's:t:0000000g', 's:t-0000000a', ':0000000a', 's'])(
    '%s is of another form',
    (turn_id) => {
      expect(replayEvents([at(0, 'pre_api_request', { turn_id, api_call_count: 1 })])).toMatchObject({
        spans: [],
        lines: { unplaced: 1 },
      });
    },
  );

  test('is the one in which the turn began, once that is known', () => {
    const turn_id = 'a:b:c:0000000a';
    const { spans } = replayEvents([
      at(0, 'pre_llm_call', { session_id: 'a:b', turn_id }),
      at(1, 'pre_api_request', { turn_id, api_call_count: 1 }),
      at(2, 'post_api_request', { turn_id, api_call_count: 1 }),
    ]);
    expect(ofKind(spans, 'api_call').map(({ sessionId }) => sessionId)).toEqual(['a:b']);
  });
});

describe('the session of a call that has only a task', () => {
  const callOf = (task_id: string) =>
    at(1, 'pre_tool_call', { tool_name: 't', tool_call_id: '', args: {}, task_id });
  const sessionsOf = (events: readonly FlatEvent[]) =>
    ofKind(replayEvents(events).spans, 'tool_call').map(({ sessionId }) => sessionId);

  test.each([
    [
      'that under which the task was seen last',
      [at(0, 'pre_llm_call', { session_id: 'x', task_id: 'job' })],
      'job',
      'x',
    ],
    ['that with the id of the task', [at(0, 'pre_llm_call', { session_id: 'job' })], 'job', 'job'],
    ['one that is new, where the task has the form of a session', [], ROOT, ROOT],
    ['one of cron', [], 'cron_daily', 'cron_daily'],
  ])('is %s', (_claim, before, task, expected) => {
    expect(sessionsOf([...before, callOf(task)])).toEqual([expected]);
  });

  test('is none where the task is of another form', () => {
    expect(sessionsOf([callOf('job')])).toEqual([]);
    expect(sessionsOf([callOf('20260915_101500')])).toEqual([]);
  });
});

describe('turn ids of another recorder', () => {
  /** A turn of one call and one tool, in this session. */
  const counted = (session_id: string, turn_id: string, start: number) => {
    const fields = { session_id, turn_id };
    return [
      at(start, 'pre_llm_call', fields),
      at(start + 0.2, 'pre_api_request', { ...fields, api_call_count: 1 }),
      at(start + 0.4, 'post_api_request', { ...fields, api_call_count: 1, usage: { output_tokens: 2 } }),
      at(start + 0.6, 'pre_tool_call', { ...fields, tool_name: 'terminal', tool_call_id: 'c' }),
      at(start + 0.8, 'post_tool_call', { ...fields, tool_name: 'terminal', tool_call_id: 'c' }),
      at(start + 1, 'on_session_end', { ...fields, completed: true }),
    ];
  };
  const inTime = (events: readonly FlatEvent[]) => events.toSorted((a, b) => a.ts - b.ts);

  test.each(['1', 'turn-1', 't'])('%s counts the turns of each session, also of two at once', (turnId) => {
    const log = inTime([
      ...counted('one', turnId, 1),
      ...counted('two', turnId, 1.1),
      ...counted('three', turnId, 9),
    ]);
    for (const tracePer of ['session', 'turn'] as const) {
      const { spans } = replayEvents(log, { tracePer });
      const below = (kind: 'api_call' | 'tool_call') =>
        ofKind(spans, kind).map(({ sessionId, parentSpanId }) => [
          sessionId,
          ofKind(spans, 'turn').find(({ spanId }) => spanId === parentSpanId)?.sessionId,
        ]);
      const each = [
        ['one', 'one'],
        ['two', 'two'],
        ['three', 'three'],
      ];
      expect([below('api_call'), below('tool_call')]).toEqual([each, each]);
      expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    }
  });

  test('long ones name a turn wherever they come', () => {
    const turnId = '0f8fad5b-d9cb-469f-a165-70867728950e';
    const [start, ...more] = counted('one', turnId, 1);
    const { spans } = replayEvents([
      start,
      ...more.map((event) => ({ ...event, session_id: 'two' })),
    ] as FlatEvent[]);
    expect(ofKind(spans, 'turn').map((each) => [each.sessionId, each.turnId])).toEqual([['one', turnId]]);
  });
});

test('a turn of a session whose id begins with that of another one stays where it is', () => {
  const longer = 'gateway-1';
  const turnId = `${longer}:${longer}:0a1b2c3d`;
  const events = [
    at(1, 'pre_llm_call', { session_id: longer, turn_id: turnId }),
    at(2, 'pre_api_request', { session_id: 'gateway', turn_id: turnId, api_call_count: 1 }),
    at(3, 'post_api_request', { session_id: 'gateway', turn_id: turnId, api_call_count: 1 }),
    at(4, 'on_session_end', { session_id: 'gateway', turn_id: turnId, completed: true }),
  ];
  const { spans } = replayEvents(events);
  expect(ofKind(spans, 'turn').map(({ sessionId, completed }) => [sessionId, completed])).toEqual([
    [longer, true],
  ]);
});
