import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { type GrpcReceiver, startGrpcReceiver } from '../export/grpc/grpc-receiver.ts';
import { type Receiver, startReceiver } from '../export/receiver.ts';
import { startBinIn } from '../start-bin.ts';

// Exporters from npm by their name, in the built program: they read their own variables of the process.
jest.setTimeout(60_000);

const LOG = 'fixtures/recordings/0.19.0/tools-sequential/flat.ndjson';

let servers: (Receiver | GrpcReceiver | { stop(): Promise<unknown> })[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
});

const replay = (exporter: string, env: Readonly<Record<string, string>> = {}) =>
  startBinIn({ env }, 'replay', LOG, '-e', exporter, '-e', 'otlp_file').ended;

/** The ids in the lines of `-e otlp_file`, which is what the exporter must have received. */
function idsIn(out: string): readonly string[] {
  const lines = out.split('\n').filter((line) => line.startsWith('{"resourceSpans"'));
  return [...lines.join('').matchAll(/"spanId":"([0-9a-f]{16})","(?:parentSpanId|flags)/g)]
    .map(([, id = '']) => id)
    .toSorted();
}

describe('-e with an exporter of the OpenTelemetry SDK', () => {
  test('@opentelemetry/exporter-trace-otlp-http sends every span', async () => {
    const receiver = await startReceiver();
    servers.push(receiver);
    const { code, out, err } = await replay('@opentelemetry/exporter-trace-otlp-http', {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    });
    expect([code, err]).toEqual([0, expect.stringContaining('to @opentelemetry/exporter-trace-otlp-http')]);
    expect(receiver.spanIds.toSorted()).toEqual(idsIn(out));
    expect(receiver.spanIds.length).toBeGreaterThan(5);
  });

  test('@opentelemetry/exporter-zipkin sends every span', async () => {
    const bodies: string[] = [];
    const server = await startServer((body) => bodies.push(body));
    const { code, out } = await replay('@opentelemetry/exporter-zipkin', {
      OTEL_EXPORTER_ZIPKIN_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v2/spans`,
    });
    expect(code).toBe(0);
    const ids = bodies.flatMap((body) => JSON.parse(body)).map(({ id }) => id);
    expect(ids.toSorted()).toEqual(idsIn(out));
  });

  test('@opentelemetry/exporter-metrics-otlp-grpc sends the metrics', async () => {
    const receiver = await startGrpcReceiver();
    servers.push(receiver);
    const { code, err } = await replay('@opentelemetry/exporter-metrics-otlp-grpc', {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${receiver.port}`,
    });
    expect([code, receiver.calls.length > 0]).toEqual([0, true]);
    expect(err).toMatch(/sent \d+ metric points to @opentelemetry\/exporter-metrics-otlp-grpc/);
  });

  test('@opentelemetry/sdk-trace-base#ConsoleSpanExporter prints every span', async () => {
    const { code, out } = await replay('@opentelemetry/sdk-trace-base#ConsoleSpanExporter');
    expect(code).toBe(0);
    const printed = [...out.matchAll(/^ {2}id: '([0-9a-f]{16})'/gm)].map(([, id = '']) => id);
    expect(printed.toSorted()).toEqual(idsIn(out));
  });

  test('a receiver that is down costs exit 1, and the spans are in the dead letter', async () => {
    // The exporter itself tries again until its time is over.
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_EXPORTER_OTLP_TIMEOUT: '1000' };
    const { code, err } = await startBinIn(
      { env },
      ...['replay', LOG, '-e', '@opentelemetry/exporter-trace-otlp-http', '--retry-for', '0s'],
    ).ended;
    expect([code, err]).toEqual([1, expect.stringMatching(/: 0 accepted, 0 rejected, \d+ failed/)]);
  });

  test('a name that is not installed is one sentence with the command', async () => {
    const { code, out, err } = await replay('no-such-exporter');
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('npm install no-such-exporter');
  });
});

async function startServer(onBody: (body: string) => void): Promise<Server> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    onBody(Buffer.concat(chunks).toString());
    response.writeHead(202).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push({
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return server;
}
