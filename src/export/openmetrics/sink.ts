import type { Account, MetricSink } from '../../model/sink.ts';
import { createHistory } from './history.ts';
import { type OpenMetricsOptions, openMetricsText } from './text.ts';

export interface OpenMetricsSinkOptions extends OpenMetricsOptions {
  /** Returns when there is room for more. Rejects when the file cannot be written. */
  readonly write: (text: string) => Promise<void>;
  /** One sentence for the user about a write that failed. */
  readonly problemOf: (error: unknown) => string;
}

const CHUNK_CHARS = 64 * 1024;

/** `-e openmetrics`: nothing is written before the end, because the file has one series after the other. */
export function openMetricsSink(options: OpenMetricsSinkOptions): MetricSink {
  const history = createHistory();
  let points = 0;
  return {
    async write(snapshot) {
      history.add(snapshot);
      for (const metric of snapshot.metrics) points += metric.points.length;
    },
    // Nothing leaves before the end.
    settled: async () => {},
    soFar: () => account(points, points, []),
    async finish() {
      try {
        for (const chunk of chunks(openMetricsText(history, options))) await options.write(chunk);
        return account(points, points, []);
      } catch (error) {
        return account(points, 0, [options.problemOf(error)]);
      }
    },
  };
}

function account(made: number, accepted: number, problems: readonly string[]): Account {
  return { made, accepted, rejected: 0, failed: made - accepted, requests: 1, problems };
}

function* chunks(texts: Iterable<string>): Generator<string> {
  let chunk = '';
  for (const text of texts) {
    chunk += text;
    if (chunk.length < CHUNK_CHARS) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}
