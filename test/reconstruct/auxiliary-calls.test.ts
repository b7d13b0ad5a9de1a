import { describe, expect, test } from '@jest/globals';
import { type FlatEvent, replayEvents } from '../replayed.ts';
import { at, type Fields, ids, ofKind, ROOT, SECOND, START, secondsOf, turn } from './events.ts';

// Calls that Hermes makes for itself: which events are one call, and what is known of one that lacks an event.
const BASE = { ...ids(), aux_task: 'title', api_request_id: 'a' };
const pre = (seconds: number, fields: Fields = {}) =>
  at(seconds, 'pre_auxiliary_call', { ...BASE, ...fields });
const post = (seconds: number, fields: Fields = {}) =>
  at(seconds, 'post_auxiliary_call', { ...BASE, ...fields });
const usage = { input_tokens: 5, output_tokens: 1 };

function replay(events: readonly FlatEvent[], ofTurn: Fields = {}) {
  const [begin = pre(0), ...ends] = turn(0, [], 60);
  const { spans, lines } = replayEvents([{ ...begin, ...ofTurn }, ...events, ...ends]);
  return { calls: ofKind(spans, 'auxiliary_call'), turns: ofKind(spans, 'turn'), lines };
}

test.each<[string, FlatEvent[]]>([
  ['its start', [pre(1), pre(1.01), post(2, { usage })]],
  ['its start, after its end', [pre(1), post(2, { usage }), pre(2.1)]],
  ['its end', [pre(1), post(2, { usage }), post(2.01, { usage })]],
  ['its end, without a start', [post(2, { usage }), post(9, { usage })]],
])('%s again is the same call, and its tokens count once', (_claim, events) => {
  const { calls, turns, lines } = replay(events);
  expect([calls.length, turns[0]?.tokens.inputTokens, turns[0]?.apiCallCount, lines.merged]).toEqual([
    1, 5, 0, 1,
  ]);
});

describe('two calls are distinguished', () => {
  const none = { api_request_id: null };
  test.each<[string, Fields, Fields]>([
    ['by their ids', {}, { api_request_id: 'b' }],
    ['by their attempts', { retry_count: 0 }, { retry_count: 1 }],
    ['by their tasks, without ids', none, { ...none, aux_task: 'vision' }],
    [
      'by their starts, without ids',
      { ...none, started_at: START + 1 },
      { ...none, started_at: START + 1.5 },
    ],
  ])('%s', (_claim, one, other) => {
    const { calls } = replay([post(2, one), post(2, other)]);
    expect(new Set(calls.map(({ spanId }) => spanId)).size).toBe(2);
  });

  test('by their sessions', () => {
    const other = ids(SECOND);
    const { spans } = replayEvents([...turn(0, [post(2)], 3), ...turn(0, [post(2, { ...other })], 3, other)]);
    expect(
      ofKind(spans, 'auxiliary_call')
        .map(({ sessionId }) => sessionId)
        .toSorted(),
    ).toEqual([ROOT, SECOND]);
  });
});

test.each<[string, FlatEvent[], number[], string | undefined]>([
  ['both its events', [pre(1), post(3)], [1, 3], undefined],
  ['its end, and how long it took', [post(3, { api_duration: 1.5 })], [1.5, 3], undefined],
  ['its end alone', [post(3)], [3, 3], undefined],
  ['its start alone: it ends with its turn', [pre(1)], [1, 60], 'turn_end'],
])('a call of which the log has %s', (_claim, events, times, incomplete) => {
  const { calls } = replay(events);
  expect(calls.map((span) => [secondsOf(span), span.incomplete])).toEqual([[times, incomplete]]);
});

test('a call that is open at the end of input ends where it began', () => {
  const { spans } = replayEvents([at(0, 'pre_llm_call', ids()), pre(1)]);
  expect(ofKind(spans, 'auxiliary_call').map((span) => [secondsOf(span), span.incomplete])).toEqual([
    [[1, 1], 'end_of_input'],
  ]);
});

test.each<[string, Fields, string | undefined]>([
  ['without an error', {}, undefined],
  ['with its class', { error_type: 'Timeout', error: 'slow' }, 'Timeout'],
  ['with a message alone', { error: 'slow' }, '_OTHER'],
])('a call is answered unless it has an error: %s', (_claim, fields, type) => {
  expect(
    replay([pre(1), post(2, fields)]).calls.map(({ answered, error }) => [answered, error?.type]),
  ).toEqual([[type === undefined, type]]);
});

test('a call has its own platform, else that of its turn, and the number 0 unless the log has one', () => {
  const facts = (fields: Fields) =>
    replay([pre(1, fields), post(2)], { platform: 'cli' }).calls.map(({ platform, retryCount }) => [
      platform,
      retryCount,
    ])[0];
  expect([facts({}), facts({ platform: 'api' })]).toEqual([
    ['cli', 0],
    ['api', 0],
  ]);
});

test('a call makes its turn no shorter: what has no end of its own ends after it', () => {
  const { spans } = replayEvents([at(0, 'pre_llm_call', ids()), pre(1), post(7)]);
  expect(ofKind(spans, 'turn').map((span) => secondsOf(span)[1])).toEqual([7]);
});
