import { afterEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../src/export/delivery/clock.ts';
import type { RetryRefusals } from '../../../src/export/delivery/deliver.ts';
import { status } from '../behaviours.ts';
import { httpDestination, hurriedClock } from '../http-destination.ts';
import { type Behaviour, type Receiver, startReceiver } from '../receiver.ts';
import { snapshot, spans } from '../spans.ts';

let receiver: Receiver | undefined;
afterEach(() => receiver?.stop());

/** Accepts `good` requests, answers `bad` three times, and accepts again. */
const wrongForAWhile =
  (good: number, bad: Behaviour): Behaviour =>
  (exchange) =>
    exchange.index >= good && exchange.index < good + 3 ? bad(exchange) : exchange.accept();

async function send(behave: Behaviour, retryRefusals: RetryRefusals | undefined, retryForMillis = 60_000) {
  receiver = await startReceiver({ behave });
  const clock = hurriedClock();
  const destination = httpDestination({
    url: receiver.url,
    limits: { maxRequestItems: 1, concurrency: 1, retryForMillis },
    more: { clock, ...(retryRefusals && { retryRefusals: () => retryRefusals }) },
  });
  await destination.spans.write(spans(4));
  const account = await destination.spans.finish();
  await destination.close();
  return { account, slept: clock.slept };
}

describe('a wrong answer for a while', () => {
  test.each<[string, Behaviour]>([
    ...[401, 403, 404, 405, 407, 500, 501, 520].map((code): [string, Behaviour] => [`${code}`, status(code)]),
    ['302', status(302, '', { location: 'https://login.example' })],
    [
      '200 with a web page',
      ({ response }) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    ],
  ])('costs nothing when the receiver has accepted before: %s', async (_, bad) => {
    const { account } = await send(wrongForAWhile(1, bad), 'once-accepted');
    expect(account).toMatchObject({ made: 4, accepted: 4, failed: 0, retries: 3, problems: [] });
  });

  test.each<[string, number, RetryRefusals | undefined, number, number, number]>([
    ['is final without a checkpoint', 401, undefined, 1, 3, 0],
    ['is final when nothing was accepted yet', 401, 'once-accepted', 0, 3, 0],
    ['passes when an earlier run was accepted', 401, 'accepted-before', 0, 0, 0],
    ['is final when it is about the data', 400, 'accepted-before', 1, 3, 3],
    ['is final when it is about the type', 415, 'accepted-before', 1, 3, 3],
  ])('%s', async (_, code, retryRefusals, good, failed, refused) => {
    const { account } = await send(wrongForAWhile(good, status(code)), retryRefusals);
    expect(account).toMatchObject({ made: 4, accepted: 4 - failed, failed, refused });
  });

  test('that lasts is final after --retry-for, with its own sentence', async () => {
    const behave: Behaviour = (exchange) =>
      exchange.index === 0 ? exchange.accept() : status(404)(exchange);
    const { account } = await send(behave, 'once-accepted', 5000);
    expect(account).toMatchObject({ accepted: 1, failed: 3, refused: 0 });
    expect(account.problems[0]).toMatch(
      /answered 404: nothing is at this path; .*; tried for 5 s \(3 spans\)$/,
    );
  });

  test('of traces says nothing about metrics', async () => {
    receiver = await startReceiver({
      behave: (exchange) =>
        exchange.received.path === '/v1/traces' ? exchange.accept() : status(404)(exchange),
    });
    const destination = httpDestination({
      url: receiver.url,
      more: { retryRefusals: () => 'once-accepted' },
    });
    await destination.spans.write(spans(1));
    await destination.spans.settled();
    await destination.metrics.write([snapshot(2)]);
    expect(await destination.metrics.finish()).toMatchObject({ failed: 2, retries: 0 });
    await destination.spans.finish();
    await destination.close();
  });
});

test('Retry-After: 0 waits like none, at least 250 ms', async () => {
  const busy = status(503, '', { 'retry-after': '0' });
  const { account, slept } = await send(wrongForAWhile(0, busy), undefined);
  expect(account).toMatchObject({ accepted: 4, retries: 3 });
  expect(Math.min(...slept)).toBeGreaterThanOrEqual(250);
});

describe('times longer than a timer can count', () => {
  const MONTH = 30 * 86_400_000;
  const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));

  test('are slept, and not for a millisecond', async () => {
    const stop = new AbortController();
    let isOver = false;
    const sleep = systemClock.sleep(MONTH, stop.signal).then(() => {
      isOver = true;
    });
    await pause(60);
    expect(isOver).toBe(false);
    stop.abort();
    await sleep;
  });

  test('do not fire a timer at once', async () => {
    let fired = 0;
    const cancel = systemClock.timer(MONTH, () => {
      fired += 1;
    });
    await pause(60);
    cancel();
    expect(fired).toBe(0);
  });

  test('short ones are as long as they are', async () => {
    const started = performance.now();
    await systemClock.sleep(30, new AbortController().signal);
    await new Promise<void>((resolve) => systemClock.timer(30, resolve) && setTimeout(() => {}, 60));
    expect(performance.now() - started).toBeGreaterThanOrEqual(55);
  });

  test('are accepted as a time for one request', async () => {
    receiver = await startReceiver();
    const destination = httpDestination({ url: receiver.url, signal: { timeoutMillis: MONTH } });
    await destination.spans.write(spans(2));
    expect(await destination.spans.finish()).toMatchObject({ accepted: 2, failed: 0, requests: 1 });
    await destination.close();
  });
});
