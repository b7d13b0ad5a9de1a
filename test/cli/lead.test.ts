import { expect, test } from '@jest/globals';
import { createLead } from '../../src/cli/jobs/lead.ts';

/** True when the promise is settled by now. */
async function isThrough(step: Promise<void>): Promise<boolean> {
  return await Promise.race([
    step.then(() => true),
    new Promise<false>((resolve) => setImmediate(resolve, false)),
  ]);
}

test('a job of which too much waits for others is held until it has gone; no other job is', async () => {
  const waiting = [0, 100_001];
  const lead = createLead((job) => waiting[job] ?? 0);
  const held = lead.room(1);
  expect([await isThrough(lead.room(0)), await isThrough(held)]).toEqual([true, false]);
  waiting[1] = 100_000;
  expect(await isThrough(held)).toBe(false);
  lead.release();
  expect(await isThrough(held)).toBe(true);
});
