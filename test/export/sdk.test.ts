import { afterEach, describe, expect, test } from '@jest/globals';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { AggregationTemporality, InMemoryMetricExporter } from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { metricExporterDelivery, type SdkOptions, spanExporterDelivery } from '../../src/export/sdk.ts';
import { atMost, first, status } from './behaviours.ts';
import { type GrpcReceiver, startGrpcReceiver } from './grpc/grpc-receiver.ts';
import { hurriedClock, LIMITS } from './http-destination.ts';
import { type Behaviour, type Receiver, startReceiver } from './receiver.ts';
import { ORIGIN, otelSpan, snapshot } from './spans.ts';

const OPTIONS: SdkOptions = { name: 'X', origin: ORIGIN, limits: { ...LIMITS, maxRequestItems: 10 } };
const some = (count: number) => Array.from({ length: count }, (_, index) => otelSpan(index));

describe('a span exporter of the SDK', () => {
  test('gets every span once, and the account says so', async () => {
    const exporter = new InMemorySpanExporter();
    const delivery = spanExporterDelivery(exporter, OPTIONS);
    await delivery.write(some(25));
    expect(await delivery.finish()).toMatchObject({
      ...{ destination: 'X', signal: 'spans', made: 25, accepted: 25, rejected: 0, failed: 0, requests: 3 },
    });
    const spans = exporter.getFinishedSpans();
    expect(spans.map((span) => span.spanContext().spanId)).toEqual(some(25).map(({ spanId }) => spanId));
    expect(spans[0]?.resource.attributes).toEqual(ORIGIN.resource.attributes);
    expect(new Set(spans.map(({ resource }) => resource)).size).toBe(1);
  });

  test('gets spans of another origin with that origin', async () => {
    const exporter = new InMemorySpanExporter();
    const delivery = spanExporterDelivery(exporter, OPTIONS);
    const origin = {
      resource: { attributes: { 'service.name': 'other' } },
      scope: { name: 's', version: '1' },
    };
    await delivery.write([otelSpan(1), { ...otelSpan(2), origin }]);
    await delivery.finish();
    expect(exporter.getFinishedSpans().map(({ resource }) => resource.attributes['service.name'])).toEqual([
      'hermes-agent',
      'other',
    ]);
  });

  test('is flushed before its spans count as settled', async () => {
    const flushes: number[] = [];
    const exporter = Object.assign(new InMemorySpanExporter(), {
      forceFlush: async () => void flushes.push(exporter.getFinishedSpans().length),
    });
    const delivery = spanExporterDelivery(exporter, OPTIONS);
    await delivery.write(some(3));
    await delivery.settled();
    expect(flushes).toEqual([3]);
  });

  test.each<[string, (spans: ReadableSpan[], attempt: number) => Failure | undefined, object]>([
    [
      'a passing failure is tried again',
      (_, attempt) => (attempt < 3 ? failure(503) : undefined),
      { accepted: 25 },
    ],
    [
      'a failure without a code is tried again',
      (_, attempt) => (attempt < 3 ? failure() : undefined),
      { accepted: 25 },
    ],
    [
      '413 is halved until it passes',
      (spans) => (spans.length > 2 ? failure(413) : undefined),
      { accepted: 25 },
    ],
    ['a refusal is final', () => failure(400), { failed: 25, deadLettered: 25, requests: 3 }],
    [
      'what it throws is a failure',
      () => {
        throw Object.assign(new Error('boom'), { code: 401 });
      },
      { failed: 25 },
    ],
  ])('%s', async (_, behave, expected) => {
    const lines: string[] = [];
    const deadLetter = {
      append: async (line: Uint8Array) => void lines.push(Buffer.from(line).toString()),
      close: async () => {},
    };
    const delivery = spanExporterDelivery(faulty(behave), { ...OPTIONS, clock: patientClock(), deadLetter });
    await delivery.write(some(25));
    expect(await delivery.finish()).toMatchObject({ made: 25, ...expected });
    expect(lines.join('').match(/"spanId"/g)?.length ?? 0).toBe('failed' in expected ? 25 : 0);
  });

  test('that never answers is given up after its time', async () => {
    const exporter = { export: () => {}, shutdown: async () => {} };
    const options = { ...OPTIONS, timeoutMillis: 20, limits: { ...OPTIONS.limits, retryForMillis: 0 } };
    const delivery = spanExporterDelivery(exporter, options);
    await delivery.write(some(1));
    const { failed, problems } = await delivery.finish();
    expect([failed, problems]).toEqual([1, ['X did not finish within 0.02 s (1 spans)']]);
  });
});

describe("the SDK's own exporters against real receivers", () => {
  let receiver: Receiver | GrpcReceiver;
  afterEach(() => receiver.stop());

  test.each<[string, Behaviour]>([
    ['accepts', ({ accept }) => accept()],
    ['is busy at first', first(2, status(503))],
    ['takes two spans at once', atMost(2)],
  ])('OTLP over HTTP, when the receiver %s', async (_, behave) => {
    const real = await startReceiver({ behave });
    receiver = real;
    const exporter = new OTLPTraceExporter({ url: `${real.url}/v1/traces` });
    const delivery = spanExporterDelivery(exporter, OPTIONS);
    await delivery.write(some(25));
    expect(await delivery.finish()).toMatchObject({ made: 25, accepted: 25, failed: 0 });
    await exporter.shutdown();
    expect(new Set(real.spanIds).size).toBe(25);
  });

  test('metrics over gRPC, one snapshot after the other', async () => {
    const real = await startGrpcReceiver();
    receiver = real;
    const exporter = new OTLPMetricExporter({ url: `http://127.0.0.1:${real.port}` });
    const delivery = metricExporterDelivery(exporter, OPTIONS);
    await delivery.write([snapshot(3), snapshot(3, 2)]);
    expect(await delivery.finish()).toMatchObject({
      signal: 'metric points',
      made: 6,
      accepted: 6,
      requests: 2,
    });
    await exporter.shutdown();
    expect(real.calls.length).toBe(2);
  });
});

test('a metric exporter of the SDK gets each snapshot with its points', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const delivery = metricExporterDelivery(exporter, OPTIONS);
  await delivery.write([snapshot(3), snapshot(2, 2)]);
  expect(await delivery.finish()).toMatchObject({ made: 5, accepted: 5 });
  const points = exporter
    .getMetrics()
    .map(({ scopeMetrics }) => scopeMetrics[0]?.metrics[0]?.dataPoints.length);
  expect(points).toEqual([3, 2]);
});

type Failure = Error & { readonly code?: number };

function failure(code?: number): Failure {
  return Object.assign(new Error('no'), code === undefined ? {} : { code });
}

/** An exporter that fails as `behave` decides, by the attempt since its last success. */
function faulty(behave: (spans: ReadableSpan[], attempt: number) => Failure | undefined): SpanExporter {
  let attempt = 0;
  return {
    export(spans, done) {
      attempt += 1;
      const error = behave(spans, attempt);
      if (error === undefined) attempt = 0;
      setImmediate(() => done(error === undefined ? { code: 0 } : { code: 1, error }));
    },
    shutdown: async () => {},
  };
}

/** Pauses between attempts take no time; the time for one export does not pass. */
function patientClock() {
  const clock = hurriedClock();
  const never = (signal: AbortSignal) =>
    new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  return {
    ...clock,
    sleep: (millis: number, signal: AbortSignal) =>
      millis >= 30_000 ? never(signal) : clock.sleep(millis, signal),
  };
}
