import type { Resource } from '../../model/otel.ts';
import type { History, InstrumentHistory } from './history.ts';
import { familyName, helpText, labels, unitWord } from './names.ts';
import { sampleLines } from './samples.ts';

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
