import { afterEach, describe, expect, test } from '@jest/globals';
import { otlpHttp, replay } from '../../../src/index.ts';
import { until } from '../../until.ts';
import { metricsIn, spansIn } from '../decode.ts';
import { httpDestination } from '../http-destination.ts';
import { type Receiver, startReceiver } from '../receiver.ts';
import { snapshot, spans } from '../spans.ts';

let receiver: Receiver;
afterEach(() => receiver.stop());

test('a replay names the program and its version to the receiver', async () => {
  receiver = await startReceiver();
  await replay('fixtures/seed/six-spans/input.ndjson', { destinations: [otlpHttp({ url: receiver.url })] });
  expect(receiver.requests[0]?.headers['user-agent']).toMatch(/^hermes-otel\/\d+\.\d+\.\d+/);
});

describe.each(['http/protobuf', 'http/json'] as const)('over %s', (protocol) => {
  test.each(['none', 'gzip'] as const)('with compression %s, all spans arrive', async (compression) => {
    receiver = await startReceiver();
    const destination = httpDestination({
      url: receiver.url,
      signal: { protocol, compression },
      limits: { maxRequestItems: 10 },
    });
    await destination.spans.write(spans(25));
    const account = await destination.spans.finish();
    await destination.close();
    expect(account).toMatchObject({
      made: 25,
      accepted: 25,
      rejected: 0,
      failed: 0,
      requests: 3,
      problems: [],
    });
    expect(new Set(receiver.spanIds).size).toBe(25);
    const [first] = receiver.requests;
    expect(first?.headers['user-agent']).toBe('hermes-otel/0.0.0');
    expect(first?.traces?.resourceSpans).toHaveLength(1);
    // Several requests are under way at once: which comes first, the network says.
    const fourths = receiver.requests.flatMap(({ traces }) => (traces ? spansIn(traces)[3]?.name : []));
    expect(fourths.toSorted()).toEqual(['span 13', 'span 23', 'span 3']);
  });

  test('metric points arrive, in the order of their time', async () => {
    receiver = await startReceiver();
    const destination = httpDestination({
      url: receiver.url,
      signal: { protocol },
      limits: { maxRequestItems: 4 },
    });
    for (const minute of [1, 2, 3, 4, 5]) await destination.metrics.write([snapshot(3, minute)]);
    const account = await destination.metrics.finish();
    await destination.close();
    expect(account).toMatchObject({ made: 15, accepted: 15, requests: 3, signal: 'metric points' });
    const sums = receiver.requests.flatMap(({ metrics }) =>
      metricsIn(metrics ?? { resourceMetrics: [] }).map((metric) => metric.sum?.dataPoints[0]?.asInt),
    );
    expect(sums).toEqual(['1', '2', '3', '4', '5']);
  });
});

test('a lingering span leaves within the flush interval, without a finish', async () => {
  receiver = await startReceiver();
  const destination = httpDestination({ url: receiver.url, limits: { flushIntervalMillis: 50 } });
  await destination.spans.write(spans(3));
  expect(receiver.requests).toHaveLength(0);
  await until(() => receiver?.spanIds.length === 3);
  expect(await destination.spans.finish()).toMatchObject({ made: 3, accepted: 3, requests: 1 });
  await destination.close();
});

test('nothing written is an account of nothing', async () => {
  receiver = await startReceiver();
  const destination = httpDestination({ url: receiver.url });
  expect(await destination.spans.finish()).toMatchObject({ made: 0, accepted: 0, requests: 0, problems: [] });
  await destination.close();
});
