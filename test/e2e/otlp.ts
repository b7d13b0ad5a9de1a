import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** OTLP/JSON as anybody may write it, read into one form: same meaning, same value. No field is left out of the comparison. */

type Json = Readonly<Record<string, unknown>>;

export interface Telemetry {
  readonly spans: readonly Json[];
  readonly points: readonly Json[];
}

const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? value : []);

/** The spans and points of OTLP/JSON lines, each with its resource and scope, sorted. */
export function decode(lines: readonly string[]): Telemetry {
  const requests: readonly Json[] = lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  return {
    spans: requests.flatMap((request) => list(request.resourceSpans).flatMap(spansOf)).sort(by('spanId')),
    points: requests.flatMap((request) => list(request.resourceMetrics).flatMap(pointsOf)).sort(by('key')),
  };
}

function spansOf({ scopeSpans, ...origin }: Json): readonly Json[] {
  return list(scopeSpans).flatMap(({ spans, ...scoped }) =>
    list(spans).map((span) => ({ ...fields(span), origin: plain(origin), scoped: plain(scoped) })),
  );
}

function pointsOf({ scopeMetrics, ...origin }: Json): readonly Json[] {
  return list(scopeMetrics).flatMap(({ metrics, ...scoped }) =>
    list(metrics).flatMap(({ name, sum, histogram, ...rest }) => {
      const { dataPoints, ...data } = fields(sum ?? histogram);
      return list(dataPoints).map((point) => ({
        key: JSON.stringify([name, point.timeUnixNano, point.attributes]),
        name,
        ...fields(point),
        metric: [data, plain(rest), plain(origin), plain(scoped)],
      }));
    }),
  );
}

/** Proto3 leaves a field out when it has its default value, but for these: they are `optional`, or one of a choice. */
const PRESENT =
  /^(string|bool|int|double|array|bytes)Value$|^as(Int|Double)$|^(sum|min|max|count|bucketCounts)$/;

/** 64-bit integers may be strings or numbers. */
const INTEGER = /^(intValue|asInt|count|bucketCounts|.*UnixNano)$/;

function fields(value: unknown): Json {
  const entries = Object.entries(Object(value)).map(([key, inner]) => [key, plain(inner, key)] as const);
  return Object.fromEntries(entries.filter(([key, inner]) => PRESENT.test(key) || !isDefault(inner)));
}

function plain(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => plain(item, key));
    return key === 'attributes' ? items.sort(by('key')) : items;
  }
  if (typeof value === 'object' && value !== null) return fields(value);
  return INTEGER.test(key) ? String(value) : value;
}

function isDefault(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === '' || value === 0 || value === false;
}

function by(key: string): (a: unknown, b: unknown) => number {
  const at = (value: unknown) => String(Object(value)[key]);
  return (a, b) => (at(a) < at(b) ? -1 : 1);
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
