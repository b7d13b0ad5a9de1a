import type { MetricSnapshot } from '../../model/otel.ts';
import { jsonMetricEncoder } from '../encode/json-encoder.ts';
import type { EncoderFactory, Origin } from '../encode/request-encoder.ts';
import type { ItemRules } from './item-rules.ts';

export function metricRules(
  origin: Origin,
  newEncoder: EncoderFactory<MetricSnapshot>,
): ItemRules<MetricSnapshot> {
  const json = jsonMetricEncoder(origin);
  return {
    signal: 'metric points',
    weight: pointsIn,
    newEncoder: () => newEncoder(origin),
    toLine: (snapshots) => json.line(snapshots),
    reduce(snapshot) {
      const halves = halve(snapshot);
      return halves === undefined ? undefined : { items: halves, loss: undefined };
    },
  };
}

export function pointsIn(snapshot: MetricSnapshot): number {
  return snapshot.metrics.reduce((sum, metric) => sum + metric.points.length, 0);
}

/** Two snapshots of the same moment that share the points; `undefined` for a single point. */
function halve(snapshot: MetricSnapshot): readonly MetricSnapshot[] | undefined {
  const total = pointsIn(snapshot);
  if (total < 2) return undefined;
  const middle = Math.ceil(total / 2);
  return [part(snapshot, 0, middle), part(snapshot, middle, total)];
}

/** The points from the `from`-th up to the `to`-th, below their own metrics. */
export function part(snapshot: MetricSnapshot, from: number, to: number): MetricSnapshot {
  let before = 0;
  const metrics = snapshot.metrics.map((metric) => {
    const points = metric.points.slice(Math.max(0, from - before), Math.max(0, to - before));
    before += metric.points.length;
    return { ...metric, points };
  });
  return { metrics: metrics.filter((metric) => metric.points.length > 0) };
}
