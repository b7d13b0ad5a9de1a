import { describe, expect, test } from '@jest/globals';
import { replayEvents } from '../replayed.ts';
import { at, call, type Fields, ids, ofKind, ROOT, tool, turn } from './events.ts';

const FORK = '0f8fad5b-d9cb-469f-a165-708677289500';
const [USER, REVIEW] = [ids(ROOT, 'aaaaaaaa'), ids(ROOT, 'bbbbbbbb', FORK)];
const hookless = (seconds: number) => [...call(seconds, 1, REVIEW), ...tool(seconds + 1, 'm1', 'x', REVIEW)];

function turnsOf(
  events: Parameters<typeof replayEvents>[0],
  options: Parameters<typeof replayEvents>[1] = {},
) {
  const { spans } = replayEvents(events, options);
  return {
    turns: ofKind(spans, 'turn').map(({ turnId, background, incomplete }) => [
      turnId?.slice(-8),
      background,
      incomplete,
    ]),
    sessions: ofKind(spans, 'session').map(({ turnCount, apiCallCount, incomplete }) => [
      turnCount,
      apiCallCount,
      incomplete,
    ]),
    sums: ofKind(spans, 'session').map(({ toolCallCount, tokens }) => [toolCallCount, tokens.inputTokens]),
    calls: ofKind(spans, 'api_call').map(({ background }) => background),
  };
}

const ofUser = ['aaaaaaaa', false, undefined];
const ofReview = ['bbbbbbbb', true, undefined];

describe('a review with API and tool hooks only', () => {
  test('ends with its last event, and leaves the session whole', () => {
    const { turns, sessions } = turnsOf([...turn(0, call(1, 1, USER), 2, USER), ...hookless(3)]);
    expect([turns, sessions]).toEqual([[ofUser, ofReview], [[1, 1, undefined]]]);
  });

  test('leaves a live log soon after its last event, while the session goes on', () => {
    const next = ids(ROOT, 'cccccccc');
    const live = [
      ...turn(0, call(1, 1, USER), 2, USER),
      ...hookless(3),
      ...turn(60, call(61, 1, next), 62, next),
    ];
    const { turns } = turnsOf(live, { sessionSpans: 'at_end' });
    expect(turns).toEqual([ofUser, ofReview, ['cccccccc', false, undefined]]);
  });

  test('that begins during the next turn neither ends nor lengthens it', () => {
    const next = ids(ROOT, 'cccccccc');
    const events = [
      ...turn(0, call(1, 1, USER), 2, USER),
      ...turn(2.5, call(6, 1, next), 8, next),
      ...hookless(3),
      at(30, 'on_session_finalize', { session_id: ROOT }),
    ].toSorted((x, y) => x.ts - y.ts);
    const { turns, sessions } = turnsOf(events);
    expect(turns.toSorted()).toEqual([ofUser, ofReview, ['cccccccc', false, undefined]]);
    expect(sessions).toEqual([[2, 2, undefined]]);
  });

  test('that is cut off in a call is incomplete, and the session is not', () => {
    const cut = call(3, 1, REVIEW).slice(0, 1);
    const { turns, sessions } = turnsOf([...turn(0, call(1, 1, USER), 2, USER), ...cut]);
    expect([turns[1], sessions]).toEqual([['bbbbbbbb', true, 'end_of_input'], [[1, 1, undefined]]]);
  });
});

describe('a turn of a task of its own', () => {
  const second = (fields: Fields = {}, endFields: Fields = {}) => [
    ...turn(0, call(1, 1, USER), 2, USER),
    at(3, 'pre_llm_call', { ...REVIEW, ...fields }),
    ...call(4, 1, REVIEW),
    ...tool(4.6, 'm1', 'x', REVIEW),
    at(5, 'on_session_end', { ...REVIEW, completed: true, interrupted: false, ...endFields }),
  ];

  test.each<[string, Fields, Fields, boolean]>([
    ['without a message', {}, {}, true],
    ['with a message of the user', { user_message: 'go on' }, {}, false],
    ['with the review prompt', { user_message: 'Review the conversation above and…' }, {}, true],
    ['with a parent that equals its session', { parent_session_id: ROOT, user_message: 'x' }, {}, true],
    ['with an exit reason', {}, { turn_exit_reason: 'text_response(stop)' }, false],
  ])('%s', (_name, fields, endFields, background) => {
    const { turns, sessions, sums, calls } = turnsOf(second(fields, endFields));
    expect(turns[1]).toEqual(['bbbbbbbb', background, undefined]);
    expect(sessions).toEqual([background ? [1, 1, undefined] : [2, 2, undefined]]);
    expect(sums).toEqual([background ? [0, 10] : [1, 20]]);
    expect(calls).toEqual([false, background]);
  });

  test('in a log without turn hooks, after another run of `hermes -z`, is one of the user', () => {
    const [first, again] = [ids(ROOT, 'aaaaaaaa', `${FORK}1`), ids(ROOT, 'bbbbbbbb', `${FORK}2`)];
    expect(turnsOf([...call(0, 1, first), ...call(600, 1, again)]).sessions[0]?.slice(0, 2)).toEqual([2, 2]);
  });
});

describe('runs of `hermes -z`, each under a task of its own', () => {
  const [first, again] = [ids(ROOT, 'aaaaaaaa', `${FORK}1`), ids(ROOT, 'bbbbbbbb', `${FORK}2`)];

  test('one after the other are the user', () => {
    const { turns, sessions } = turnsOf([...turn(0, call(1, 1, first), 2, first), ...turn(9, [], 12, again)]);
    expect([turns, sessions[0]?.[0]]).toEqual([[ofUser, ['bbbbbbbb', false, undefined]], 2]);
  });

  test('one that begins while the other runs is a review', () => {
    const inner = turn(1.5, call(1.6, 1, again), 1.8, again);
    const { turns, sessions } = turnsOf(turn(0, inner, 2, first));
    expect([turns, sessions[0]?.[0]]).toEqual([[ofReview, ofUser], 1]);
  });
});

describe('before 0.16 a review shares the session, and its end has no turn id', () => {
  const old = { session_id: ROOT };
  const prompt = 'Review the conversation above and update';
  const both = [
    at(0, 'pre_llm_call', { ...old, user_message: 'go on' }),
    at(1, 'pre_llm_call', { ...old, user_message: prompt }),
  ];
  const ends = (events: Parameters<typeof replayEvents>[0]) =>
    ofKind(replayEvents([...both, ...events]).spans, 'turn').map((span) => [
      span.background,
      Math.round(span.endTime / 1e6) - Math.round(both[0]?.ts ?? 0),
    ]);
  const answer = (seconds: number, user_message?: string) =>
    at(seconds, 'post_llm_call', { ...old, user_message });
  const end = (seconds: number) => at(seconds, 'on_session_end', { ...old, completed: true });

  test('an answer is of the turn with the same kind of prompt', () => {
    expect(ends([answer(3, prompt), end(3), answer(5, 'go on'), end(5)])).toEqual([
      [true, 3],
      [false, 5],
    ]);
    expect(ends([answer(3, 'go on'), end(3), answer(5, prompt), end(5)])).toEqual([
      [false, 3],
      [true, 5],
    ]);
  });

  test('without an answer the end is of the user, who interrupted', () => {
    expect(ends([end(4)])).toEqual([
      [false, 4],
      [true, 1],
    ]);
  });

  test('an answer comes after the last call of its turn', () => {
    const task = { ...old, task_id: FORK, api_call_count: 1 };
    const open = at(2, 'pre_api_request', task);
    const closed = at(4, 'post_api_request', task);
    expect(ends([open, answer(3), end(3), closed, answer(5), end(5)])).toEqual([
      [false, 3],
      [true, 5],
    ]);
  });
});

test('before 0.15 a review has a session of its own', () => {
  const own = { session_id: '20260915_101900_e1e2e3' };
  const { turns } = turnsOf([
    at(0, 'pre_llm_call', { ...own, user_message: 'Review the conversation above and update' }),
    at(2, 'post_llm_call', own),
    at(2, 'on_session_end', { ...own, completed: true, interrupted: false }),
  ]);
  expect(turns).toEqual([[undefined, true, undefined]]);
});
