import { expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/model/json.ts';
import { SESSION, USAGE, USAGE_READ } from './kwargs.ts';
import { eventIn, flat, shell, TIME } from './lines.ts';

// The sums that only a log made of Hermes's database has.
const totalsOf = (fields: JsonObject) => eventIn(flat('session_totals', { session_id: SESSION, ...fields }));

test("a session's sums, and what no call has of them", () => {
  const models = [
    { model: 'm1', provider: 'p1', task: 'title', api_call_count: 2, last_seen: 1_789_467_000, usage: USAGE },
    { model: 'm2', usage: USAGE },
    { model: 'without tokens' },
    'no object',
  ];
  expect(
    totalsOf({ model: 'm1', platform: 'cli', profile: 'work', usage: USAGE, model_usage: models }),
  ).toMatchObject({
    hook: 'session_totals',
    sessionId: SESSION,
    model: 'm1',
    platform: 'cli',
    profile: 'work',
    usage: USAGE_READ,
    modelUsage: [
      {
        model: 'm1',
        provider: 'p1',
        task: 'title',
        callCount: 2,
        tokens: USAGE_READ,
        lastTime: 1_789_467_000_000_000,
      },
      // Without a time of its own it is as old as the sums.
      { model: 'm2', provider: undefined, task: undefined, tokens: USAGE_READ, lastTime: TIME },
    ],
  });
});

test('sums in the body of a shell hook are of its session', () => {
  expect(eventIn(shell('session_totals', { session_id: SESSION }))).toMatchObject({
    sessionId: SESSION,
    modelUsage: [],
    usage: undefined,
    cost: undefined,
  });
});

test.each<[string, JsonObject, object]>([
  [
    'all of it',
    { estimated_usd: 0.5, actual_usd: 0.25, status: 'estimated', source: 'models.dev' },
    { estimatedUsd: 0.5, actualUsd: 0.25, status: 'estimated', source: 'models.dev' },
  ],
  ['an estimate', { estimated_usd: 0.5, actual_usd: null }, { estimatedUsd: 0.5 }],
  ['what was paid', { actual_usd: 0 }, { actualUsd: 0 }],
  ['a status', { status: 'unknown' }, { status: 'unknown' }],
  ['a source', { source: 'models.dev' }, { source: 'models.dev' }],
])("Hermes's own account of the cost has what Hermes knows of it: %s", (_claim, cost, expected) => {
  expect((totalsOf({ cost }) as unknown as { cost: object }).cost).toStrictEqual(expected);
});
