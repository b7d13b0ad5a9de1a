import { describe, expect, test } from '@jest/globals';
import { type FlatEvent, replayEvents } from '../replayed.ts';
import { at, call, type Fields, ids, ofKind, ROOT, START, secondsOf, tool, turn } from './events.ts';

// The attempts of an API call: which event is of which, and what comes twice.
const BASE = { ...ids(), api_call_count: 1, api_request_id: 'r', model: 'm' };
const pre = (seconds: number, fields: Fields = {}) => at(seconds, 'pre_api_request', { ...BASE, ...fields });
const post = (seconds: number, fields: Fields = {}) =>
  at(seconds, 'post_api_request', { ...BASE, ...fields });
const error = (seconds: number, fields: Fields = {}) =>
  at(seconds, 'api_request_error', { ...BASE, ...fields });
const usage = { input_tokens: 10, output_tokens: 2, total_tokens: 12 };

function replay(events: readonly FlatEvent[]) {
  const { spans, lines, diagnostics } = replayEvents(turn(0, events, 60));
  const [whole] = ofKind(spans, 'turn');
  return { calls: ofKind(spans, 'api_call'), whole, lines, codes: diagnostics.map(({ code }) => code) };
}

describe('an answer that is in the log again', () => {
  test.each<[string, Fields, number, Fields]>([
    ['within 250 ms', {}, 2.25, {}],
    ['much later, with the same end of Hermes', { ended_at: START + 2 }, 9, { ended_at: START + 2 }],
    ['from a recorder that keeps fewer fields', { ended_at: START + 2, usage }, 2.1, {}],
  ])('%s is counted once', (_claim, fields, again, fieldsAgain) => {
    const { calls, whole, lines } = replay([pre(1), post(2, { usage, ...fields }), post(again, fieldsAgain)]);
    expect([calls.length, whole?.apiCallCount, whole?.tokens.outputTokens, lines.merged]).toEqual([
      1, 1, 2, 1,
    ]);
  });

  test.each<[string, Fields, number, Fields]>([
    ['more than 250 ms later', {}, 2.26, {}],
    ['with another end of Hermes', { ended_at: START + 2 }, 2.1, { ended_at: START + 2.1 }],
    ['with other tokens', { usage }, 2.1, { usage: { ...usage, total_tokens: 13 } }],
  ])('%s is another answer of the call', (_claim, fields, again, fieldsAgain) => {
    const { calls, whole } = replay([pre(1), post(2, fields), post(again, fieldsAgain)]);
    expect([calls.length, whole?.apiCallCount]).toEqual([2, 1]);
    expect(new Set(calls.map(({ spanId }) => spanId)).size).toBe(2);
  });
});

describe('an error that is in the log again', () => {
  test.each<[string, Fields, number, Fields]>([
    ['within 250 ms', {}, 2.25, {}],
    ['much later, with the same end of Hermes', { ended_at: START + 2 }, 9, { ended_at: START + 2 }],
  ])('%s is one attempt', (_claim, fields, again, fieldsAgain) => {
    const { calls, lines } = replay([pre(1), error(2, fields), error(again, { ...fields, ...fieldsAgain })]);
    expect([calls.length, lines.merged]).toEqual([1, 1]);
  });

  test.each<[string, Fields, number, Fields]>([
    ['more than 250 ms later', {}, 2.26, {}],
    ['with another end of Hermes', { ended_at: START + 2 }, 2.1, { ended_at: START + 2.1 }],
    ['with the next number', { retry_count: 0 }, 2.1, { retry_count: 1 }],
    ['with another status', { status_code: 429 }, 2.1, { status_code: 500 }],
  ])('%s is another attempt', (_claim, fields, again, fieldsAgain) => {
    expect(
      replay([pre(1), error(2, fields), error(again, { ...fields, ...fieldsAgain })]).calls,
    ).toHaveLength(2);
  });
});

describe('a `pre_api_request`', () => {
  test.each<[string, FlatEvent[], number]>([
    ['again, late, is of the call that was answered', [pre(1), post(2), pre(1.9)], 1],
    ['after the answer is another attempt', [pre(1), post(2), pre(2.5)], 2],
    ['again within 250 ms, equal in all, is the same attempt', [pre(1), pre(1.2), post(2)], 1],
    ['of other fields is a retry', [pre(1), pre(1.2, { message_count: 3 }), post(2)], 1],
    ['after 250 ms is a retry', [pre(1), pre(1.3), post(2)], 2],
  ])('%s', (_claim, events, expected) => {
    const { spans } = replayEvents(turn(0, events, 60), { reorderWindowMicros: 0 });
    expect(ofKind(spans, 'api_call')).toHaveLength(expected);
  });

  test('of a retry at once, recognised by any of its fields', () => {
    const fields: Fields = {
      provider: 'p',
      base_url: 'u',
      started_at: START + 1,
      retry_count: 0,
      message_count: 1,
      tool_count: 1,
      approx_input_tokens: 1,
      request_char_count: 1,
      max_tokens: 1,
    };
    for (const [name, value] of Object.entries(fields)) {
      const other = typeof value === 'number' ? value + 1 : 'other';
      const { calls } = replay([pre(1, fields), pre(1.1, { ...fields, [name]: other }), post(2, fields)]);
      expect([name, calls.length]).toEqual([name, 2]);
    }
  });
});

describe('a call that was tried several times', () => {
  const retried = [pre(1), error(2), pre(4), post(7, { usage })];

  test('has one span for each attempt, from its own start, and the usage once', () => {
    const { calls, whole } = replay(retried);
    expect(calls.map((span) => [span.answered, ...secondsOf(span)])).toEqual([
      [false, 1, 2],
      [true, 4, 7],
    ]);
    expect([whole?.apiCallCount, whole?.tokens.inputTokens]).toEqual([1, 10]);
  });

  test('is as long as from its first start to its answer, unless Hermes measured it', () => {
    expect(replay(retried).calls.map(({ callDurationMicros }) => callDurationMicros)).toEqual([
      undefined,
      6_000_000,
    ]);
    const measured = [...retried.slice(0, -1), post(7, { api_duration: 5.5 })];
    expect(replay(measured).calls[1]?.callDurationMicros).toBe(5_500_000);
  });

  test('without its starts each begins where the one before ended, and the first as its duration says', () => {
    const { calls } = replay([error(2, { api_duration: 1.5 }), error(4), post(7, { api_duration: 9 })]);
    expect(calls.map(secondsOf)).toEqual([
      [0.5, 2],
      [2, 4],
      [4, 7],
    ]);
  });

  test('fails before 0.16 without a hook of its own: the next attempt shows it', () => {
    const old = { session_id: ROOT, task_id: ROOT, turn_id: undefined, api_request_id: undefined };
    const events = [pre(1, old), pre(3, old), post(5, old)];
    const { spans } = replayEvents([
      at(0, 'pre_llm_call', { session_id: ROOT }),
      ...events,
      at(6, 'on_session_end', { session_id: ROOT, completed: true }),
    ]);
    expect(ofKind(spans, 'api_call').map((span) => [span.error, ...secondsOf(span)])).toEqual([
      [expect.objectContaining({ type: '_OTHER', message: undefined }), 1, 3],
      [undefined, 3, 5],
    ]);
  });
});

test.each<[string, Fields, string]>([
  ['the class that Hermes names', { error_type: 'RateLimitError', status_code: 429 }, 'RateLimitError'],
  ['else the status', { status_code: 429 }, '429'],
  ['else none', {}, '_OTHER'],
])('the error of an attempt is %s', (_claim, fields, type) => {
  expect(replay([pre(1), error(2, fields)]).calls[0]?.error?.type).toBe(type);
});

describe('an attempt without an end', () => {
  test('ends where the next call begins, incomplete', () => {
    const [second = pre(5)] = call(5, 2);
    const { calls } = replay([pre(1), second]);
    expect(calls.map((span) => [span.incomplete, ...secondsOf(span)])).toEqual([
      ['next_call', 1, 5],
      ['turn_end', 5, 60],
    ]);
  });

  test('without an end of its turn it ends with its last chunk', () => {
    const chunk = (seconds: number) => at(seconds, 'on_stream_delta', { ...ids(), iteration: 1 });
    const id = `${ids().turn_id}:api:1`;
    const { spans } = replayEvents([
      at(0, 'pre_llm_call', ids()),
      pre(1, { api_request_id: id }),
      chunk(3),
      chunk(4),
    ]);
    const [span] = ofKind(spans, 'api_call');
    expect([span?.incomplete, span && secondsOf(span), span?.timeToFirstChunkMicros]).toEqual([
      'end_of_input',
      [1, 3],
      2_000_000,
    ]);
  });

  test('a chunk of another call is of the one that is open', () => {
    const chunk = at(3, 'on_stream_delta', { ...ids(), iteration: 9 });
    expect(replay([pre(1), chunk, post(4)]).calls[0]?.timeToFirstChunkMicros).toBe(2_000_000);
    expect(replay([pre(1), post(2), chunk]).lines.unmapped).toBe(1);
  });
});

describe('a call has', () => {
  const facts = { model: 'm', provider: 'p', base_url: 'u', api_mode: 'a' };
  const ofCall = (request: Fields, answer: Fields, ofTurn: Fields = {}) => {
    const [begin = pre(0), ...ends] = turn(0, [], 60);
    const events = [{ ...begin, ...ofTurn }, pre(1, { model: null, ...request })];
    const { spans } = replayEvents([...events, post(2, { model: null, ...answer }), ...ends]);
    return ofKind(spans, 'api_call').map(({ model, provider, baseUrl, apiMode, platform, messageCount }) => ({
      model,
      provider,
      baseUrl,
      apiMode,
      platform,
      messageCount,
    }))[0];
  };
  const read = { model: 'm', provider: 'p', baseUrl: 'u', apiMode: 'a' };

  test('what its answer names, after a fallback', () => {
    const other = { model: 'x', provider: 'x', base_url: 'x', api_mode: 'x' };
    expect(ofCall(other, facts)).toMatchObject(read);
  });

  test('else what its request names', () => {
    expect(ofCall(facts, {})).toMatchObject(read);
  });

  test('the model and the platform of its turn, where it names none', () => {
    const ofTurn = { model: 'm', platform: 'cli' };
    expect(ofCall({}, {}, ofTurn)).toMatchObject({ model: 'm', platform: 'cli', provider: undefined });
    expect(ofCall({ platform: 'api' }, {}, ofTurn)).toMatchObject({ platform: 'api' });
  });

  test('the number of messages of its request, else of its answer', () => {
    expect(ofCall({ message_count: 3 }, { message_count: 5 })).toMatchObject({ messageCount: 3 });
    expect(ofCall({}, { message_count: 5 })).toMatchObject({ messageCount: 5 });
  });
});

test('the time to the first chunk is that of the answer, else of the stream', () => {
  const chunk = at(3, 'on_stream_delta', { ...ids(), iteration: 1 });
  const first = (answer: Fields) => replay([pre(1), chunk, post(4, answer)]).calls[0]?.timeToFirstChunkMicros;
  expect([first({ first_chunk_at: START + 1.5 }), first({})]).toEqual([500_000, 2_000_000]);
  expect(first({ first_chunk_at: START + 1 })).toBe(0);
});

test('a call that is answered after its turn ended, and its answer again, are one span below the turn', () => {
  const [begin, ...ends] = turn(0, [], 3);
  const events = [...(begin ? [begin] : []), pre(1), ...ends, post(5), post(5.01)];
  const { spans, lines } = replayEvents(events);
  const [[span, ...more], [whole]] = [ofKind(spans, 'api_call'), ofKind(spans, 'turn')];
  expect([more.length, span?.answered, span && secondsOf(span), lines.merged]).toEqual([0, true, [1, 5], 1]);
  expect([span?.parentSpanId, whole && secondsOf(whole)[1]]).toEqual([whole?.spanId, 3]);
});

test('a new request ends the tools before it, which have no end of their own', () => {
  const [open = pre(2)] = tool(2, 'c', 'x');
  const { spans } = replayEvents(turn(0, [...call(1, 1), open, ...call(5, 2)], 60));
  expect(ofKind(spans, 'tool_call').map((span) => [span.incomplete, ...secondsOf(span)])).toEqual([
    ['next_call', 2, 5],
  ]);
});
