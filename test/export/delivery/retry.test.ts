import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backoffMillis } from '../../../src/export/delivery/deliver.ts';
import { retryAfterMillis } from '../../../src/export/http/classify.ts';
import { until } from '../../until.ts';
import { first, status } from '../behaviours.ts';
import { httpDestination, hurriedClock } from '../http-destination.ts';
import { type Receiver, startReceiver } from '../receiver.ts';
import { spans } from '../spans.ts';

let receiver: Receiver | undefined;
afterEach(() => receiver?.stop());

test('pauses double from half a second to ten, less a random half', () => {
  expect([1, 2, 3, 4, 5, 6, 40].map((attempts) => backoffMillis(attempts, 0))).toEqual([
    500, 1000, 2000, 4000, 8000, 10_000, 10_000,
  ]);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attempts, random) => {
        const longest = backoffMillis(attempts, 0);
        const pause = backoffMillis(attempts, random);
        expect(pause).toBeLessThanOrEqual(longest);
        expect(pause).toBeGreaterThanOrEqual(longest / 2);
      },
    ),
  );
});

describe('Retry-After', () => {
  const now = Date.UTC(2026, 10, 23, 12, 0, 0);
  test.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ['', undefined],
    ['0', undefined],
    ['00', undefined],
    [' 120 ', 120_000],
    ['1.5', undefined],
    ['-1', undefined],
    ['2591000', 2_591_000_000],
    ['99999999999999', Number.MAX_SAFE_INTEGER],
    ['9'.repeat(400), Number.MAX_SAFE_INTEGER],
    ['soon', undefined],
    ['Mon, 23 Nov 2026 12:00:30 GMT', 30_000],
    ['Monday, 23-Nov-26 12:00:30 GMT', 30_000],
    ['Mon, 23 Nov 2026 12:00:00 GMT', undefined],
    ['Mon, 23 Nov 2026 11:59:00 GMT', undefined],
  ])('%p is %p', (header, expected) => {
    expect(retryAfterMillis(header, now)).toBe(expected);
  });

  test('is waited for exactly, by every request under way', async () => {
    receiver = await startReceiver({ behave: first(1, status(429, '', { 'retry-after': '7' })) });
    const clock = hurriedClock();
    const destination = httpDestination({
      url: receiver.url,
      limits: { maxRequestItems: 5, concurrency: 1 },
      more: { clock },
    });
    await destination.spans.write(spans(10));
    expect(await destination.spans.finish()).toMatchObject({ accepted: 10, requests: 3, retries: 1 });
    expect(clock.slept).toEqual([7000]);
    await destination.close();
  });

  test('holds back requests that had not even begun', async () => {
    const seen: number[] = [];
    const clock = hurriedClock();
    receiver = await startReceiver({
      behave: (exchange) => {
        seen.push(clock.monotonicMillis());
        return first(2, status(503, '', { 'retry-after': '9' }))(exchange);
      },
    });
    const destination = httpDestination({
      url: receiver.url,
      limits: { maxRequestItems: 1, concurrency: 2 },
      more: { clock },
    });
    await destination.spans.write(spans(6));
    await destination.spans.finish();
    const later = seen.slice(2).map((time) => time - (seen[0] ?? 0));
    expect(Math.min(...later)).toBeGreaterThanOrEqual(9000);
    await destination.close();
  });
});

test('a receiver that dies and comes back costs nothing, and each outage is reported once', async () => {
  receiver = await startReceiver();
  const { port, url } = receiver;
  const taken: string[] = [];
  const outages: string[] = [];
  const destination = httpDestination({
    url,
    signal: { destination: 'R' },
    limits: { maxRequestItems: 10, concurrency: 2, retryForMillis: 3_600_000 },
    more: { onOutage: (sentence) => outages.push(sentence) },
  });
  for (let round = 0; round < 3; round += 1) {
    await destination.spans.write(spans(40, {}, round * 40));
    taken.push(...receiver.spanIds);
    await receiver.stop();
    const down = destination.spans.write(spans(40, {}, 1000 + round * 40));
    await until(() => outages.length > round);
    receiver = await startReceiver({ port });
    await down;
  }
  const account = await destination.spans.finish();
  taken.push(...receiver.spanIds);
  expect(account).toMatchObject({ made: 240, accepted: 240, failed: 0, problems: [] });
  expect(account.retries).toBeGreaterThan(0);
  expect(new Set(taken).size).toBe(240);
  expect(outages.length).toBeGreaterThanOrEqual(3);
  expect(outages.length).toBeLessThan(10);
  await destination.close();
});

test('a kept connection that the receiver closed meanwhile is no outage', async () => {
  const used = new Set<unknown>();
  receiver = await startReceiver({
    behave: (exchange) => {
      const { socket } = exchange.response;
      if (used.has(socket)) return void socket?.destroy();
      used.add(socket);
      exchange.accept();
    },
  });
  const outages: string[] = [];
  const clock = hurriedClock();
  const destination = httpDestination({
    url: receiver.url,
    limits: { maxRequestItems: 1, concurrency: 1 },
    more: { clock, onOutage: (sentence) => outages.push(sentence) },
  });
  await destination.spans.write(spans(4));
  expect(await destination.spans.finish()).toMatchObject({ made: 4, accepted: 4, failed: 0, retries: 3 });
  expect(outages).toEqual([]);
  expect(clock.slept).toEqual([0, 0, 0]);
  await destination.close();
});
