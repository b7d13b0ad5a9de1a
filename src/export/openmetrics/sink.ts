/**
 * Metrics as OpenMetrics text with the log's own times, for `promtool tsdb create-blocks-from openmetrics`: the only door
 * through which Prometheus takes the past. https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
import type { Instrument, MetricSnapshot, Resource } from '../../model/otel.ts';
import { type Delivery, plainAccount } from '../../model/sink.ts';
import { epochMicros } from '../../model/time.ts';
import { pointsIn } from '../metrics/series.ts';
import { escaped, familyName, labels, unitWord } from './names.ts';
import { addSnapshot, createHistory, type History, sampleLines } from './samples.ts';

export interface OpenMetricsOptions {
  readonly resource: Resource;
  /** Of the snapshots. */
  readonly intervalMicros: number;
}

export interface OpenMetricsSinkOptions extends OpenMetricsOptions {
  /** The name for people. */
  readonly destination: string;
  /** Returns when there is room for more. Rejects with a sentence when the file cannot be written. */
  readonly write: (text: string) => Promise<void>;
}

const CHUNK_CHARS = 64 * 1024;

/** `-e openmetrics`: nothing is written before the end, because the file has one series after the other. */
export function openMetricsSink(options: OpenMetricsSinkOptions): Delivery<MetricSnapshot> {
  const history = createHistory();
  let points = 0;
  const account = (problem?: string) => ({
    ...plainAccount({ destination: options.destination, signal: 'metric points' }, points, problem),
    requests: 1,
  });
  return {
    async write(snapshots) {
      for (const snapshot of snapshots) {
        addSnapshot(history, snapshot);
        points += pointsIn(snapshot);
      }
    },
    // Nothing leaves before the end.
    settled: async () => {},
    soFar: () => account(),
    setDeadline: () => {},
    async finish() {
      try {
        for (const chunk of chunks(openMetricsText(history, options))) await options.write(chunk);
        return account();
      } catch (error) {
        return account(error instanceof Error ? error.message : String(error));
      }
    },
  };
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

/** The file, in pieces of one line or more: series in order of their labels. */
export function* openMetricsText(
  { instruments, endTime = epochMicros(0) }: History,
  { resource, intervalMicros }: OpenMetricsOptions,
): Generator<string> {
  const common = resourceLabels(resource);
  for (const { instrument, series } of instruments.values()) {
    yield* heading(instrument);
    const sorted = [...series].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const one of sorted) yield* sampleLines(instrument, one, common, { intervalMicros, endTime });
  }
  yield '# EOF\n';
}

function* heading(instrument: Instrument): Generator<string> {
  const name = familyName(instrument);
  const unit = unitWord(instrument.unit);
  yield `# HELP ${name} ${escaped(instrument.description)}\n`;
  yield `# TYPE ${name} ${instrument.kind}\n`;
  if (unit !== undefined) yield `# UNIT ${name} ${unit}\n`;
}

/** What a scrape of the Collector says of the resource: `job` and `instance`, and no more. */
function resourceLabels({ attributes }: Resource): string {
  const job = attributes['service.name'];
  const instance = attributes['service.instance.id'];
  return labels({ ...(instance === undefined ? {} : { instance }), ...(job === undefined ? {} : { job }) });
}
