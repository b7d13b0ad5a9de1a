import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** OTLP/JSON as anybody may write it, read into one form: same meaning, same value. */

type Json = Readonly<Record<string, unknown>>;

export interface Telemetry {
  readonly spans: readonly Json[];
  readonly points: readonly Json[];
}

const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? value : []);
const child = (value: unknown): Json => (typeof value === 'object' && value !== null ? { ...value } : {});

/** The spans and points of OTLP/JSON lines, sorted. */
export function decode(lines: readonly string[]): Telemetry {
  const requests: readonly Json[] = lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  return {
    spans: requests.flatMap((request) => list(request.resourceSpans).flatMap(spansOf)).sort(by('spanId')),
    points: requests.flatMap((request) => list(request.resourceMetrics).flatMap(pointsOf)).sort(by('key')),
  };
}

function spansOf(group: Json): readonly Json[] {
  return list(group.scopeSpans).flatMap((scoped) =>
    list(scoped.spans).map((span) => ({
      ...origin(group, scoped),
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId ?? '',
      name: span.name,
      kind: span.kind,
      start: String(span.startTimeUnixNano),
      end: String(span.endTimeUnixNano),
      attributes: attributes(span.attributes),
      status: { code: child(span.status).code ?? 0, message: child(span.status).message ?? '' },
      events: list(span.events).map((event) => ({
        time: String(event.timeUnixNano),
        name: event.name,
        attributes: attributes(event.attributes),
      })),
      links: list(span.links).map((link) => ({
        traceId: link.traceId,
        spanId: link.spanId,
        attributes: attributes(link.attributes),
      })),
    })),
  );
}

function pointsOf(group: Json): readonly Json[] {
  return list(group.scopeMetrics).flatMap((scoped) =>
    list(scoped.metrics).flatMap((metric) => {
      const data = child(metric.sum ?? metric.histogram);
      return list(data.dataPoints).map((point) => {
        const its = attributes(point.attributes);
        const time = String(point.timeUnixNano);
        return {
          ...origin(group, scoped),
          key: JSON.stringify([metric.name, time, its]),
          name: metric.name,
          unit: metric.unit,
          temporality: data.aggregationTemporality,
          monotonic: data.isMonotonic === true,
          start: String(point.startTimeUnixNano),
          time,
          attributes: its,
          value: Number(point.asInt ?? point.asDouble ?? point.sum ?? 0),
          count: Number(point.count ?? 0),
          min: Number(point.min ?? 0),
          max: Number(point.max ?? 0),
          buckets: (Array.isArray(point.bucketCounts) ? point.bucketCounts : []).map(Number),
          bounds: point.explicitBounds ?? [],
        };
      });
    }),
  );
}

function origin(group: Json, scoped: Json): Json {
  const scope = child(scoped.scope);
  return {
    resource: attributes(child(group.resource).attributes),
    scope: [scope.name, scope.version ?? ''],
  };
}

/** Sorted by key; numbers keep whether they are whole or double, integers as strings. */
function attributes(value: unknown): readonly (readonly [unknown, unknown])[] {
  return list(value)
    .map((attribute) => [attribute.key, plain(child(attribute.value))] as const)
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

function plain(value: Json): unknown {
  const [kind, inner] = Object.entries(value)[0] ?? [];
  if (kind === 'intValue') return { int: String(inner) };
  if (kind === 'doubleValue') return { double: inner };
  if (kind === 'arrayValue') return list(child(inner).values).map(plain);
  return inner;
}

function by(key: string): (a: Json, b: Json) => number {
  return (a, b) => (String(a[key]) < String(b[key]) ? -1 : 1);
}

/** A growing file of OTLP/JSON lines, read from where it stood when this was called. */
export async function growingFile(file: string): Promise<() => Promise<readonly string[]>> {
  const size = async () =>
    stat(file).then(
      (found) => found.size,
      () => 0,
    );
  const from = await size();
  return async () => {
    if ((await size()) <= from) return [];
    const text = (await readFile(file)).subarray(from).toString('utf8');
    return text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  };
}

/** Asks until the answer is good, or gives the last one: the test then says what is wrong with it. */
export async function eventually<T>(
  ask: () => Promise<T>,
  good: (answer: T) => boolean,
  timeoutMillis = 20_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMillis;
  for (;;) {
    const answer = await ask();
    if (good(answer) || Date.now() > deadline) return answer;
    await sleep(200);
  }
}
