import { readFile } from 'node:fs/promises';

/** The dashboard as it is shipped: its queries are read, not repeated. */

interface Target {
  readonly expr: string;
  readonly legendFormat: string;
  readonly instant?: boolean;
}
interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly Target[];
  readonly fieldConfig?: { readonly defaults: { readonly custom?: { readonly drawStyle?: string } } };
  readonly options?: { readonly content?: string };
}

export interface PanelQuery {
  readonly panel: string;
  /** Bars are looked at as a whole range, the others at one moment. */
  readonly shape: 'number' | 'line' | 'bar';
  readonly expr: string;
  readonly legend: string;
}

export async function panels(): Promise<readonly Panel[]> {
  const file = new URL(
    '../../docs/stack/grafana/dashboards/hermes-agent-observability.json',
    import.meta.url,
  );
  const dashboard: { readonly panels: readonly Panel[] } = JSON.parse(await readFile(file, 'utf8'));
  return dashboard.panels.filter(({ type }) => type !== 'row');
}

/** Every query of every panel, with what Grafana would put in for its variables. */
export async function panelQueries(): Promise<readonly PanelQuery[]> {
  return (await panels()).flatMap((panel) =>
    (panel.targets ?? []).map(({ expr, legendFormat, instant }) => ({
      panel: panel.title,
      shape:
        instant === true
          ? 'number'
          : panel.fieldConfig?.defaults.custom?.drawStyle === 'bars'
            ? 'bar'
            : 'line',
      expr: expr.replaceAll('$__range', '1h').replaceAll('$window', '1h').replaceAll('$__interval', '15s'),
      legend: legendFormat,
    })),
  );
}

/** A series as one row: what its legend says, and its value (a bar: the sum of its bars, in steps of 15 s). */
export type Row = readonly [label: string, value: number];

/** Asks Prometheus at `atSeconds`, over the hour before it. @throws with its error. */
export async function ask(
  url: string,
  { expr, shape, legend }: PanelQuery,
  atSeconds: number,
): Promise<readonly Row[]> {
  const range = { start: String(atSeconds - 3600), end: String(atSeconds), step: '15' };
  const query = new URLSearchParams({
    query: expr,
    ...(shape === 'bar' ? range : { time: String(atSeconds) }),
  });
  const response = await fetch(`${url}/api/v1/query${shape === 'bar' ? '_range' : ''}?${query}`);
  const body: Answer = JSON.parse(await response.text());
  if (body.data === undefined) throw new Error(`${expr}: ${body.error}`);
  return body.data.result
    .map(({ metric, value, values }): Row => {
      const label = legend.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => metric[name] ?? '');
      const sum = (values ?? (value === undefined ? [] : [value])).reduce(
        (total, [, each]) => total + Number(each),
        0,
      );
      return [label, Math.round(sum * 1e6) / 1e6];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

interface Answer {
  readonly error?: string;
  readonly data?: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value?: readonly [number, string];
      readonly values?: readonly (readonly [number, string])[];
    }[];
  };
}

/** What the panels must show of the six-span sample alone. The quantiles are read off its histograms' buckets by hand. */
export const SAMPLE_PANELS: Readonly<Record<string, readonly Row[]>> = {
  'Total turns': [['turns', 1]],
  'API and tool calls per turn': [
    ['API calls', 2],
    ['tool calls', 2],
  ],
  'Mean turn time': [['mean', 3.06]],
  'Mean API latency': [['mean', 1.15]],
  // Both calls lie between 0.64 s and 1.28 s.
  'API latency': [
    ['P50', 0.96],
    ['P95', 1.248],
    ['P99', 1.2736],
  ],
  'Mean API latency by model': [['sample-model', 1.15]],
  'Input and output tokens': [
    ['input', 2700],
    ['output', 200],
  ],
  'Mean tokens per call': [
    ['input', 1350],
    ['output', 100],
  ],
  'Mean time by tool': [
    ['read_file', 0.12],
    ['terminal', 0.5],
  ],
  'Calls by tool': [
    ['read_file', 1],
    ['terminal', 1],
  ],
  // The one turn lies between 1.6 s and 3.2 s.
  'Turn time': [
    ['P50', 2.4],
    ['P95', 3.12],
    ['P99', 3.184],
  ],
  'Calls per turn': [
    ['API calls', 2],
    ['tool calls', 2],
  ],
};
