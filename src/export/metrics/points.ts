import type { MetricSnapshot } from '../../model/otel.ts';

/** How many points a snapshot has, over all its metrics. */
export function pointsIn(snapshot: MetricSnapshot): number {
  return snapshot.metrics.reduce((sum, metric) => sum + metric.points.length, 0);
}

/** A snapshot of the same moment with the points from the `from`-th up to the `to`-th. */
export function part(snapshot: MetricSnapshot, from: number, to: number): MetricSnapshot {
  let before = 0;
  const metrics = snapshot.metrics.map((metric) => {
    const points = metric.points.slice(Math.max(0, from - before), Math.max(0, to - before));
    before += metric.points.length;
    return { ...metric, points };
  });
  return { ...snapshot, metrics: metrics.filter((metric) => metric.points.length > 0) };
}
