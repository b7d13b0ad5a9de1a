import { expect, test } from '@jest/globals';
import { httpDestination } from '../http-destination.ts';
import { randomFaults } from '../random-faults.ts';
import { startReceiver } from '../receiver.ts';
import { spans } from '../spans.ts';

test.each([1, 2])(
  'a receiver that fails half of all requests gets every span (seed %d)',
  async (seed) => {
    const receiver = await startReceiver({ behave: randomFaults(seed, 0.5) });
    const destination = httpDestination({
      url: receiver.url,
      limits: { maxRequestItems: 50, concurrency: 4, retryForMillis: 3_600_000 },
    });
    for (let first = 0; first < 1500; first += 100) await destination.spans.write(spans(100, {}, first));
    const account = await destination.spans.finish();
    expect(account).toMatchObject({ made: 1500, accepted: 1500, rejected: 0, failed: 0, problems: [] });
    expect(account.retries).toBeGreaterThan(15);
    expect(new Set(receiver.spanIds).size).toBe(1500);
    await destination.close();
    await receiver.stop();
  },
  30_000,
);
