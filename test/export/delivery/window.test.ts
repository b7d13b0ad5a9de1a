import { afterEach, describe, expect, test } from '@jest/globals';
import { createWindow } from '../../../src/export/delivery/delivery.ts';
import { until } from '../../until.ts';
import { slow, status } from '../behaviours.ts';
import { httpDestination } from '../http-destination.ts';
import { type Behaviour, type Receiver, startReceiver } from '../receiver.ts';
import { spans } from '../spans.ts';

let receiver: Receiver | undefined;
afterEach(() => receiver?.stop());

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));

describe('a window', () => {
  test('lets in as many as it has room for, the others in the order of asking', async () => {
    const window = createWindow(2);
    const order: number[] = [];
    const all = [1, 2, 3, 4].map((number) => window.enter().then(() => order.push(number)));
    await pause(0);
    expect(order).toEqual([1, 2]);
    expect(window.hasRoom()).toBe(false);
    window.leave();
    window.leave();
    await Promise.all(all);
    expect(order).toEqual([1, 2, 3, 4]);
  });

  test('is empty when the last one has left', async () => {
    const window = createWindow(1);
    await window.empty();
    await window.enter();
    let empty = false;
    const waiting = window.empty().then(() => {
      empty = true;
    });
    await pause(0);
    expect(empty).toBe(false);
    window.leave();
    await waiting;
  });
});

describe('a writer faster than its receiver', () => {
  test.each([1, 4])('has at most %d requests under way, and they are used', async (concurrency) => {
    receiver = await startReceiver({ behave: slow(20) });
    const destination = httpDestination({ url: receiver.url, limits: { maxRequestItems: 1, concurrency } });
    await destination.spans.write(spans(12));
    expect(await destination.spans.finish()).toMatchObject({ made: 12, accepted: 12, requests: 12 });
    expect(receiver.mostAtOnce()).toBe(concurrency);
    await destination.close();
  });

  test('waits in `write` until there is room again', async () => {
    const held: (() => void)[] = [];
    const behave: Behaviour = ({ accept }) => void held.push(accept);
    receiver = await startReceiver({ behave });
    const destination = httpDestination({
      url: receiver.url,
      limits: { maxRequestItems: 1, concurrency: 2 },
    });
    let written = false;
    const write = destination.spans.write(spans(3)).then(() => {
      written = true;
    });
    await until(() => held.length > 1);
    await pause(50);
    expect(held).toHaveLength(2);
    expect(written).toBe(false);
    held.shift()?.();
    await write;
    const account = destination.spans.finish();
    await until(() => held.length > 1);
    for (const accept of held) accept();
    expect(await account).toMatchObject({ made: 3, accepted: 3 });
    await destination.close();
  });

  test('sends what lingers as soon as there is room, without being asked', async () => {
    const held: (() => void)[] = [];
    receiver = await startReceiver({ behave: ({ accept }) => void held.push(accept) });
    const limits = { maxRequestItems: 2, concurrency: 1, flushIntervalMillis: 20 };
    const destination = httpDestination({ url: receiver.url, limits });
    await destination.spans.write(spans(3));
    await until(() => held.length > 0);
    await pause(100);
    expect(held).toHaveLength(1);
    held.shift()?.();
    await until(() => held.length > 0);
    expect(held).toHaveLength(1);
    held.shift()?.();
    expect(await destination.spans.finish()).toMatchObject({ made: 3, accepted: 3, requests: 2 });
    await destination.close();
  });
});

describe('finishing', () => {
  test('within a time counts what is still under way as failed, and returns', async () => {
    receiver = await startReceiver({ behave: ({ index, accept }) => (index === 0 ? accept() : undefined) });
    const destination = httpDestination({
      url: receiver.url,
      limits: { maxRequestItems: 10, concurrency: 1 },
    });
    await destination.spans.write(spans(15));
    await until(() => receiver?.spanIds.length === 10);
    const before = performance.now();
    const account = await destination.spans.finish(200);
    expect(performance.now() - before).toBeLessThan(2000);
    expect(account).toMatchObject({ made: 15, accepted: 10, failed: 5 });
    expect(account.problems).toEqual([
      'the time for finishing was over before it could be delivered: see HERMES_OTEL_SHUTDOWN_TIMEOUT (5 spans)',
    ]);
    await destination.close();
  });

  test('while a write still waits lets that write end', async () => {
    receiver = await startReceiver({ behave: () => {} });
    const destination = httpDestination({
      url: receiver.url,
      limits: { maxRequestItems: 1, concurrency: 1 },
    });
    const write = destination.spans.write(spans(50));
    await pause(50);
    expect(await destination.spans.finish(100)).toMatchObject({
      made: 50,
      accepted: 0,
      failed: 50,
      requests: 1,
    });
    await write;
    await destination.close();
  });

  test('ends the pauses between attempts', async () => {
    receiver = await startReceiver({ behave: status(503, '', { 'retry-after': '30' }) });
    const { systemClock } = await import('../../../src/export/delivery/clock.ts');
    const destination = httpDestination({ url: receiver.url, more: { clock: systemClock } });
    await destination.spans.write(spans(5));
    expect(await destination.spans.finish(100)).toMatchObject({ failed: 5, requests: 1 });
    await destination.close();
  });
});
