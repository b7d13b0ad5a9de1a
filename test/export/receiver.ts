import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import {
  decodeProtobuf,
  encodeResponse,
  type MetricsRequest,
  pointCount,
  spansIn,
  type TraceRequest,
} from './decode.ts';

// A real OTLP/HTTP receiver that decodes what it gets and can misbehave in every way receivers do.

export interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Uncompressed. */
  readonly body: Buffer;
  readonly traces: TraceRequest | undefined;
  readonly metrics: MetricsRequest | undefined;
}

export interface Exchange {
  readonly received: Received;
  readonly response: ServerResponse;
  /** From 0. */
  readonly index: number;
  /** Stores what came; the answer is the caller's. */
  store(): void;
  /** Stores what came and answers as the protocol says. */
  accept(): void;
}

export type Behaviour = (exchange: Exchange) => void;

export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly Received[];
  /** Of accepted spans, each as often as it was accepted. */
  readonly spanIds: readonly string[];
  /** The same, counted. */
  spanCount(): number;
  acceptedPoints(): number;
  /** How many requests were in the receiver at once, at most. */
  mostAtOnce(): number;
  stop(): Promise<void>;
}

export interface ReceiverOptions {
  /** Meets a request before its body is read; nothing else does then. */
  readonly early?: (request: IncomingMessage, response: ServerResponse) => void;
  readonly behave?: Behaviour;
  /** `false`: requests are only counted, and span ids kept; for tests of great amounts. */
  readonly keepBodies?: boolean;
  readonly port?: number;
  readonly tls?: ServerOptions;
}

export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const { behave = ({ accept }) => accept(), early, keepBodies = true, port = 0, tls } = options;
  const requests: Received[] = [];
  const spanIds: string[] = [];
  const sockets = new Set<Socket>();
  let points = 0;
  let seen = 0;
  let inside = 0;
  let mostInside = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    inside += 1;
    mostInside = Math.max(mostInside, inside);
    response.on('close', () => {
      inside -= 1;
    });
    if (early !== undefined) return early(request, response);
    const received = await receive(request);
    const index = seen;
    seen += 1;
    if (keepBodies) requests.push(received);
    const store = () => {
      if (received.traces !== undefined)
        for (const span of spansIn(received.traces)) spanIds.push(span.spanId);
      if (received.metrics !== undefined) points += pointCount(received.metrics);
    };
    const accept = () => {
      store();
      reply(response, 200, encodeResponse(undefined), received.headers['content-type']);
    };
    behave({ received, response, index, store, accept });
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    // A request that breaks off is what some tests are about. One that cannot be decoded is refused.
    serve(request, response).catch(() => (request.complete ? reply(response, 400) : response.destroy()));
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    port: address.port,
    requests,
    spanIds,
    spanCount: () => spanIds.length,
    acceptedPoints: () => points,
    mostAtOnce: () => mostInside,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function receive(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const raw = Buffer.concat(chunks);
  const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
  const path = request.url ?? '';
  const json = request.headers['content-type'] === 'application/json';
  const decode = <T>(type: 'TraceRequest' | 'MetricsRequest'): T =>
    json ? JSON.parse(body.toString()) : decodeProtobuf<T>(type, body);
  return {
    path,
    headers: request.headers,
    body,
    traces: path.endsWith('/v1/traces') ? decode<TraceRequest>('TraceRequest') : undefined,
    metrics: path.endsWith('/v1/metrics') ? decode<MetricsRequest>('MetricsRequest') : undefined,
  };
}

/** An answer with a whole body; JSON requests get `{}` instead of protobuf. */
export function reply(
  response: ServerResponse,
  status: number,
  body: Uint8Array | string = '',
  contentType = 'application/x-protobuf',
  headers: Record<string, string> = {},
): void {
  const text = contentType === 'application/json' && typeof body !== 'string' ? '{}' : body;
  response.writeHead(status, { 'content-type': contentType, ...headers });
  response.end(text);
}
