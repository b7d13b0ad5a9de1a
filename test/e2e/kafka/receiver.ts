/** An OTLP receiver that keeps the content of everything it gets, however often it comes. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { decode, type Telemetry } from '../otlp.ts';
import { fileOf } from '../replay.ts';

type Json = Readonly<Record<string, unknown>>;

export interface Kept {
  /** By span id: every content that came under it. The resource is left out, as it names the consumer's partition. */
  readonly spans: Map<string, Set<string>>;
  /** By series and instance: the latest point. */
  readonly points: Map<string, Json>;
  /** Number of spans that came, with doubles. */
  count: number;
}

export function kept(): Kept {
  return { spans: new Map(), points: new Map(), count: 0 };
}

export function keep(into: Kept, { spans, points }: Telemetry): void {
  for (const { origin: _origin, ...span } of spans) {
    into.count++;
    const id = String(span.spanId);
    into.spans.set(id, (into.spans.get(id) ?? new Set()).add(JSON.stringify(span)));
  }
  for (const point of points) {
    const series = JSON.stringify([point.name, point.attributes, point.metric]);
    const before = into.points.get(series);
    if (before === undefined || Number(before.timeUnixNano) < Number(point.timeUnixNano))
      into.points.set(series, point);
  }
}

export interface Totals {
  readonly count: number;
  readonly sum: number;
}

/** The last value of each series, summed over all instances. */
export function totalsOf(...all: readonly Kept[]): ReadonlyMap<string, Totals> {
  const totals = new Map<string, Totals>();
  const last = all.flatMap(({ points }) => [...points.values()]);
  for (const { name, attributes, count = 0, sum = 0, asInt = 0, asDouble = 0 } of last) {
    const series = JSON.stringify([name, attributes]);
    const before = totals.get(series) ?? { count: 0, sum: 0 };
    const more = Number(sum) + Number(asInt) + Number(asDouble);
    totals.set(series, {
      count: before.count + Number(count),
      sum: Math.round((before.sum + more) * 1e6) / 1e6,
    });
  }
  return totals;
}

/** What one replay of logs makes. `hostLogs` closes everything by sessions named `last`, which are open themselves. */
export async function replayedPlain(...args: readonly string[]): Promise<Kept> {
  const plain = kept();
  keep(plain, decode(await fileOf(...args, '--idle-timeout', '30m')));
  for (const [id, contents] of plain.spans)
    if ([...contents].join().includes('-last"')) plain.spans.delete(id);
  return plain;
}

/** Numbers of spans that are missing, extra, or came with other content, be it only once. `plain`: of each log, or of all. */
export function differences(got: Kept, ...plain: readonly Kept[]) {
  const expected = new Map(plain.flatMap(({ spans }) => [...spans]));
  const without = (some: Kept['spans'], others: Kept['spans']) =>
    [...some.keys()].filter((id) => !others.has(id)).length;
  const wrong = [...got.spans].filter(([id, contents]) => {
    const [content = ''] = expected.get(id) ?? contents;
    return contents.size !== 1 || !contents.has(content);
  });
  return { missing: without(expected, got.spans), extra: without(got.spans, expected), wrong: wrong.length };
}

export async function startReceiver() {
  // Read at the end: a receiver that is slower than three consumers would be what is tested.
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    requests.push(await text(request));
    response.setHeader('content-type', 'application/json').end('{}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const got = kept();
  function soFar(): Kept {
    for (const request of requests.splice(0)) keep(got, decode([request]));
    return got;
  }
  return {
    url: `http://127.0.0.1:${port}`,
    soFar,
    /** Ends it. @returns what came, to the last request. */
    stop(): Kept {
      server.close();
      server.closeAllConnections();
      return soFar();
    },
  };
}
