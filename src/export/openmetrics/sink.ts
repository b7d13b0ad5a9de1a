import type { MetricSnapshot, Resource } from '../../model/otel.ts';
import type { Account, Sink } from '../../model/sink.ts';
import { pointsIn } from '../metrics/points.ts';
import type { History, InstrumentHistory } from './history.ts';
import { createHistory } from './history.ts';
import { familyName, helpText, labels, unitWord } from './names.ts';
import { sampleLines } from './samples.ts';

export interface OpenMetricsSinkOptions extends OpenMetricsOptions {
  /** Returns when there is room for more. Rejects when the file cannot be written. */
  readonly write: (text: string) => Promise<void>;
  /** One sentence for the user about a write that failed. */
  readonly problemOf: (error: unknown) => string;
}

const CHUNK_CHARS = 64 * 1024;

/** `-e openmetrics`: nothing is written before the end, because the file has one series after the other. */
export function openMetricsSink(options: OpenMetricsSinkOptions): Sink<MetricSnapshot> {
  const history = createHistory();
  let points = 0;
  return {
    async write(snapshots) {
      for (const snapshot of snapshots) {
        history.add(snapshot);
        points += pointsIn(snapshot);
      }
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

/**
 * Metrics as OpenMetrics text with the log's own times, for `promtool tsdb create-blocks-from openmetrics`: the only door
 * through which Prometheus takes the past. https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export interface OpenMetricsOptions {
  readonly resource: Resource;
  /** Of the snapshots. */
  readonly intervalMicros: number;
}

/** The file, in pieces of one line or more. */
export function* openMetricsText(history: History, options: OpenMetricsOptions): Generator<string> {
  const resource = resourceLabels(options.resource);
  const endTime = history.endTime();
  if (endTime !== undefined) {
    for (const { instrument, series } of history.instruments()) {
      yield* heading(instrument);
      const { intervalMicros } = options;
      for (const one of series) yield* sampleLines(instrument, one, resource, { intervalMicros, endTime });
    }
  }
  yield '# EOF\n';
}

function* heading(instrument: InstrumentHistory['instrument']): Generator<string> {
  const name = familyName(instrument);
  const unit = unitWord(instrument.unit);
  yield `# HELP ${name} ${helpText(instrument)}\n`;
  yield `# TYPE ${name} ${instrument.kind}\n`;
  if (unit !== undefined) yield `# UNIT ${name} ${unit}\n`;
}

/** What a scrape of the Collector says of the resource: `job` and `instance`, and no more. */
function resourceLabels({ attributes }: Resource): string {
  const job = attributes['service.name'];
  const instance = attributes['service.instance.id'];
  return labels({ ...(instance === undefined ? {} : { instance }), ...(job === undefined ? {} : { job }) });
}
