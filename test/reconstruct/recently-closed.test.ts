import { expect, test } from '@jest/globals';
import { epochMicros } from '../../src/model/time.ts';
import { DEFAULT_OPTIONS } from '../../src/reconstruct/options.ts';
import { closedUnder, hasClosed, rememberClosed } from '../../src/reconstruct/recently-closed.ts';
import { createState } from '../../src/reconstruct/state.ts';

const START = epochMicros(1_790_000_000_000_000);
const MANY = 100_000;

test('what ended lately is known, what ended long ago is forgotten', () => {
  const state = createState(DEFAULT_OPTIONS);
  for (let nth = 0; nth < MANY; nth += 1) rememberClosed(state, `tool ${nth}`, { startTime: START });
  const known = Array.from({ length: MANY }, (_, nth) => hasClosed(state, `tool ${nth}`));
  const first = known.indexOf(true);
  expect(MANY - first).toBeGreaterThanOrEqual(16_384);
  expect(MANY - first).toBeLessThanOrEqual(2 * 16_384);
  expect(known.slice(first)).not.toContain(false);
});

test('counts how many ended under one key, over the generations', () => {
  const state = createState(DEFAULT_OPTIONS);
  rememberClosed(state, 'call_1', { startTime: START, endTime: START, fingerprint: 7 });
  for (let nth = 0; nth < 20_000; nth += 1) rememberClosed(state, `other ${nth}`, { startTime: START });
  rememberClosed(state, 'call_1', { startTime: START, endTime: START, fingerprint: 8 });
  expect(closedUnder(state, 'call_1')).toMatchObject({
    startTime: START,
    endTime: START,
    fingerprint: 8,
    count: 2,
  });
});
