import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { MetricSnapshot, Origin } from '../../model/otel.ts';
import { part, pointsIn } from '../metrics/series.ts';
import { toResourceMetrics, toSdkOrigin } from '../readable.ts';
import { type Encoder, joinedMessages, type RequestBody } from './encoder.ts';
import { createJsonMetricRequest } from './json.ts';
import { headsBy } from './trace-request.ts';

export function metricEncoder(origin: Origin): Encoder<MetricSnapshot> {
  return {
    signal: 'metric points',
    weight: pointsIn,
    newRequest: (contentType) =>
      contentType === 'application/json' ? createJsonMetricRequest(origin) : protobufRequest(origin),
    shrink(snapshot) {
      const total = pointsIn(snapshot);
      if (total < 2) return undefined;
      const middle = Math.ceil(total / 2);
      return { items: [part(snapshot, 0, middle), part(snapshot, middle, total)], loss: undefined };
    },
  };
}

function protobufRequest(origin: Origin): RequestBody<MetricSnapshot> {
  const sdkOriginOf = headsBy(toSdkOrigin);
  return joinedMessages((snapshot) =>
    ProtobufMetricsSerializer.serializeRequest(
      toResourceMetrics(snapshot, sdkOriginOf(snapshot.origin ?? origin)),
    ),
  );
}
