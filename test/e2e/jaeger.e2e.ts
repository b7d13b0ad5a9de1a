import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { epochMicros } from '../../src/model/time.ts';
import { traceIdOf } from '../../src/reconstruct/ids.ts';
import { sampleLog } from '../../src/sample/sample-log.ts';
import { DOLLARS, LOG, sum, USED } from '../receivers/every-usage.ts';
import { decode, eventually } from './otlp.ts';
import { type Jaeger, provideJaeger, startJaeger } from './receivers/jaeger.ts';
import { fileOf, hermesOtel, recordings, replayed } from './replay.ts';
import { describeReceiver } from './with-receivers.ts';

const program = await provideJaeger();

interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  /** Microseconds since the epoch. */
  readonly startTime: number;
  /** Microseconds. */
  readonly duration: number;
  readonly references: readonly {
    readonly refType: string;
    readonly spanID: string;
  }[];
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
}
interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
}

const micros = (nanos: unknown) => Number(String(nanos).slice(0, -3));

const DAY_MILLIS = 86_400_000;

/** The sample as a log of so many days ago, and the trace it becomes. */
function sampleOf(name: string, daysAgo: number) {
  const end = epochMicros((Math.floor(Date.now() / 1000) * 1000 - daysAgo * DAY_MILLIS) * 1000);
  return { log: sampleLog(name, end).join('\n'), traceId: traceIdOf('session', name), end };
}

async function traces(url: string): Promise<readonly JaegerTrace[]> {
  const response = await fetch(url);
  const body: unknown = await response.json();
  return typeof body === 'object' && body !== null && 'data' in body && Array.isArray(body.data)
    ? body.data
    : [];
}

async function stored(jaeger: Jaeger, traceId: string, spans: number): Promise<readonly JaegerTrace[]> {
  const count = (found: readonly JaegerTrace[]) => found[0]?.spans.length ?? 0;
  return eventually(
    () => traces(`${jaeger.query}/api/traces/${traceId}`),
    (found) => count(found) >= spans,
    5_000,
  );
}

describeReceiver('Jaeger', [program], (folder = '') => {
  describe('with memory storage', () => {
    let jaeger: Jaeger;
    beforeAll(async () => {
      jaeger = await startJaeger(folder, 'memory');
    });
    afterAll(async () => {
      await jaeger?.stop();
    });

    test('shows the sample as one trace of six spans, with the parents and the times of the log', async () => {
      const { log, traceId, end } = sampleOf('today', 0);
      await replayed(['-', '-e', 'otlp', '--endpoint', jaeger.http, '--no-metrics'], {}, log);
      const found = await stored(jaeger, traceId, 6);
      expect(found.map(({ traceID, spans }) => [traceID, spans.length])).toEqual([[traceId, 6]]);
      const spans = [...(found[0]?.spans ?? [])].sort((a, b) => a.startTime - b.startTime);
      const names = new Map(spans.map(({ spanID, operationName }) => [spanID, operationName]));
      const start = end - 3_100_000;
      expect(
        spans.map((span) => [
          span.operationName,
          names.get(span.references[0]?.spanID ?? '') ?? null,
          span.startTime - start,
          span.duration,
        ]),
      ).toEqual([
        ['hermes.session', null, 0, 3_100_000],
        ['hermes.turn', 'hermes.session', 20_000, 3_060_000],
        ['chat sample-model', 'hermes.turn', 50_000, 1_200_000],
        ['hermes.tool.read_file', 'hermes.turn', 1_260_000, 120_000],
        ['hermes.tool.terminal', 'hermes.turn', 1_400_000, 500_000],
        ['chat sample-model', 'hermes.turn', 1_950_000, 1_100_000],
      ]);
    });

    test('has the money and the cached tokens of a log with every kind of usage', async () => {
      const names = ['--conventions', 'gen-ai'];
      await replayed([LOG, '-e', 'otlp', '--endpoint', jaeger.http, '--no-metrics', ...names]);
      const { spans } = decode(await fileOf(LOG, ...names));
      const traceIds = [...new Set(spans.map(({ traceId }) => String(traceId)))];
      const found = await Promise.all(
        traceIds.map((id) => stored(jaeger, id, spans.filter(({ traceId }) => traceId === id).length)),
      );
      const calls = found
        .flatMap((traces) => traces.flatMap((trace) => trace.spans))
        .filter(({ tags }) => tags.some(({ key, value }) => key === 'span.kind' && value === 'client'));
      const tags = calls.flatMap((call) => call.tags);
      const total = (name: string) =>
        sum(tags.filter(({ key }) => key === name).map(({ value }) => Number(value)));
      expect({
        input: total('gen_ai.usage.input_tokens'),
        cacheRead: total('gen_ai.usage.cache_read.input_tokens'),
        output: total('gen_ai.usage.output_tokens'),
        cost: total('gen_ai.usage.cost'),
      }).toEqual({
        input: USED.input,
        cacheRead: USED.cacheRead,
        output: USED.output,
        cost: expect.closeTo(DOLLARS, 9),
      });
    });

    test('shows every trace of all recordings, with the ids, names, parents and times of otlp_file', async () => {
      await replayed([...recordings(), '-e', 'otlp', '--endpoint', jaeger.http, '--no-metrics']);
      const { spans } = decode(await fileOf(...recordings()));
      const traceIds = [...new Set(spans.map(({ traceId }) => String(traceId)))];
      const found = await eventually(
        async () =>
          (await Promise.all(traceIds.map((id) => traces(`${jaeger.query}/api/traces/${id}`)))).flat(),
        (all) => all.flatMap((trace) => trace.spans).length >= spans.length,
      );
      const theirs = found
        .flatMap((trace) => trace.spans)
        .map((span) => ({
          traceId: span.traceID,
          spanId: span.spanID,
          parentSpanId: span.references.find(({ refType }) => refType === 'CHILD_OF')?.spanID,
          name: span.operationName,
          startMicros: span.startTime,
          durationMicros: span.duration,
        }));
      const ours = spans.map(
        ({ traceId, spanId, parentSpanId, name, startTimeUnixNano, endTimeUnixNano }) => ({
          traceId,
          spanId,
          parentSpanId,
          name,
          startMicros: micros(startTimeUnixNano),
          durationMicros: micros(endTimeUnixNano) - micros(startTimeUnixNano),
        }),
      );
      const byId = (list: readonly { readonly spanId: unknown }[]) =>
        new Map(list.map((span) => [span.spanId, span]));
      expect(byId(theirs)).toEqual(byId(ours));
      expect([found.length, theirs.length]).toEqual([traceIds.length, spans.length]);
      expect(traceIds.length).toBeGreaterThan(70);
    });

    test('finds a session of 30 days ago by its id and by a search with both ends, not by a search of the last days', async () => {
      const { log, traceId, end } = sampleOf('old', 30);
      await replayed(['-', '-e', 'otlp', '--endpoint', jaeger.http, '--no-metrics'], {}, log);
      await stored(jaeger, traceId, 6);
      const search = async (start: number, until: number) => {
        const query = new URLSearchParams({
          service: 'hermes-agent',
          start: `${start}`,
          end: `${until}`,
          limit: '100',
        });
        return (await traces(`${jaeger.query}/api/traces?${query}`)).map(({ traceID }) => traceID);
      };
      const now = Date.now() * 1000;
      expect(await search(end - 60_000_000, end + 1_000_000)).toEqual([traceId]);
      expect(await search(now - 2 * DAY_MILLIS * 1000, now)).not.toContain(traceId);
      expect(await search(0, 4_102_444_800_000_000)).toContain(traceId);
    });

    test.each([
      ['JSON', 'otlp', { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }],
      ['gzip', 'otlp', { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }],
      ['gRPC', 'otlp_grpc', {}],
    ])('takes %s', async (name, exporter, env) => {
      const { log, traceId } = sampleOf(name, 1);
      const endpoint = exporter === 'otlp' ? jaeger.http : `http://${jaeger.grpc}`;
      await replayed(['-', '-e', exporter, '--endpoint', endpoint, '--no-metrics'], env, log);
      expect((await stored(jaeger, traceId, 6))[0]?.spans).toHaveLength(6);
    });

    test('passes the doctor, which finds its sample there and does not take its page for a receiver', async () => {
      const good = await hermesOtel(['doctor', '--endpoint', jaeger.http, '--no-metrics', '--send-test']);
      const traceId = /^ok {4}Sample: .*trace ([0-9a-f]{32})/m.exec(good.stdout)?.[1];
      expect([good.code, (await stored(jaeger, `${traceId}`, 6))[0]?.spans.length]).toEqual([0, 6]);
      const page = await hermesOtel(['doctor', '--endpoint', jaeger.query]);
      expect([page.code, page.stdout]).toEqual([
        1,
        expect.stringMatching(/^FAIL {2}OTLP traces: .* answered 200 with a web page/m),
      ]);
    });

    test('has a page that takes everything and keeps nothing: a replay to it fails', async () => {
      const { log } = sampleOf('page', 1);
      const toPage = ['-', '-e', 'otlp', '--endpoint', jaeger.query, '--no-metrics'];
      await expect(replayed(toPage, {}, log)).rejects.toThrow(
        /0 accepted, 0 rejected, 6 failed[\s\S]*with a web page/,
      );
    });

    test('has no door for metrics: the replay says so and exits 0', async () => {
      const { log } = sampleOf('metrics', 1);
      const { code, stderr } = await hermesOtel(
        ['replay', '-', '-e', 'otlp', '--endpoint', jaeger.http],
        {},
        log,
      );
      expect([code, stderr]).toEqual([0, expect.stringMatching(/404[\s\S]*--no-metrics leaves them out/)]);
    });
  });

  const DOUBLES = [
    ['memory', 'shows the same span once, and a changed one beside the first', 12],
    ['badger', 'keeps the last of two spans with one id', 6],
  ] as const;
  test.each(DOUBLES)('with %s storage a second replay %s', async (storage, _what, afterChange) => {
    const jaeger = await startJaeger(folder, storage);
    try {
      const { log, traceId } = sampleOf('twice', 3);
      const args = ['-', '-e', 'otlp', '--endpoint', jaeger.http, '--no-metrics'];
      const trace = async () => (await traces(`${jaeger.query}/api/traces/${traceId}`))[0]?.spans ?? [];
      await replayed(args, {}, log);
      await stored(jaeger, traceId, 6);
      await replayed(args, {}, log);
      // Seven are waited for, in vain: there must be six after the wait too.
      expect((await stored(jaeger, traceId, 7))[0]?.spans).toHaveLength(6);
      await replayed([...args, '--conventions', 'gen-ai'], {}, log);
      const names = await eventually(
        async () => (await trace()).map(({ operationName }) => operationName),
        (found) => found.length === afterChange && found.includes('invoke_agent hermes'),
      );
      expect([names.length, names.includes('invoke_agent hermes')]).toEqual([afterChange, true]);
      expect(names.includes('hermes.turn')).toBe(afterChange === 12);
    } finally {
      await jaeger.stop();
    }
  });
});
