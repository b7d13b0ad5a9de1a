import { afterEach, expect, test } from '@jest/globals';
import { openOtlpSdk } from '../../../src/export/otlp-sdk.ts';
import { status } from '../behaviours.ts';
import { spansIn } from '../decode.ts';
import { httpSettings } from '../http-destination.ts';
import { type Behaviour, type Receiver, startReceiver } from '../receiver.ts';
import { ORIGIN, snapshot, spans } from '../spans.ts';

let receiver: Receiver;
afterEach(() => receiver.stop());

async function send(behave: Behaviour) {
  receiver = await startReceiver({ behave });
  const settings = httpSettings(receiver.url, {
    destination: 'R',
    headers: { token: 'abc' },
    timeoutMillis: 10_000,
  });
  const destination = await openOtlpSdk({ ...settings, origin: ORIGIN, maxRequestItems: 10 });
  await destination.spans.write(spans(25));
  await destination.metrics.write(snapshot(3));
  const accounts = [await destination.spans.finish(), await destination.metrics.finish()] as const;
  await destination.close();
  return accounts;
}

test('the exporters of the SDK deliver both signals as JSON, one batch after the other', async () => {
  const [spanAccount, metricAccount] = await send(({ accept }) => accept());
  expect(spanAccount).toMatchObject({ made: 25, accepted: 25, requests: 3, problems: [] });
  expect(metricAccount).toMatchObject({ made: 3, accepted: 3, requests: 1, problems: [] });
  expect(receiver.mostAtOnce()).toBe(1);
  expect(receiver.requests[0]?.headers).toMatchObject({ token: 'abc', 'content-type': 'application/json' });
  const [first] = receiver.requests;
  expect(first?.traces && spansIn(first.traces)[0]).toMatchObject({ name: 'span 0', kind: 1 });
});

test('their failures are told and counted', async () => {
  const [account] = await send(status(401));
  expect(account).toMatchObject({ made: 25, accepted: 0, failed: 25, requests: 3 });
  expect(account.problems[0]).toMatch(/^R was not reached by the SDK's exporter: .* \(25 spans\)$/);
});
