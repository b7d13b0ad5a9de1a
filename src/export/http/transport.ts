import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import { checkServerIdentity } from 'node:tls';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { errorCode } from '../../model/system-error.ts';
import { timerMillis } from '../../model/time.ts';
import { type Clock, systemClock } from '../delivery/clock.ts';
import {
  type Answer,
  type Signals,
  type Transport,
  type Transports,
  transient,
  transportsOf,
} from '../delivery/transport.ts';
import { redactUrl } from '../settings/settings.ts';
import { classify, connectionProblem, type HttpAnswer } from './classify.ts';

// One POST of OTLP/HTTP, followed to the end of its answer. It never follows a redirect (a secret in a header would go
// along), never reads without a bound, and never throws for the behaviour of a receiver.

/** How one signal reaches its receiver over OTLP/HTTP. */
export interface OtlpHttpSignal {
  readonly url: URL;
  /** The URL without its secrets. */
  readonly destination: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly compression: 'gzip' | 'none';
  /** For one request, answer included. */
  readonly timeoutMillis: number;
  readonly tls: Tls;
  /** `undefined`: the receiver is reached directly. */
  readonly proxy: URL | undefined;
  /** Removes this signal's secrets from a text. */
  readonly redact: (text: string) => string;
}

export type OtlpHttpSettings = Signals<OtlpHttpSignal>;

export interface Tls {
  /** PEM: the authorities to trust instead of the system's. */
  readonly certificate: string | undefined;
  /** PEM: our own certificate and key. */
  readonly clientCertificate: string | undefined;
  readonly clientKey: string | undefined;
}

/** A longer answer is not OTLP. */
const MAX_ANSWER_BYTES = 64 * 1024;

const compress = promisify(gzip);

/** `-e otlp`: OTLP over HTTP. @param concurrency connections to keep, for each signal */
export function httpTransports(
  settings: OtlpHttpSettings,
  concurrency: number,
  userAgent: string,
  clock: Clock = systemClock,
): Transports {
  return transportsOf((name) => httpTransport(settings[name], concurrency, userAgent, clock));
}

function httpTransport(
  signal: OtlpHttpSignal,
  concurrency: number,
  userAgent: string,
  clock: Clock,
): Transport & { close(): void } {
  const { url, destination, compression, timeoutMillis, redact } = signal;
  const contentType = signal.protocol === 'http/json' ? 'application/json' : 'application/x-protobuf';
  const agent = createAgent(signal, { keepAlive: true, maxSockets: concurrency });
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const headers = {
    ...signal.headers,
    'content-type': contentType,
    'user-agent': userAgent,
    ...(compression === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
  };

  async function attempt(body: Uint8Array, stop: AbortSignal): Promise<Answer> {
    const connections = await agent;
    const late = AbortSignal.timeout(timerMillis(Math.ceil(timeoutMillis)));
    const request = send(url, {
      method: 'POST',
      agent: connections,
      ...tlsOptions(signal),
      headers: { ...headers, 'content-length': body.length },
      signal: late,
    });
    // Not by AbortSignal.any, which keeps some bytes of each request for as long as the run.
    const end = () => request.destroy();
    stop.addEventListener('abort', end);
    if (stop.aborted) end();
    try {
      const answer = await exchange(request, body, late);
      return classify(answer, { destination, asked: contentType, wallMillis: clock.wallMillis(), redact });
    } catch (error) {
      if (!late.aborted) return unanswered(signal, request, error);
      return transient(
        `${destination} did not answer within ${timeoutMillis / 1000} s: see OTEL_EXPORTER_OTLP_TIMEOUT`,
      );
    } finally {
      stop.removeEventListener('abort', end);
    }
  }

  return {
    destination,
    contentType,
    prepare(body) {
      const payload = compression === 'gzip' ? compress(body) : Promise.resolve(body);
      return async (stop) => await attempt(await payload, stop);
    },
    close: () => void agent.then((opened) => opened.destroy()),
  };
}

/** The connections to a host, through the proxy if there is one. */
export async function createAgent(
  { url, proxy }: Pick<OtlpHttpSignal, 'url' | 'proxy'>,
  options: { readonly keepAlive: boolean; readonly maxSockets?: number },
): Promise<HttpAgent> {
  const isSecure = url.protocol === 'https:';
  if (proxy === undefined) return isSecure ? new HttpsAgent(options) : new HttpAgent(options);
  const { HttpProxyAgent, HttpsProxyAgent } = await import('./proxy-agents.ts');
  return isSecure ? new HttpsProxyAgent(proxy, options) : new HttpProxyAgent(proxy, options);
}

function tlsOptions({ url, proxy, tls }: OtlpHttpSignal): RequestOptions {
  const { certificate, clientCertificate, clientKey } = tls;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    ...(certificate !== undefined && { ca: certificate }),
    ...(clientCertificate !== undefined && { cert: clientCertificate }),
    ...(clientKey !== undefined && { key: clientKey }),
    // Inside a tunnel the library forgets the name of a receiver that is an address.
    ...(proxy !== undefined && { checkServerIdentity: (_, peer) => checkServerIdentity(host, peer) }),
  };
}

/** Sends the body and reads the answer. Rejects when there is no answer at all. */
async function exchange(request: ClientRequest, body: Uint8Array, late: AbortSignal): Promise<HttpAnswer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // Once an answer has begun, its status counts: a later error changes nothing.
    request.on('response', resolve).on('error', reject).end(body);
  });
  return await readAnswer(response, late);
}

/** The status counts, whatever happens to the body. */
async function readAnswer(response: IncomingMessage, late: AbortSignal): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  let broken: string | undefined;
  try {
    for await (const chunk of response) {
      if (!Buffer.isBuffer(chunk)) continue;
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) {
        broken = 'its body does not end';
        break;
      }
    }
  } catch {
    broken = late.aborted ? 'its body does not end' : 'the connection broke inside its body';
  }
  const { headers, statusCode = 0 } = response;
  return {
    status: statusCode,
    contentType: headers['content-type'],
    retryAfter: headers['retry-after'],
    location: headers.location,
    body: Buffer.concat(chunks),
    broken,
  };
}

function unanswered({ destination, proxy }: OtlpHttpSignal, request: ClientRequest, error: unknown): Answer {
  const answer = connectionProblem(
    proxy === undefined ? destination : `${destination} (through ${redactUrl(proxy)})`,
    error,
  );
  // The receiver closed an idle connection just when it was used again. That says nothing about its health.
  const stale = request.reusedSocket && errorCode(error) === 'ECONNRESET' && answer.kind === 'transient';
  return stale ? { ...answer, reached: true, retryAfterMillis: 0 } : answer;
}
