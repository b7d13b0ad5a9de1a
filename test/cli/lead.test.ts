import { expect, test } from '@jest/globals';
import { createLead } from '../../src/cli/jobs/lead.ts';

/** True when the promise is settled by now. */
async function isThrough(step: Promise<void>): Promise<boolean> {
  return await Promise.race([
    step.then(() => true),
    new Promise<false>((resolve) => setImmediate(resolve, false)),
  ]);
}

test('a job that is far ahead waits until the slowest has come closer', async () => {
  const lead = createLead(2);
  const steps = Array.from({ length: 257 }, () => lead.step(0));
  expect(await Promise.all(steps.slice(-2).map(isThrough))).toEqual([true, false]);
  await lead.step(1);
  expect(await Promise.all(steps.map(isThrough))).not.toContain(false);
});

test('nobody waits for a job that has ended', async () => {
  const lead = createLead(2);
  const steps = Array.from({ length: 300 }, () => lead.step(0));
  lead.end(1);
  expect(await Promise.all(steps.map(isThrough))).not.toContain(false);
});
