import { describe, expect, test } from '@jest/globals';
import { type LogLine, readAgentLine } from '../../src/database/agent-log.ts';
import { convertSession } from '../../src/database/convert.ts';
import type { DatabaseSession, MessageRow, SessionRow } from '../../src/model/database.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { epochMicros } from '../../src/model/time.ts';
import { ofKind, replayLines } from './pairs.ts';

// Rows by hand → spans: what genuine runs show only together.

const START = 1_790_000_000;
const NONE = {
  inputTokens: undefined,
  outputTokens: undefined,
  cacheReadTokens: undefined,
  cacheWriteTokens: undefined,
  reasoningTokens: undefined,
  promptTokens: undefined,
  totalTokens: undefined,
};

function session(overrides: Partial<SessionRow> = {}): SessionRow {
  return {
    id: 's',
    source: 'cli',
    parentSessionId: undefined,
    delegateFrom: undefined,
    branchedFrom: undefined,
    resetFrom: undefined,
    startedAt: epochMicros(START * 1e6),
    endedAt: undefined,
    endReason: undefined,
    parentEndReason: undefined,
    parentEndedAt: undefined,
    model: 'm',
    provider: 'p',
    baseUrl: undefined,
    tokens: NONE,
    apiCallCount: undefined,
    cost: undefined,
    ...overrides,
  };
}

type Short = readonly [seconds: number, role: string, text: string, more?: Partial<MessageRow>];

/** Rows with ids from 1, at seconds since the session's start. */
function rows(...short: readonly Short[]): MessageRow[] {
  return short.map(([seconds, role, text, more], index) => ({
    id: index + 1,
    role,
    time: epochMicros((START + seconds) * 1e6),
    head: text.slice(0, 80),
    tail: text.slice(-16),
    length: text.length,
    finishReason: role === 'assistant' ? 'stop' : undefined,
    toolCallId: undefined,
    toolCalls: [],
    error: undefined,
    toolName: undefined,
    forAgent: true,
    damage: undefined,
    content: undefined,
    ...more,
  }));
}

function asks(...ids: readonly string[]): Partial<MessageRow> {
  const toolCalls = ids.map((id) => ({ id, otherId: undefined, name: 'terminal', args: undefined }));
  return { finishReason: 'tool_calls', toolCalls };
}

function convert(
  messages: readonly MessageRow[],
  overrides: Partial<DatabaseSession> & { readonly log?: Map<string, LogLine[]> } = {},
) {
  const { log = new Map(), ...given } = overrides;
  const conversion = { log, known: new Map(), kept: new Map(), lineages: new Map() };
  const database = { session: session(), messages, usage: [], children: [], ...given };
  return convertSession(conversion, database).map(({ body }) => body);
}

function spansOf(...given: Parameters<typeof convert>) {
  const replayed = replayLines(convert(...given).map((body) => JSON.stringify(body)));
  expect(replayed.diagnostics).toEqual([]);
  return replayed.spans;
}

function totals(bodies: readonly JsonObject[]): JsonObject | undefined {
  return bodies.find(({ event }) => event === 'session_totals');
}

/** Each turn with its calls and tools. */
function shape(...given: Parameters<typeof convert>): string[] {
  const spans = spansOf(...given);
  return ofKind(spans, 'turn').map((turn) => {
    const below = spans.filter(({ parentSpanId }) => parentSpanId === turn.spanId);
    const calls = ofKind(below, 'api_call').length;
    return `${turn.finalStatus} ${calls} calls ${ofKind(below, 'tool_call').map(({ status }) => status)}`;
  });
}

describe('what is a turn', () => {
  test.each<[string, MessageRow[], string[]]>([
    ['a question and its answer', rows([0, 'user', 'q'], [2, 'assistant', 'a']), ['completed 1 calls ']],
    [
      'a nudge of Hermes is a part of its turn',
      rows(
        [0, 'user', 'q'],
        [2, 'assistant', 'cut', { finishReason: 'length' }],
        [2.1, 'user', '[System: Your previous response was truncated by the output length limit.'],
        [4, 'assistant', 'a'],
      ),
      ['completed 2 calls '],
    ],
    [
      'a system note opens one',
      rows([0, 'user', '[System note: Your previous turn was interrupted'], [2, 'assistant', 'a']),
      ['completed 1 calls '],
    ],
    [
      'overheard and hidden texts are none',
      rows([0, 'user', 'q'], [1, 'user', 'chatter', { forAgent: false }], [2, 'assistant', 'a']),
      ['completed 1 calls '],
    ],
    [
      'a new message ends one that waits for its answer',
      rows([0, 'user', 'first'], [5, 'user', 'second'], [7, 'assistant', 'a']),
      ['incomplete 0 calls ', 'completed 1 calls '],
    ],
    [
      'two at once have an answer each',
      rows(
        [0, 'user', 'first'],
        [0.1, 'user', 'second'],
        [2, 'assistant', '', asks('a')],
        [3, 'assistant', 'second answer'],
        [4, 'tool', '{}', { toolCallId: 'a' }],
        [6, 'assistant', 'first answer'],
      ),
      ['completed 1 calls ', 'completed 2 calls ok'],
    ],
    [
      'a message that a gateway wrote twice is one',
      rows([0, 'user', 'q'], [0.02, 'user', 'q'], [9, 'user', 'next'], [11, 'assistant', 'a']),
      ['incomplete 0 calls ', 'completed 1 calls '],
    ],
    [
      'an interrupt is Hermes’s word, and no call',
      rows(
        [0, 'user', 'q'],
        [2, 'assistant', '', asks('a')],
        [3, 'tool', '[Tool execution skipped — terminal was not started.', { toolCallId: 'a' }],
        [3.2, 'assistant', 'Operation interrupted.', { finishReason: undefined }],
      ),
      ['interrupted 1 calls '],
    ],
    [
      'a killed one has the tool that ran',
      rows([0, 'user', 'q'], [2, 'assistant', '', asks('a', 'b')]),
      ['incomplete 1 calls '],
    ],
    [
      'an imported one has answers without reasons',
      rows([0, 'user', 'q'], [2, 'assistant', 'a', { finishReason: undefined }]),
      ['completed 1 calls '],
    ],
  ])('%s', (_, messages, expected) => {
    const spans = shape(messages);
    expect(spans.sort()).toEqual([...expected].sort());
  });
});

describe('copies', () => {
  const tool = { toolCallId: 'a' };

  test('compaction in place writes what it keeps again, in steps of a microsecond', () => {
    const messages = rows(
      [0, 'user', 'q'],
      [2, 'assistant', '', asks('a')],
      [3, 'tool', '{"output": "long"}', tool],
      [3.000_001, 'user', 'q'],
      [3.000_002, 'assistant', '[CONTEXT COMPACTION — REFERENCE ONLY] Earlier turns were…'],
      [3.000_003, 'assistant', '', asks('a')],
      [3.000_004, 'tool', '{"output": "[cleared]"}', tool],
      [6, 'assistant', 'a'],
    );
    expect(shape(messages)).toEqual(['completed 2 calls ok']);
  });

  test('a protected message keeps its time', () => {
    const messages = rows(
      [0, 'user', 'q'],
      [2, 'assistant', 'a'],
      [0, 'user', 'q'],
      [2, 'assistant', 'a'],
      [9, 'user', 'q'],
      [11, 'assistant', 'a'],
    );
    expect(shape(messages)).toEqual(['completed 1 calls ', 'completed 1 calls ']);
  });

  test('a forked session opens with rows that are older than itself', () => {
    const messages = rows([-9, 'user', 'q'], [-7, 'assistant', 'a'], [1, 'user', 'r'], [3, 'assistant', 'b']);
    expect(shape(messages, { session: session({ source: 'api_server' }) })).toEqual(['completed 1 calls ']);
  });
});

describe('times', () => {
  test('rows of a turn that were written together have an order, and no times', () => {
    const messages = rows(
      [9, 'user', 'q'],
      [9.01, 'assistant', '', asks('a')],
      [9.05, 'tool', '{}', { toolCallId: 'a' }],
      [9.09, 'assistant', 'a'],
    );
    const sources = spansOf(messages).map(({ kind, timeSource }) => `${kind} ${timeSource}`);
    expect(new Set(sources)).toEqual(
      new Set(['session row', 'turn order', 'api_call order', 'tool_call order']),
    );
  });

  test('when the clock is set back, the order of the rows holds', () => {
    const messages = rows(
      [100, 'user', 'q'],
      [102, 'assistant', '', asks('a')],
      [50, 'tool', '{}', { toolCallId: 'a' }],
      [51, 'assistant', 'a'],
    );
    for (const { startTime, endTime } of spansOf(messages)) expect(endTime).toBeGreaterThanOrEqual(startTime);
    expect(shape(messages)).toEqual(['completed 2 calls ok']);
  });

  test('a turn of 0.17 has a start and an end, and nothing between', () => {
    const messages = rows(
      [0, 'user', 'q'],
      [9, 'assistant', '', asks('a')],
      [9.01, 'tool', '{}', { toolCallId: 'a' }],
      [9.02, 'assistant', 'a'],
    );
    const [turn] = ofKind(spansOf(messages), 'turn');
    expect(turn?.timeSource).toBe('row');
    expect((turn?.endTime ?? 0) - (turn?.startTime ?? 0)).toBe(9_020_000);
  });
});

describe('agent.log', () => {
  const LINES = [
    'INFO [s] agent.turn_context: conversation turn: session=s model=m provider=p platform=cli history=0 msg=q',
    'WARNING [s] agent.conversation_loop: API call failed (attempt 1/3) error_type=InternalServerError thread=T provider=p model=m summary=HTTP 500: no',
    'WARNING [s] agent.conversation_loop: Retrying API call in 1.5s (attempt 1/3) thread=T',
    'INFO [s] agent.conversation_loop: API call #1: model=m provider=p in=100 out=7 total=107 latency=3.9s cache=40/100 (40%)',
    'INFO [s] agent.tool_executor: tool terminal completed (0.50s, 9 chars)',
    'INFO [s] agent.conversation_loop: API call #2: model=m provider=p in=unknown out=unknown latency=1.0s usage=unavailable',
    'INFO [s] agent.conversation_loop: Turn ended: reason=text_response(finish_reason=stop) model=m api_calls=2/90 session=s',
  ];
  const SECONDS = [0, 1, 1.1, 4, 5, 7, 7.1];
  const messages = rows(
    [7.2, 'user', 'q'],
    [7.21, 'assistant', '', asks('a')],
    [7.22, 'tool', '{}', { toolCallId: 'a' }],
    [7.23, 'assistant', 'a'],
  );

  function logAt(offsetHours: number): Map<string, LogLine[]> {
    const log = new Map<string, LogLine[]>();
    for (const [index, text] of LINES.entries()) {
      const at = new Date((START + (SECONDS[index] ?? 0) + offsetHours * 3600) * 1000).toISOString();
      readAgentLine(log, `${at.slice(0, 10)} ${at.slice(11, 19)},${at.slice(20, 23)} ${text}`);
    }
    return log;
  }

  test('gives times, tokens and failed attempts to rows without times', () => {
    const calls = ofKind(spansOf(messages, { log: logAt(0) }), 'api_call');
    expect(
      calls.map(({ startTime, endTime, usage, error }) => [
        (startTime / 1e6 - START).toFixed(1),
        (endTime / 1e6 - START).toFixed(1),
        usage?.inputTokens,
        usage?.cacheReadTokens,
        usage?.outputTokens,
        error?.type,
      ]),
    ).toEqual([
      ['0.0', '1.0', undefined, undefined, undefined, 'InternalServerError'],
      ['2.6', '4.0', 60, 40, 7, undefined],
      ['6.0', '7.0', undefined, undefined, undefined, undefined],
    ]);
  });

  test.each([5.5, -8, 0.75, 13])('is placed by the rows, %d hours off', (hours) => {
    expect(convert(messages, { log: logAt(hours) })).toEqual(convert(messages, { log: logAt(0) }));
  });

  test('the rest of the sums stays on the session', () => {
    const tokens = { ...NONE, inputTokens: 100, outputTokens: 10, cacheReadTokens: 40, reasoningTokens: 3 };
    const body = totals(convert(messages, { log: logAt(0), session: session({ tokens, apiCallCount: 2 }) }));
    expect(body?.model_usage).toEqual([
      {
        ...{ model: 'm', provider: 'p', task: undefined, api_call_count: 2, last_seen: undefined },
        usage: {
          input_tokens: 40,
          output_tokens: 3,
          cache_read_tokens: 0,
          cache_write_tokens: undefined,
          reasoning_tokens: 3,
          prompt_tokens: undefined,
        },
      },
    ]);
  });

  test('where cache writes are not recorded, the uncached input of a call is unknown', () => {
    const tokens = { ...NONE, inputTokens: 10, outputTokens: 7, cacheReadTokens: 40, cacheWriteTokens: 50 };
    const [, call] = ofKind(
      spansOf(messages, { log: logAt(0), session: session({ tokens, apiCallCount: 2 }) }),
      'api_call',
    );
    expect(call?.usage).toMatchObject({ inputTokens: undefined, outputTokens: 7, cacheReadTokens: 40 });
  });
});

describe('cost', () => {
  test.each<[string, SessionRow['cost'], unknown]>([
    [
      'an estimate',
      { estimatedUsd: 0.5, status: 'estimated', source: 'table' },
      { estimated_usd: 0.5, status: 'estimated', source: 'table' },
    ],
    [
      'what was paid',
      { estimatedUsd: 0.5, actualUsd: 0.4, status: 'actual', source: 'provider' },
      { estimated_usd: 0.5, actual_usd: 0.4, status: 'actual', source: 'provider' },
    ],
    [
      'a subscription is not 0 dollars',
      { estimatedUsd: 0, status: 'included', source: 'plan' },
      { status: 'included', source: 'plan' },
    ],
    ['a placeholder', { estimatedUsd: 0, status: 'included', source: 'none' }, undefined],
    ['unknown', { estimatedUsd: 0, status: 'unknown', source: 'none' }, undefined],
    ['nothing', {}, undefined],
  ])('%s', (_, cost, expected) => {
    const body = totals(
      convert(rows([0, 'user', 'q'], [2, 'assistant', 'a']), { session: session({ cost }) }),
    );
    expect(body?.cost).toEqual(expected);
  });
});

describe('sub-agents', () => {
  test.each<[string, Partial<SessionRow>, string]>([
    ['by its mark', { parentSessionId: 'p', delegateFrom: 'p', source: 'subagent' }, 'subagent_stop'],
    ['before 0.17 by its parent', { parentSessionId: 'p' }, 'subagent_stop'],
    [
      'a session after compression is none',
      { parentSessionId: 'p', parentEndReason: 'compression', parentEndedAt: epochMicros(START * 1e6) },
      'on_session_finalize',
    ],
    ['a branch is none', { parentSessionId: 'p', branchedFrom: 'p' }, 'on_session_finalize'],
    [
      'a fork is none',
      { parentSessionId: 'p', parentEndReason: 'branched', parentEndedAt: epochMicros(START * 1e6) },
      'on_session_finalize',
    ],
    ['a guess of the migration is none', { delegateFrom: '__orphaned__' }, 'on_session_finalize'],
  ])('%s', (_, origin, expected) => {
    const own = session({ endedAt: epochMicros((START + 9) * 1e6), ...origin });
    const bodies = convert(rows([1, 'user', 'q'], [2, 'assistant', 'a']), { session: own });
    expect(bodies.at(-1)?.event).toBe(expected);
  });

  test('of a session without messages are started by it', () => {
    const startedAt = epochMicros((START + 3) * 1e6);
    const firstMessageId = undefined;
    const child = { ...session({ id: 'c', parentSessionId: 's', startedAt }), firstMessageId };
    const lines = convert([], {
      session: session({ apiCallCount: 1 }),
      children: [{ ...child, lastMessageId: undefined, lastMessageAt: undefined }],
    });
    expect(lines.filter(({ event }) => event === 'subagent_start')).toMatchObject([
      { child_session_id: 'c', ts: START + 3 },
    ]);
  });
});
