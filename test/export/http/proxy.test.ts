import { createServer, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readProxy } from '../../../src/export/settings/proxy.ts';
import { makeCertificates } from '../certificates.ts';
import { httpDestination } from '../http-destination.ts';
import { type Receiver, startReceiver } from '../receiver.ts';
import { spans } from '../spans.ts';

describe('the proxy of an address', () => {
  const PROXY = { HTTPS_PROXY: 'http://proxy.example:3128' };
  test.each<[string, Record<string, string>, string | undefined]>([
    ['https://otel.example', PROXY, 'http://proxy.example:3128/'],
    ['http://otel.example', PROXY, undefined],
    ['http://otel.example', { http_proxy: 'proxy:8080', HTTP_PROXY: 'other' }, 'http://proxy:8080/'],
    ['https://otel.example', { ALL_PROXY: 'http://all:1' }, 'http://all:1/'],
    ['https://otel.example', { ...PROXY, NO_PROXY: '*' }, undefined],
    ['https://otel.example', { ...PROXY, NO_PROXY: 'a, otel.example' }, undefined],
    ['https://eu.otel.example', { ...PROXY, NO_PROXY: 'otel.example' }, undefined],
    ['https://eu.otel.example', { ...PROXY, no_proxy: '.otel.example' }, undefined],
    ['https://eu.otel.example', { ...PROXY, NO_PROXY: '*.otel.example' }, undefined],
    ['https://hotel.example', { ...PROXY, NO_PROXY: 'otel.example' }, 'http://proxy.example:3128/'],
    ['https://otel.example:4318', { ...PROXY, NO_PROXY: 'otel.example:4318' }, undefined],
    ['https://otel.example', { ...PROXY, NO_PROXY: 'otel.example:4318' }, 'http://proxy.example:3128/'],
    ['https://10.1.2.3', { ...PROXY, NO_PROXY: '10.0.0.0/8' }, undefined],
    ['https://11.1.2.3', { ...PROXY, NO_PROXY: '10.0.0.0/8' }, 'http://proxy.example:3128/'],
    ['https://[fd00::1]:4318', { ...PROXY, NO_PROXY: 'fd00::/8' }, undefined],
    ['https://[fd00::1]:4318', { ...PROXY, NO_PROXY: '[fd00::1]:4318' }, undefined],
    ['https://localhost:4318', PROXY, undefined],
    ['https://127.0.0.1:4318', PROXY, undefined],
    ['https://[::1]:4318', PROXY, undefined],
  ])('%s with %j is %s', (url, env, expected) => {
    expect(readProxy(env, new URL(url))?.href).toBe(expected);
  });

  test('that cannot be used is named by its variable, without its password', () => {
    const env = { HTTPS_PROXY: 'socks5://user:secret@host' };
    expect(() => readProxy(env, new URL('https://otel.example'))).toThrow(
      /^HTTPS_PROXY must be a URL such as http:\/\/proxy\.example\.com:3128$/,
    );
  });
});

describe('requests through a proxy', () => {
  let seen: string[];
  let authorization: string | undefined;
  let port: number;
  let stopProxy: () => void;
  let receiver: Receiver;
  beforeEach(async () => {
    seen = [];
    const sockets = new Set<Socket>();
    const proxy = createServer((incoming, response) => {
      seen.push(`${incoming.method} ${incoming.url}`);
      authorization = incoming.headers['proxy-authorization'];
      const { method, headers, url = '' } = incoming;
      incoming.pipe(
        request(url, { method, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 0, answer.headers);
          answer.pipe(response);
        }),
      );
    });
    proxy.on('connect', (incoming, socket, head) => {
      seen.push(`CONNECT ${incoming.url}`);
      authorization = incoming.headers['proxy-authorization'];
      if (authorization === 'Basic d3Jvbmc6cHc=') return void socket.end('HTTP/1.1 407 No\r\n\r\n');
      const [host, to] = (incoming.url ?? '').split(':');
      const target = connect(Number(to), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        target.write(head);
        target.pipe(socket).pipe(target);
      });
      sockets.add(target);
    });
    proxy.on('connection', (socket) => sockets.add(socket));
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    port = (proxy.address() as AddressInfo).port;
    stopProxy = () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    };
  });
  afterEach(async () => {
    stopProxy();
    await receiver.stop();
  });

  test('over http name the whole address', async () => {
    receiver = await startReceiver();
    const proxy = new URL(`http://user:p%40ss@127.0.0.1:${port}`);
    const destination = httpDestination({ url: receiver.url, signal: { proxy } });
    await destination.spans.write(spans(3));
    expect(await destination.spans.finish()).toMatchObject({ accepted: 3 });
    await destination.close();
    expect(seen).toEqual([`POST ${receiver.url}/v1/traces`]);
    expect(authorization).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`);
  });

  test('over https go through a tunnel, with our own certificates', async () => {
    const { authority, server } = await makeCertificates();
    receiver = await startReceiver({ tls: { cert: server.cert, key: server.key } });
    const tls = { certificate: authority, clientCertificate: undefined, clientKey: undefined };
    const proxy = new URL(`http://127.0.0.1:${port}`);
    const destination = httpDestination({
      url: receiver.url,
      signal: { proxy, tls },
      limits: { maxRequestItems: 1, concurrency: 1 },
    });
    await destination.spans.write(spans(3));
    expect(await destination.spans.finish()).toMatchObject({ accepted: 3, problems: [] });
    await destination.close();
    // One tunnel is kept for all three.
    expect(seen).toEqual([`CONNECT 127.0.0.1:${receiver.port}`]);
  });

  test('that wants other credentials is a sentence', async () => {
    receiver = await startReceiver();
    const proxy = new URL(`http://wrong:pw@127.0.0.1:${port}`);
    const url = receiver.url.replace('http:', 'https:');
    const destination = httpDestination({ url, signal: { proxy, destination: 'R' } });
    await destination.spans.write(spans(1));
    const { problems } = await destination.spans.finish();
    expect(problems).toEqual([
      'R answered 407: the proxy wants credentials: put them into the variable that names it (http://user:password@host) (1 spans)',
    ]);
    await destination.close();
  });

  test('that is not there is named', async () => {
    receiver = await startReceiver();
    const proxy = new URL('http://user:secret@127.0.0.1:9');
    const destination = httpDestination({
      url: receiver.url,
      signal: { proxy, destination: 'R' },
      limits: { retryForMillis: 0 },
    });
    await destination.spans.write(spans(1));
    const { problems } = await destination.spans.finish();
    expect(problems[0]).toMatch(
      /^R \(through http:\/\/127\.0\.0\.1:9\) cannot be reached: the connection was refused/,
    );
    await destination.close();
  });
});
