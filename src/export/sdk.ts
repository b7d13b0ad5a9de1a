import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { MetricSnapshot, OtelSpan } from '../model/otel.ts';
import type { Delivery } from '../model/sink.ts';
import { systemClock } from './delivery/clock.ts';
import { type Answer, type Transport, transient } from './delivery/transport.ts';
import { type DestinationOptions, openDelivery } from './destination.ts';
import { TRANSIENT } from './http/classify.ts';
import type { RequestBody } from './otlp/encoder.ts';
import { metricEncoder } from './otlp/metric-encoder.ts';
import { readOwnLine } from './otlp/read-lines.ts';
import { spanEncoder } from './otlp/span-encoder.ts';
import { headsBy } from './otlp/trace-request.ts';
import { outsideText } from './outside-text.ts';
import { toReadableSpan, toResourceMetrics, toSdkOrigin } from './readable.ts';

// The seam to OpenTelemetry's own interfaces: any exporter of the SDK becomes a delivery with a bounded number of exports
// in flight, retries, halving after a 413, a dead letter and an exact account. An exporter encodes by itself, so requests
// are measured in items, not in bytes. It reports no partial success: what it exported counts as accepted.

export interface SdkOptions extends DestinationOptions {
  /** The name in the account. */
  readonly name: string;
  /** Time for one export, after which it counts as failed and is tried again. Default 30,000, as in the SDK. */
  readonly timeoutMillis?: number | undefined;
}

const DEFAULT_TIMEOUT_MILLIS = 30_000;

/** A delivery of spans through a `SpanExporter`. The caller shuts the exporter down after it has finished. */
export function spanExporterDelivery(exporter: SpanExporter, options: SdkOptions): Delivery<OtelSpan> {
  const { origin, limits, outcomeListeners: listeners, name } = options;
  const originOf = headsBy(toSdkOrigin);
  const toSdk = (span: OtelSpan) => toReadableSpan(span, originOf(span.origin ?? origin));
  const delivery = openDelivery<OtelSpan, ReadableSpan[]>(options, {
    transport: sdkTransport(options, (spans, done) => exporter.export(spans, done)),
    encoder: spanEncoder(origin),
    newRequest: () => itemRequest(toSdk),
    readLine: (line) => readOwnLine(line).spans,
    newListener: listeners && (() => listeners.forSpans(name)),
    limits: { ...limits, maxRequestBytes: limits.maxRequestItems },
  });
  return flushed(delivery, exporter, options);
}

/** A delivery of metric points through a `PushMetricExporter`: one snapshot per export, in order of time. */
export function metricExporterDelivery(
  exporter: PushMetricExporter,
  options: SdkOptions,
): Delivery<MetricSnapshot> {
  const { origin, limits, outcomeListeners: listeners, name } = options;
  const originOf = headsBy(toSdkOrigin);
  const toSdk = (points: MetricSnapshot) => toResourceMetrics(points, originOf(points.origin ?? origin));
  const delivery = openDelivery<MetricSnapshot, ResourceMetrics[]>(options, {
    transport: sdkTransport(options, ([metrics], done) =>
      metrics === undefined ? done({ code: SUCCESS }) : exporter.export(metrics, done),
    ),
    encoder: metricEncoder(origin),
    newRequest: () => itemRequest(toSdk),
    readLine: (line) => readOwnLine(line).snapshots,
    newListener: listeners && (() => listeners.forPoints(name)),
    limits: { ...limits, maxRequestBytes: 1, concurrency: 1 },
  });
  return flushed(delivery, exporter, options);
}

/** A request of converted items. Its size is their number. */
function itemRequest<Item, Made>(convert: (item: Item) => Made): RequestBody<Item, Made[]> {
  let made: Made[] = [];
  return {
    add(item, maxItems) {
      if (made.length >= maxItems) return false;
      made.push(convert(item));
      return true;
    },
    sizeBytes: () => made.length,
    finish() {
      const body = made;
      made = [];
      return body;
    },
  };
}

interface ExportResult {
  readonly code: number;
  readonly error?: Error;
}

/** `ExportResultCode` of `@opentelemetry/core`. */
const SUCCESS = 0;
const FAILED = 1;

function sdkTransport<Body>(
  { name, timeoutMillis = DEFAULT_TIMEOUT_MILLIS, clock = systemClock }: SdkOptions,
  run: (body: Body, done: (result: ExportResult) => void) => void,
): Pick<Transport<Body>, 'destination' | 'prepare'> {
  async function attempt(body: Body, stop: AbortSignal): Promise<Answer> {
    const over = new AbortController();
    const result = new Promise<ExportResult>((resolve) => run(body, resolve)).catch((error: unknown) => ({
      code: FAILED,
      error: error instanceof Error ? error : new Error(`${error}`),
    }));
    const answer = result.then((known) => answerOf(name, known));
    const end = () => over.abort();
    stop.addEventListener('abort', end);
    const late = clock.sleep(timeoutMillis, over.signal).then(() => {
      const took = stop.aborted ? 'was still exporting' : `did not finish within ${timeoutMillis / 1000} s`;
      return transient(`${name} ${took}`);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      stop.removeEventListener('abort', end);
      over.abort();
    }
  }
  return { destination: name, prepare: (body) => (stop) => attempt(body, stop) };
}

/**
 * An exporter reports a failure as an error and no more. Its `code`, where it has one, is an HTTP status; a failure
 * without one may pass, so it is tried again.
 */
function answerOf(name: string, { code, error }: ExportResult): Answer {
  if (code === SUCCESS) return { kind: 'accepted', rejected: 0, message: '' };
  const reason = outsideText(error?.message ?? '');
  const status = error !== undefined && 'code' in error ? error.code : undefined;
  const isStatus = typeof status === 'number' && status >= 300;
  const says = [`${name} failed`, ...(isStatus ? [`with ${status}`] : [])].join(' ');
  const sentence = reason === '' ? `${says} and gave no reason` : `${says}: ${reason}`;
  if (status === 413) return { kind: 'too_large', sentence };
  if (!isStatus || TRANSIENT.has(status)) return transient(sentence, isStatus);
  return { kind: 'final', sentence, mayPass: status !== 400 };
}

/** An exporter may buffer what it reported as exported: `settled` and `finish` flush it. */
function flushed<Item>(
  delivery: Delivery<Item>,
  exporter: { forceFlush?(): Promise<void> },
  { name, onOutage }: SdkOptions,
): Delivery<Item> {
  const flush = async () => {
    try {
      await exporter.forceFlush?.();
    } catch (error) {
      onOutage?.(`${name} could not flush: ${outsideText(String(error))}`);
    }
  };
  return {
    ...delivery,
    async settled() {
      await delivery.settled();
      await flush();
    },
    async finish(withinMillis) {
      const account = await delivery.finish(withinMillis);
      await flush();
      return account;
    },
  };
}
