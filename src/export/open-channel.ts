import type { MetricSnapshot, OtelSpan } from '../model/otel.ts';
import type { Channel } from './channel.ts';
import { type Clock, systemClock } from './delivery/clock.ts';
import { createDelivery, type DeliveryLimits } from './delivery/delivery.ts';
import { metricRules } from './delivery/metric-rules.ts';
import { spanRules } from './delivery/span-rules.ts';
import { type Destination, metricSink, type RunOptions, spanSink } from './destination.ts';
import { jsonMetricEncoder } from './encode/json-encoder.ts';
import type { ContentType, EncoderFactory, Origin } from './encode/request-encoder.ts';
import { sdkMetricEncoder, sdkTraceEncoder } from './encode/sdk-protobuf.ts';
import { createJsonTraceRequest } from './otlp/json-trace-request.ts';
import { createTraceRequest } from './otlp/trace-request.ts';

export interface ChannelOptions extends RunOptions {
  readonly origin: Origin;
  readonly limits: DeliveryLimits;
  readonly clock?: Clock | undefined;
  /** Whose protobuf spans are written in; ours unless it says otherwise. The SDK's is there to compare with. */
  readonly encoder?: 'own' | 'sdk' | undefined;
}

/** Both signals of a run, delivered over a channel. */
export function openChannel(channel: Channel, options: ChannelOptions): Destination {
  const {
    origin,
    limits,
    deadLetter,
    onOutage = () => {},
    witnesses,
    newLedger,
    clock = systemClock,
  } = options;
  const common = { clock, deadLetter, onOutage, newLedger };
  const protobufTraceEncoder = options.encoder === 'sdk' ? sdkTraceEncoder : createTraceRequest;
  const traceEncoder = encoderFor(channel.traces.contentType, createJsonTraceRequest, protobufTraceEncoder);
  const metricEncoder = encoderFor(channel.metrics.contentType, jsonMetricEncoder, sdkMetricEncoder);
  const spans = createDelivery<OtelSpan>({
    ...common,
    ...channel.traces,
    rules: spanRules(origin, traceEncoder),
    limits,
    newWitness: witnesses && (() => witnesses.forSpans(channel.traces.destination)),
  });
  const metrics = createDelivery<MetricSnapshot>({
    ...common,
    ...channel.metrics,
    rules: metricRules(origin, metricEncoder),
    // Receivers drop points that are older than the last one they saw: requests of metrics never overtake each other.
    limits: { ...limits, concurrency: 1 },
    newWitness: witnesses && (() => witnesses.forPoints(channel.metrics.destination)),
  });
  return {
    name: channel.traces.destination,
    spans: spanSink(spans),
    metrics: metricSink(metrics),
    close: () => channel.close(),
  };
}

function encoderFor<Item>(
  contentType: ContentType,
  json: EncoderFactory<Item>,
  protobuf: EncoderFactory<Item>,
): EncoderFactory<Item> {
  return contentType === 'application/json' ? json : protobuf;
}
