import { afterEach, expect, test } from '@jest/globals';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { openDestination } from '../../../src/export/destination.ts';
import { grpcTransports, loadGrpc } from '../../../src/export/grpc/transport.ts';
import { toReadableSpan, toResourceMetrics, toSdkOrigin } from '../../../src/export/readable.ts';
import { resolveOtlpGrpc } from '../../../src/export/settings/otlp.ts';
import { decodeProtobuf, type Json } from '../decode.ts';
import { LIMITS } from '../http-destination.ts';
import { ORIGIN, snapshot, spans } from '../spans.ts';
import { type GrpcReceiver, startGrpcReceiver } from './grpc-receiver.ts';

let receiver: GrpcReceiver;
afterEach(() => receiver.stop());

async function ours(url: string): Promise<void> {
  const settings = resolveOtlpGrpc({}, { endpoint: url });
  const destination = openDestination(grpcTransports(loadGrpc(), settings, 'test'), {
    origin: ORIGIN,
    limits: LIMITS,
  });
  await destination.spans.write(spans(10));
  await destination.spans.finish();
  await destination.metrics.write([snapshot(3)]);
  await destination.metrics.finish();
  await destination.close();
}

async function theirs(url: string): Promise<void> {
  const origin = toSdkOrigin(ORIGIN);
  const traces = new OTLPTraceExporter({ url });
  const metrics = new OTLPMetricExporter({ url });
  await new Promise((resolve) =>
    traces.export(
      spans(10).map((span) => toReadableSpan(span, origin)),
      resolve,
    ),
  );
  await new Promise((resolve) => metrics.export(toResourceMetrics(snapshot(3), origin), resolve));
  await Promise.all([traces.shutdown(), metrics.shutdown()]);
}

test("what arrives from us is what arrives from the SDK's gRPC exporters", async () => {
  receiver = await startGrpcReceiver();
  const url = `http://127.0.0.1:${receiver.port}`;
  await ours(url);
  await theirs(url);
  const [ourSpans, ourPoints, theirSpans, theirPoints] = receiver.calls.map(({ request }) => request);
  const traces = (bytes: Buffer | undefined) =>
    decodeProtobuf<Json>('TraceRequest', bytes ?? Buffer.alloc(0));
  const metrics = (bytes: Buffer | undefined) =>
    decodeProtobuf<Json>('MetricsRequest', bytes ?? Buffer.alloc(0));
  expect(traces(ourSpans)).toEqual(traces(theirSpans));
  expect(metrics(ourPoints)).toEqual(metrics(theirPoints));
});
