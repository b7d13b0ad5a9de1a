import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { slow } from '../../export/behaviours.ts';
import { httpDestination } from '../../export/http-destination.ts';
import { randomFaults } from '../../export/random-faults.ts';
import { startReceiver } from '../../export/receiver.ts';
import { spans } from '../../export/spans.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

test.each(['http/protobuf', 'http/json'] as const)(
  '200,000 spans over %s to a receiver that fails at random: the ids it took are the ids made',
  async (protocol) => {
    const total = 200_000;
    const receiver = await startReceiver({ behave: randomFaults(20_261_123, 0.3), keepBodies: false });
    const destination = httpDestination({
      url: receiver.url,
      signal: { protocol },
      limits: { maxRequestItems: 500, concurrency: 4, retryForMillis: 3_600_000 },
    });
    for (let first = 0; first < total; first += 1000) await destination.spans.write(spans(1000, {}, first));
    const account = await destination.spans.finish();
    expect(account).toMatchObject({ made: total, accepted: total, rejected: 0, failed: 0, problems: [] });
    expect(new Set(receiver.spanIds).size).toBe(total);
    await destination.close();
    await receiver.stop();
  },
);

describe('a receiver that takes 100 ms for each request', () => {
  test('makes us wait, not grow', async () => {
    const receiver = await startReceiver({ behave: slow(100), keepBodies: false });
    const destination = httpDestination({ url: receiver.url, limits: { maxRequestItems: 500 } });
    const heaps: number[] = [];
    let mostWaiting = 0;
    const total = 150_000;
    for (let first = 0; first < total; first += 500) {
      await destination.spans.write(spans(500, { text: 'x'.repeat(500) }, first));
      mostWaiting = Math.max(mostWaiting, first + 500 - receiver.spanCount());
      if (first % 25_000 === 0) {
        collectGarbage();
        heaps.push(process.memoryUsage().heapUsed + process.memoryUsage().external);
      }
    }
    expect(await destination.spans.finish()).toMatchObject({ made: total, accepted: total });
    // Four requests under way, one that waits to leave, and what `write` was given last.
    expect(mostWaiting).toBeLessThanOrEqual(6 * 500);
    const [, second = 0, ...later] = heaps;
    expect(Math.max(...later) - second).toBeLessThan(30e6);
    await destination.close();
    await receiver.stop();
  });
});
