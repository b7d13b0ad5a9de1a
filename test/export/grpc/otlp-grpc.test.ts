import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { Metadata, ServerCredentials, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from '@jest/globals';
import protobuf from 'protobufjs';
import { systemClock } from '../../../src/export/delivery/clock.ts';
import type { DeliveryLimits } from '../../../src/export/delivery/delivery.ts';
import { openDestination } from '../../../src/export/destination.ts';
import { grpcTransports, loadGrpc, type OtlpGrpcSignal } from '../../../src/export/grpc/transport.ts';
import type { DeliveryAccount } from '../../../src/model/sink.ts';
import { makeCertificates } from '../certificates.ts';
import { encodeResponse } from '../decode.ts';
import { hurriedClock, LIMITS } from '../http-destination.ts';
import { ORIGIN, otelSpan, snapshot, spans } from '../spans.ts';
import {
  type GrpcBehaviour,
  type GrpcReceiver,
  type GrpcReceiverOptions,
  startGrpcReceiver,
} from './grpc-receiver.ts';

let receiver: GrpcReceiver;
afterEach(() => receiver?.stop());

async function open(
  signal: Partial<OtlpGrpcSignal> = {},
  limits: Partial<DeliveryLimits> = {},
  clock = hurriedClock(),
) {
  const own: OtlpGrpcSignal = {
    target: `127.0.0.1:${receiver.port}`,
    secure: false,
    destination: 'R',
    headers: {},
    compression: 'none',
    timeoutMillis: 5000,
    tls: { certificate: undefined, clientCertificate: undefined, clientKey: undefined },
    redact: (text) => text.replaceAll('hunter2', '***'),
    ...signal,
  };
  const destination = openDestination(
    grpcTransports(loadGrpc(), { traces: own, metrics: own, logs: own }, 'hermes-otel/0.0.0'),
    {
      origin: ORIGIN,
      limits: { ...LIMITS, maxRequestItems: 10, concurrency: 1, retryForMillis: 5000, ...limits },
      clock,
    },
  );
  return destination;
}

/** 20 spans in two requests. */
async function send(
  options: GrpcReceiverOptions,
  signal: Partial<OtlpGrpcSignal> = {},
): Promise<DeliveryAccount> {
  receiver = await startGrpcReceiver(options);
  const destination = await open(signal);
  await destination.spans.write(spans(20));
  const account = await destination.spans.finish();
  await destination.close();
  return account;
}

const counts = ({ accepted, rejected, failed, requests, retries }: DeliveryAccount) => [
  accepted,
  rejected,
  failed,
  requests,
  retries,
];

test.each(['none', 'gzip'] as const)(
  'spans and points arrive, with compression %s, headers as metadata',
  async (compression) => {
    receiver = await startGrpcReceiver();
    const destination = await open({ compression, headers: { token: 'abc' } });
    await destination.spans.write(spans(25));
    await destination.metrics.write([snapshot(4)]);
    expect(await destination.spans.finish()).toMatchObject({
      made: 25,
      accepted: 25,
      requests: 3,
      problems: [],
    });
    expect(await destination.metrics.finish()).toMatchObject({
      made: 4,
      accepted: 4,
      requests: 1,
      problems: [],
    });
    await destination.close();
    expect(new Set(receiver.spanIds).size).toBe(25);
    expect(receiver.acceptedPoints()).toBe(4);
    const metadata = receiver.calls[0]?.metadata;
    expect(metadata?.get('token')).toEqual(['abc']);
    expect(String(metadata?.get('user-agent')[0])).toMatch(/^hermes-otel\/0\.0\.0 /);
  },
);

function first(count: number, bad: GrpcBehaviour): GrpcBehaviour {
  return (exchange) => (exchange.index < count ? bad(exchange) : exchange.accept());
}
const refuse =
  (code: status, details = '', metadata?: Metadata): GrpcBehaviour =>
  (exchange) =>
    exchange.refuse(code, details, metadata);
const partial =
  (rejected: number, errorMessage: string): GrpcBehaviour =>
  ({ answer }) =>
    answer(encodeResponse({ rejected, errorMessage }));

function retryInfo(seconds: number): Metadata {
  const { root } = protobuf.parse(`syntax = "proto3";
    message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
    message Any { string type_url = 1; bytes value = 2; }
    message RetryInfo { Duration retry_delay = 1; }
    message Duration { int64 seconds = 1; int32 nanos = 2; }`);
  const encode = (name: string, value: object) => {
    const type = root.lookupType(name);
    return type.encode(type.fromObject(value)).finish();
  };
  const info = encode('RetryInfo', { retryDelay: { seconds, nanos: 500_000_000 } });
  const other = { typeUrl: 'type.googleapis.com/google.rpc.Help', value: Buffer.from('x') };
  const any = { typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value: info };
  const metadata = new Metadata();
  metadata.set(
    'grpc-status-details-bin',
    Buffer.from(encode('Status', { code: 8, message: 'm', details: [other, any] })),
  );
  return metadata;
}

type Row = readonly [claim: string, behave: GrpcBehaviour, counts: number[], problems: string[]];

describe('trouble that passes costs nothing', () => {
  test.each<Row>([
    ['UNAVAILABLE', first(2, refuse(status.UNAVAILABLE, 'restarting')), [20, 0, 0, 4, 2], []],
    ['ABORTED', first(1, refuse(status.ABORTED)), [20, 0, 0, 3, 1], []],
    ['DATA_LOSS', first(1, refuse(status.DATA_LOSS)), [20, 0, 0, 3, 1], []],
    ['CANCELLED', first(1, refuse(status.CANCELLED)), [20, 0, 0, 3, 1], []],
    [
      'RESOURCE_EXHAUSTED with a time to wait',
      first(1, refuse(status.RESOURCE_EXHAUSTED, 'busy', retryInfo(1))),
      [20, 0, 0, 3, 1],
      [],
    ],
  ])('%s', async (_, behave, expected, problems) => {
    const account = await send({ behave });
    expect(counts(account)).toEqual(expected);
    expect(account.problems).toEqual(problems);
    expect(new Set(receiver.spanIds).size).toBe(20);
  });

  test('and the time a receiver asks to wait is waited', async () => {
    receiver = await startGrpcReceiver({
      behave: first(1, refuse(status.UNAVAILABLE, 'busy', retryInfo(2))),
    });
    const clock = hurriedClock();
    const destination = await open({}, {}, clock);
    await destination.spans.write(spans(5));
    expect(await destination.spans.finish()).toMatchObject({ accepted: 5, retries: 1 });
    expect(clock.slept).toEqual([2500]);
    await destination.close();
  });

  test('no answer in time is tried again', async () => {
    const account = await send({ behave: first(1, () => {}) }, { timeoutMillis: 1500 });
    expect(counts(account)).toEqual([20, 0, 0, 3, 1]);
  });

  test('a receiver that dies and comes back is found again', async () => {
    receiver = await startGrpcReceiver();
    const destination = await open({}, { retryForMillis: 20_000 }, { ...hurriedClock(), ...systemClock });
    await destination.spans.write(spans(20));
    const before = receiver;
    receiver.stop();
    const writing = destination.spans.write(spans(20, {}, 100));
    await new Promise((resolve) => setTimeout(resolve, 300));
    receiver = await startGrpcReceiver({ port: before.port });
    await writing;
    expect(await destination.spans.finish()).toMatchObject({ made: 40, accepted: 40, failed: 0 });
    expect(new Set([...before.spanIds, ...receiver.spanIds]).size).toBe(40);
    await destination.close();
  }, 30_000);
});

describe('partial success is read', () => {
  test.each<Row>([
    ['empty', partial(0, ''), [20, 0, 0, 2, 0], []],
    ['with a warning', partial(0, 'old'), [20, 0, 0, 2, 0], ['R says: "old"']],
    [
      'with rejected spans',
      partial(4, 'too old'),
      [12, 8, 0, 2, 0],
      ['R rejected some: "too old" (8 spans)'],
    ],
    [
      'even when it is garbage',
      ({ answer }) => answer(Buffer.from('\u00ff\u00ff')),
      [20, 0, 0, 2, 0],
      ['R accepted, but its answer is not OTLP: check that it is an OTLP receiver'],
    ],
  ])('%s', async (_, behave, expected, problems) => {
    const account = await send({ behave });
    expect(counts(account)).toEqual(expected);
    expect(account.problems).toEqual(problems);
  });
});

describe('trouble that stays is reported in one sentence', () => {
  const all = [0, 0, 20, 2, 0];
  test.each<Row>([
    [
      'UNAUTHENTICATED',
      refuse(status.UNAUTHENTICATED, 'no token hunter2'),
      all,
      [
        'R answered UNAUTHENTICATED, "no token ***": check the credentials in --header, OTEL_EXPORTER_OTLP_HEADERS or HERMES_OTEL_TOKEN (20 spans)',
      ],
    ],
    [
      'PERMISSION_DENIED',
      refuse(status.PERMISSION_DENIED),
      all,
      ['R answered PERMISSION_DENIED: the credentials are known, but may not write here (20 spans)'],
    ],
    [
      'INVALID_ARGUMENT',
      refuse(status.INVALID_ARGUMENT, 'a\u001b[2Jb'),
      all,
      [
        'R answered INVALID_ARGUMENT, "a [2Jb": it does not take this data; does it take data this old? (20 spans)',
      ],
    ],
    [
      'UNIMPLEMENTED',
      refuse(status.UNIMPLEMENTED),
      all,
      ['R answered UNIMPLEMENTED: it has no OTLP service of this signal; check --endpoint (20 spans)'],
    ],
    [
      'RESOURCE_EXHAUSTED without a time to wait',
      refuse(status.RESOURCE_EXHAUSTED, 'quota'),
      all,
      ['R answered RESOURCE_EXHAUSTED, "quota": the receiver refuses; its own log says more (20 spans)'],
    ],
    [
      'UNAVAILABLE for too long',
      refuse(status.UNAVAILABLE, 'down'),
      [0, 0, 20, 10, 8],
      ['R answered UNAVAILABLE, "down"; tried for 5 s (20 spans)'],
    ],
  ])('%s', async (_, behave, expected, problems) => {
    const account = await send({ behave });
    expect(account.problems).toEqual(problems);
    expect(counts(account)).toEqual(expected);
  });

  test('nobody there', async () => {
    receiver = await startGrpcReceiver();
    receiver.stop();
    const destination = await open();
    await destination.spans.write(spans(20));
    const account = await destination.spans.finish();
    await destination.close();
    expect(account).toMatchObject({ made: 20, failed: 20 });
    expect(account.problems).toEqual([
      'R cannot be reached: the connection was refused; is the receiver running, and is --endpoint right?; tried for 5 s (20 spans)',
    ]);
  });

  test('finishing in time cancels what is under way', async () => {
    receiver = await startGrpcReceiver({ behave: () => {} });
    const destination = await open();
    await destination.spans.write(spans(5));
    expect(await destination.spans.finish(100)).toMatchObject({ made: 5, failed: 5, requests: 1 });
    await destination.close();
  });
});

test("a request above the receiver's 4 MiB is divided", async () => {
  receiver = await startGrpcReceiver();
  const destination = await open({}, { maxRequestBytes: 20_000_000, maxRequestItems: 1000 });
  const large = Array.from({ length: 6 }, (_, index) => otelSpan(index, { text: 'x'.repeat(1_500_000) }));
  await destination.spans.write(large);
  expect(await destination.spans.finish()).toMatchObject({ made: 6, accepted: 6, failed: 0 });
  expect(new Set(receiver.spanIds).size).toBe(6);
  await destination.close();
});

describe('TLS', () => {
  test('with a client certificate works', async () => {
    const { authority, server, client } = await makeCertificates();
    const pair = { private_key: Buffer.from(server.key), cert_chain: Buffer.from(server.cert) };
    const account = await send(
      { credentials: ServerCredentials.createSsl(Buffer.from(authority), [pair], true) },
      {
        secure: true,
        tls: { certificate: authority, clientCertificate: client.cert, clientKey: client.key },
      },
    );
    expect(account).toMatchObject({ made: 20, accepted: 20 });
  });

  test('with an authority we do not trust is final, and reported', async () => {
    const { server } = await makeCertificates();
    const pair = { private_key: Buffer.from(server.key), cert_chain: Buffer.from(server.cert) };
    const account = await send({ credentials: ServerCredentials.createSsl(null, [pair]) }, { secure: true });
    expect(counts(account)).toEqual([0, 0, 20, 2, 0]);
    expect(account.problems[0]).toMatch(
      /^R cannot be reached: .*certificate.*; check OTEL_EXPORTER_OTLP_CERTIFICATE/,
    );
  });
});

describe('its packages', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  const packages = ['@opentelemetry/exporter-trace-otlp-grpc', '@opentelemetry/exporter-metrics-otlp-grpc'];

  test('are optional', () => {
    for (const name of packages) {
      expect(manifest.peerDependenciesMeta[name]).toEqual({ optional: true });
      expect(manifest.dependencies[name]).toBeUndefined();
    }
  });

  test('when not installed are named with the command that installs them', () => {
    const from = pathToFileURL(`${tmpdir()}/nowhere.js`).href;
    const wanted = packages.map((name) => `${name}@${manifest.peerDependencies[name]}`).join(' ');
    expect(() => loadGrpc(from)).toThrow(
      `-e otlp_grpc needs two packages that are not installed: npm install ${wanted}`,
    );
  });
});
