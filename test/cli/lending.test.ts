import { expect, test } from '@jest/globals';
import { createLending } from '../../src/cli/jobs/lending.ts';

const bytesOf = (fill: number, length: number) => new Uint8Array(length).fill(fill);

test('what is lent stays as it was until it is given back, whatever the lender does with its own', async () => {
  const lending = createLending();
  const lent: { readonly seen: Uint8Array; readonly done: () => void }[] = [];
  const borrowings = [1, 2, 3].map((fill) => {
    const own = bytesOf(fill, 1000 * fill);
    const borrowing = lending.lend(own, (seen) => new Promise<void>((done) => lent.push({ seen, done })));
    own.fill(9);
    return borrowing;
  });
  expect(lent.map(({ seen }) => seen)).toEqual([1, 2, 3].map((fill) => bytesOf(fill, 1000 * fill)));
  expect(lent.every(({ seen }) => seen.buffer instanceof SharedArrayBuffer)).toBe(true);
  for (const { done } of lent) done();
  await Promise.all(borrowings);
});

test('memory that came back is lent again, also after a failure; where it is too small there is new one', async () => {
  const lending = createLending();
  const lend = (length: number) => lending.lend(bytesOf(1, length), async ({ buffer }) => buffer);
  const first = await lend(10);
  await lending.lend(bytesOf(2, 20), () => Promise.reject(new Error('not written'))).catch(() => {});
  expect(await lend(1000)).toBe(first);
  const larger = await lend(1_000_000);
  expect(larger).not.toBe(first);
  expect(await lend(10)).toBe(larger);
});
