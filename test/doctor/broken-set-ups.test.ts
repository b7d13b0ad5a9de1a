import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { makeCertificates } from '../export/certificates.ts';
import { expectGolden } from '../golden-file.ts';
import { runMain } from '../run-main.ts';

// Each test loads what the command loads; a busy machine takes its time for that.
jest.setTimeout(30_000);

let home: string;
let server: Server | undefined;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hermes-otel-doctor-'));
});
afterEach(async () => {
  server?.close();
  server = undefined;
  await rm(home, { recursive: true });
});

async function listen(opened: Server): Promise<number> {
  server = opened;
  opened.listen(0, '127.0.0.1');
  await once(opened, 'listening');
  const address = opened.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

interface SetUp {
  /** What listens; `undefined`: nobody does any more. */
  readonly serve: (() => Server) | undefined;
  readonly scheme?: 'https';
  readonly env?: Readonly<Record<string, string>>;
}

const answering = (listener: RequestListener) => () => createServer(listener);

const SET_UPS: Readonly<Record<string, SetUp>> = {
  'nothing-listens': { serve: undefined },
  'wrong-port': {
    serve: answering((_request, response) => response.writeHead(404).end('<html>a page of its own</html>')),
  },
  'web-page': {
    serve: answering((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<html>a page of its own</html>'),
    ),
  },
  'grpc-port': { serve: () => createHttp2Server() },
  'tls-on-plain': { serve: answering((_request, response) => response.end()), scheme: 'https' },
  'no-credentials': {
    serve: answering((request, response) =>
      response.writeHead(request.headers.authorization === 'Bearer right' ? 200 : 401).end(),
    ),
    env: { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20wrong-secret' },
  },
  'json-refused': {
    serve: answering((request, response) =>
      response.writeHead(request.headers['content-type'] === 'application/json' ? 415 : 200).end(),
    ),
    env: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
  },
};

async function doctor(port: number, { scheme, env }: SetUp, ...flags: readonly string[]) {
  const { code, out } = await runMain(
    ['doctor', '--endpoint', `${scheme ?? 'http'}://127.0.0.1:${port}`, ...flags],
    { env: { HOME: home, HERMES_OTEL_EXPORTER: 'otlp', ...env }, cwd: home },
  );
  return { code, out: out.replaceAll(String(port), '<port>').replaceAll(home, '<home>') };
}

describe('the doctor, against broken set-ups', () => {
  test.each(Object.entries(SET_UPS))('%s', async (name, setUp) => {
    const opened = setUp.serve?.() ?? createTcpServer();
    const port = await listen(opened);
    if (setUp.serve === undefined) await once(opened.close(), 'close');
    const { code, out } = await doctor(port, setUp);
    expectGolden(new URL(`golden/${name}.txt`, import.meta.url), out);
    expect([code, out.includes('wrong-secret')]).toEqual([1, false]);
  });

  test('distinguishes receivers of OTLP from servers that take everything', async () => {
    const health = answering((_request, response) =>
      response.setHeader('content-type', 'application/json').end('{"status":"up"}'),
    );
    const { code, out } = await doctor(await listen(health()), { serve: undefined });
    expect([code, out]).toEqual([0, expect.stringMatching(/^warn {2}OTLP traces: .* accepts everything/m)]);
  });

  test.each([
    ['traces', 'metrics'],
    ['metrics', 'traces'],
  ])('says how to send none to a receiver that takes %s alone', async (taken, other) => {
    const receiver = answering(async (request, response) => {
      const { length } = await buffer(request);
      response.writeHead(request.url === `/v1/${taken}` && length === 0 ? 200 : 400).end();
    });
    const { code, out } = await doctor(await listen(receiver()), { serve: undefined });
    const next = `→ Is it an OTLP receiver of this signal, and does it take data this old? If the receiver takes only ${taken}, turn ${other} off: --no-${other}.`;
    expect([code, out]).toEqual([1, expect.stringContaining(next)]);
    expect(out.match(/takes only/g)).toHaveLength(1);
  });

  test('says that the sample was not sent when something fails', async () => {
    const refuse = answering((_request, response) => response.writeHead(401).end());
    const { code, out } = await doctor(await listen(refuse()), { serve: undefined }, '--send-test');
    expect([code, out]).toEqual([1, expect.stringMatching(/^warn {2}Sample: It was not sent/m)]);
  });

  test('a setting that no replay accepts is a failed sample, and the other findings stay', async () => {
    const take = answering((_request, response) => response.end());
    const setUp: SetUp = { serve: undefined, env: { OTEL_RESOURCE_ATTRIBUTES: 'a=100%' } };
    const { code, out } = await doctor(await listen(take()), setUp, '--send-test');
    expect([code, out]).toEqual([1, expect.stringMatching(/^FAIL {2}Sample: .*is no percent-encoding/m)]);
    expect(out).toContain('OTLP traces');
  });

  test.each([
    ['{"ts":1796000000,"event":"on_hook_of_tomorrow","session_id":"s"}', /none of them an event/],
    ['{"hook_event_name":"pre_llm_call","session_id":"s","extra":{}}', /→ Install the recorder: /],
  ])('a log that gives no span: %s', async (line, sentence) => {
    const log = join(home, 'log.ndjson');
    await writeFile(log, `${line}\n`);
    const { code, out } = await doctor(1, { serve: undefined }, log);
    expect([code, out]).toEqual([1, expect.stringMatching(/^FAIL {2}Log: /m)]);
    expect(out).toMatch(sentence);
  });

  /** A receiver behind TLS whose certificate is for `name`, and the doctor's environment to trust it. */
  async function behindTls(name: string) {
    const { authority, server: certificate } = await makeCertificates(name);
    const file = join(home, 'authority.pem');
    await writeFile(file, authority);
    const port = await listen(createTlsServer(certificate, (_request, response) => response.end()));
    const setUp: SetUp = {
      serve: undefined,
      scheme: 'https',
      env: { OTEL_EXPORTER_OTLP_CERTIFICATE: file },
    };
    return { port, setUp };
  }

  test('knows an HTTP port under gRPC, behind TLS too', async () => {
    const { port, setUp } = await behindTls('127.0.0.1');
    const { code, out } = await doctor(port, setUp, '-e', 'otlp_grpc');
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/^FAIL {2}OTLP traces: .* does not support HTTP\/2/m),
    ]);
  });

  test('says what to do about a certificate for another name', async () => {
    const { port, setUp } = await behindTls('elsewhere.example.com');
    const { code, out } = await doctor(port, setUp);
    expect([code, out]).toEqual([1, expect.stringContaining('→ Use a name from its certificate')]);
  });

  test('fails for a variable that a replay would not begin with', async () => {
    const env = { HOME: home, HERMES_OTEL_STRICT: 'maybe' };
    const { code, out } = await runMain(['doctor'], { env, cwd: home });
    expect([code, out]).toEqual([1, expect.stringContaining('HERMES_OTEL_STRICT takes true or false')]);
  });

  test('says the same as JSON', async () => {
    const setUp: SetUp = { serve: answering((_request, response) => response.writeHead(403).end()) };
    const { code, out } = await doctor(await listen(setUp.serve?.() ?? createTcpServer()), setUp, '--json');
    const findings: readonly { readonly level: string; readonly about: string }[] = JSON.parse(out);
    const fails = findings.filter(({ level }) => level === 'fail').map(({ about }) => about);
    expect([code, fails]).toEqual([1, ['OTLP traces', 'OTLP metrics']]);
  });

  test('finds nothing odd in a receiver that takes OTLP and nothing else', async () => {
    const receiver = answering(async (request, response) => {
      const body = await buffer(request);
      response.setHeader('content-type', 'application/x-protobuf').writeHead(body.length === 0 ? 200 : 400);
      response.end();
    });
    const { code, out } = await doctor(await listen(receiver()), { serve: undefined });
    expect([code, out.match(/^(warn|FAIL) {2}(OTLP|Connection).*/gm)]).toEqual([0, null]);
  });
});
