import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { epochMicros } from '../../src/model/time.ts';
import { sampleLog } from '../../src/sample/sample-log.ts';
import { LOG } from '../receivers/every-usage.ts';
import { decode, eventually, growingFile, type Telemetry } from './otlp.ts';
import { type Collector, provideCollector, startCollector } from './receivers/collector.ts';
import { fileOf, hermesOtel, recording, recordings, replayed } from './replay.ts';
import { describeReceiver } from './with-receivers.ts';

const program = await provideCollector();

describeReceiver('OpenTelemetry Collector', [program], (folder = '') => {
  let collector: Collector;
  beforeAll(async () => {
    collector = await startCollector(folder);
  });
  afterAll(async () => {
    await collector?.stop();
  });

  /** What the Collector wrote down while `send` ran, once it is as much as `expected`. */
  async function receivedDuring(send: () => Promise<unknown>, expected: Telemetry): Promise<Telemetry> {
    const files = await Promise.all([collector.tracesFile, collector.metricsFile].map(growingFile));
    await send();
    return eventually(
      async () => decode((await Promise.all(files.map((read) => read()))).flat()),
      ({ spans, points }) => spans.length >= expected.spans.length && points.length >= expected.points.length,
    );
  }

  const gzip = { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' };
  const json = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
  const ways: readonly (readonly [string, 'otlp' | 'otlp_grpc', Readonly<Record<string, string>>])[] = [
    ['HTTP protobuf', 'otlp', {}],
    ['HTTP protobuf, gzip', 'otlp', gzip],
    ['HTTP JSON', 'otlp', json],
    ['HTTP JSON, gzip', 'otlp', { ...json, ...gzip }],
    ['gRPC', 'otlp_grpc', {}],
    ['gRPC, gzip', 'otlp_grpc', gzip],
  ];
  const endpoint = (exporter: 'otlp' | 'otlp_grpc') =>
    exporter === 'otlp' ? collector.http : collector.grpc;

  test.each(ways)(
    'gets of all recordings, by %s, exactly what otlp_file writes',
    async (_way, exporter, env) => {
      const ours = decode(await fileOf(...recordings()));
      const args = [...recordings(), '-e', exporter, '--endpoint', endpoint(exporter)];
      const theirs = await receivedDuring(() => replayed(args, env), ours);
      expect(theirs).toEqual(ours);
      expect([ours.spans.length > 600, ours.points.length > 400]).toEqual([true, true]);
    },
  );

  test.each(['hermes', 'gen-ai', 'gen-ai-latest', 'openinference'])(
    'gets under %s the messages, tokens and money of every kind of usage',
    async (names) => {
      const flags = ['--conventions', names, '--capture-content'];
      const ours = decode(await fileOf(LOG, ...flags));
      const theirs = await receivedDuring(
        () => replayed([LOG, '-e', 'otlp', '--endpoint', collector.http, ...flags]),
        ours,
      );
      expect(theirs).toEqual(ours);
      expect(JSON.stringify(theirs.spans)).toMatch(/gen_ai\.usage\.cost|llm\.cost\.total/);
      expect(JSON.stringify(theirs.spans)).toContain('What is in the folder?');
    },
  );

  test('takes by gRPC a log that is larger than its 4 MiB for one message, because requests are split', async () => {
    const end = Date.UTC(2026, 0, 1) * 1000;
    const sessions = Array.from({ length: 3_000 }, (_, number) =>
      sampleLog(`s${number}`, epochMicros(end + number * 1e7)),
    );
    const expected: Telemetry = { spans: Array.from({ length: 18_000 }, () => ({})), points: [] };
    const theirs = await receivedDuring(
      () =>
        replayed(
          ['-', '-e', 'otlp_grpc', '--endpoint', collector.grpc, '--no-metrics'],
          {},
          sessions.flat().join('\n'),
        ),
      expected,
    );
    expect(new Set(theirs.spans.map(({ spanId }) => spanId)).size).toBe(18_000);
    expect(JSON.stringify(theirs.spans).length).toBeGreaterThan(8 * 1024 * 1024);
  });

  test('accepts the lines of otlp_file posted back as JSON', async () => {
    const lines = await fileOf(...recordings());
    const telemetry = decode(lines);
    const answers: unknown[] = [];
    const theirs = await receivedDuring(async () => {
      for (const line of lines) answers.push(await post(collector.http, line));
    }, telemetry);
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set(['[200,"{\\"partialSuccess\\":{}}"]']),
    );
    expect(theirs).toEqual(telemetry);
  });

  test('stores a span again when it comes again', async () => {
    const telemetry = decode(await fileOf(recording('simple')));
    const twice = { spans: [...telemetry.spans, ...telemetry.spans], points: telemetry.points };
    const theirs = await receivedDuring(async () => {
      const args = [recording('simple'), '-e', 'otlp', '--endpoint', collector.http];
      await replayed(args);
      await replayed(args);
    }, twice);
    expect(theirs.spans).toHaveLength(2 * telemetry.spans.length);
  });

  test('passes the doctor, and gets its sample', async () => {
    const expected: Telemetry = { spans: Array.from({ length: 6 }, () => ({})), points: [{}] };
    const theirs = await receivedDuring(async () => {
      const { code, stdout } = await hermesOtel(['doctor', '--endpoint', collector.http, '--send-test']);
      expect([code, stdout]).toEqual([0, expect.stringMatching(/^ok {4}Sample: /m)]);
    }, expected);
    expect(theirs.spans).toHaveLength(6);
    expect(new Set(theirs.points.map(({ name }) => name)).size).toBe(7);
  });

  test('passes the doctor by gRPC too', async () => {
    const args = ['doctor', '-e', 'otlp_grpc', '--endpoint', collector.grpc, '--send-test'];
    const { code, stdout } = await hermesOtel(args);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^ok {4}Sample: /m)]);
  });

  test('has two ports that the doctor does not mix up', async () => {
    const asHttp = await hermesOtel(['doctor', '-e', 'otlp', '--endpoint', collector.grpc]);
    expect([asHttp.code, asHttp.stdout]).toEqual([1, expect.stringContaining('is a gRPC port')]);
    const asGrpc = await hermesOtel(['doctor', '-e', 'otlp_grpc', '--endpoint', collector.http]);
    expect([asGrpc.code, asGrpc.stdout]).toEqual([1, expect.stringMatching(/^FAIL {2}OTLP traces: .*HTTP/m)]);
  });

  test('has a health check that takes everything, and the doctor does not take it for a receiver', async () => {
    const { stdout } = await hermesOtel(['doctor', '--endpoint', collector.health]);
    expect(stdout).toMatch(/^warn {2}OTLP traces: .* accepts everything/m);
  });

  test('refuses a request of 25 MB', async () => {
    const [status] = await post(
      collector.http,
      JSON.stringify({ resourceSpans: [], padding: 'x'.repeat(25e6) }),
    );
    expect(status).toBe(400);
  });
});

async function post(base: string, line: string): Promise<readonly [number, string]> {
  const path = line.includes('"resourceMetrics"') ? '/v1/metrics' : '/v1/traces';
  const response = await fetch(`${base}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: line,
  });
  return [response.status, await response.text()];
}
