import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { decodeProtobuf, type Json } from '../export/decode.ts';
import { type Behaviour, type Receiver, startReceiver } from '../export/receiver.ts';
import { runMain } from '../run-main.ts';

// `--logs`: what happens inside spans, as log records.

const LOG = 'fixtures/receivers/every-usage/input.ndjson';
let folder = '';
const open: Receiver[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-logs-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((receiver) => receiver.stop()));
  await rm(folder, { recursive: true });
});

async function receiver(behave?: Behaviour): Promise<Receiver> {
  const started = await startReceiver(behave === undefined ? {} : { behave });
  open.push(started);
  return started;
}

interface LogRecord extends Json {
  readonly eventName: string;
  readonly severityNumber: number;
  readonly timeUnixNano: string;
  readonly traceId: string;
  readonly spanId: string;
}
interface LogsRequest {
  readonly resourceLogs: readonly {
    readonly resource: Json;
    readonly scopeLogs: readonly { readonly scope: Json; readonly logRecords: readonly LogRecord[] }[];
  }[];
}

const recordsIn = ({ resourceLogs }: LogsRequest) =>
  resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords));
const received = (to: Receiver) =>
  to.requests
    .filter(({ path }) => path.endsWith('/v1/logs'))
    .flatMap(({ body, headers }) =>
      recordsIn(
        headers['content-type'] === 'application/json'
          ? JSON.parse(body.toString())
          : decodeProtobuf<LogsRequest>('LogsRequest', body),
      ),
    );

const EXPECTED = [
  ['hermes.tool_call.failed', 17, '1793523603000000000'],
  ['exception', 17, '1793523605500000000'],
  ['hermes.retry', 13, '1793523606500000000'],
];
const shown = (records: readonly LogRecord[]) =>
  records.map(({ eventName, severityNumber, timeUnixNano }) => [eventName, severityNumber, timeUnixNano]);

test('over HTTP, at log time, tied to spans that are sent too, with an account of their own', async () => {
  const to = await receiver();
  const { code, err } = await runMain(['replay', LOG, '-e', 'otlp', '--endpoint', to.url, '--logs']);
  const records = received(to);
  expect([code, shown(records)]).toEqual([0, EXPECTED]);
  for (const { spanId } of records) expect(to.spanIds).toContain(spanId);
  expect(err).toContain(
    `sent 3 log records to ${to.url}/v1/logs in 1 request: 3 accepted, 0 rejected, 0 failed`,
  );
});

test('protobuf, JSON and the file hold the same', async () => {
  const [to, asJson] = [await receiver(), await receiver()];
  const file = join(folder, 'out.jsonl');
  const json = { env: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' } };
  await runMain(['replay', LOG, '-e', 'otlp', '--endpoint', to.url, '--logs']);
  await runMain(['replay', LOG, '-e', 'otlp', '--endpoint', asJson.url, '--logs'], json);
  await runMain(['replay', LOG, '-e', 'otlp_file', '-o', file, '--logs']);
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  const inFile = lines
    .filter((line) => line.startsWith('{"resourceLogs"'))
    .flatMap((line) => recordsIn(JSON.parse(line)));
  expect(received(asJson)).toEqual(inFile);
  expect(received(to)).toEqual(inFile);
});

test('without the flag nothing is sent', async () => {
  const to = await receiver();
  await runMain(['replay', LOG, '-e', 'otlp', '--endpoint', to.url]);
  expect(to.requests.map(({ path }) => path)).not.toContain('/v1/logs');
});

test('a receiver that takes none is no failure, and the summary says what to do', async () => {
  const to = await receiver(({ received: { path }, response, accept }) =>
    path.endsWith('/v1/logs') ? void response.writeHead(404).end() : accept(),
  );
  const { code, err } = await runMain(['replay', LOG, '-e', 'otlp', '--endpoint', to.url, '--logs']);
  expect([code, err.includes('this receiver takes no log records: leave --logs out')]).toEqual([0, true]);
});

test('what failed is kept in the dead-letter file, and `send` delivers it', async () => {
  const down = await receiver(({ received: { path }, response, accept }) =>
    path.endsWith('/v1/logs') || path.endsWith('/v1/metrics') ? void response.writeHead(400).end() : accept(),
  );
  const kept = join(folder, 'kept.jsonl');
  const { code } = await runMain([
    ...['replay', LOG, '-e', 'otlp', '--endpoint', down.url, '--logs', '--dead-letter', kept],
  ]);
  expect(code).toBe(1);
  const up = await receiver();
  const sent = await runMain(['send', kept, '--endpoint', up.url]);
  expect([sent.code, sent.err.includes('left out')]).toEqual([0, false]);
  expect(shown(received(up))).toEqual(EXPECTED);
  expect(up.acceptedPoints()).toBeGreaterThan(10);
});
