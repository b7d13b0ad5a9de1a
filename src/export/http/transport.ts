import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { errorCode } from '../../model/system-error.ts';
import type { Answer, Transport } from '../delivery/answer.ts';
import type { Clock } from '../delivery/clock.ts';
import type { ContentType } from '../encode/request-encoder.ts';
import { classify, type HttpAnswer } from './classify.ts';
import { connectionProblem } from './connection-problem.ts';

// One POST of OTLP/HTTP, followed to the end of its answer. It never redirects (a secret in a header would go along),
// never reads without bound, and never throws for what a receiver does.

export interface Tls {
  /** PEM: whom to trust instead of the system's authorities. */
  readonly certificate: string | undefined;
  /** PEM: who we are. */
  readonly clientCertificate: string | undefined;
  readonly clientKey: string | undefined;
}

export interface HttpOptions {
  readonly url: URL;
  /** The URL as people may see it. */
  readonly destination: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: ContentType;
  readonly compression: 'gzip' | 'none';
  /** Of one request, answer included. */
  readonly timeoutMillis: number;
  readonly concurrency: number;
  readonly tls: Tls;
  readonly userAgent: string;
  readonly redact: (text: string) => string;
  readonly clock: Clock;
}

export interface HttpTransport {
  readonly post: Transport;
  close(): void;
}

/** Answers say little: an answer longer than this is none of OTLP. */
const MAX_ANSWER_BYTES = 64 * 1024;

const compress = promisify(gzip);

export function createHttpTransport(options: HttpOptions): HttpTransport {
  const { url, destination, clock } = options;
  const agentOptions = { keepAlive: true, maxSockets: options.concurrency };
  const agent =
    url.protocol === 'https:'
      ? new HttpsAgent({ ...agentOptions, ...tlsOptions(options.tls) })
      : new HttpAgent(agentOptions);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const headers = {
    ...options.headers,
    'content-type': options.contentType,
    'user-agent': options.userAgent,
    ...(options.compression === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
  };

  async function attempt(body: Uint8Array, signal: AbortSignal): Promise<Answer> {
    const request = send(url, {
      method: 'POST',
      agent,
      headers: { ...headers, 'content-length': body.length },
    });
    try {
      const answer = await exchange(request, body, options.timeoutMillis, signal);
      return classify(answer, {
        destination,
        asked: options.contentType,
        wallMillis: clock.wallMillis(),
        redact: options.redact,
      });
    } catch (error) {
      return unanswered(destination, options.timeoutMillis, request, error);
    }
  }

  return {
    post(body) {
      const payload = options.compression === 'gzip' ? compress(body) : Promise.resolve(body);
      return async (signal) => await attempt(await payload, signal);
    },
    close: () => agent.destroy(),
  };
}

function tlsOptions({ certificate, clientCertificate, clientKey }: Tls) {
  return {
    ...(certificate === undefined ? {} : { ca: certificate }),
    ...(clientCertificate === undefined ? {} : { cert: clientCertificate }),
    ...(clientKey === undefined ? {} : { key: clientKey }),
  };
}

class TimeoutError extends Error {}

/** Sends the body and reads the answer; rejects when there is no answer at all. */
function exchange(
  request: ClientRequest,
  body: Uint8Array,
  timeoutMillis: number,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise<HttpAnswer>((resolve, reject) => {
    let response: IncomingMessage | undefined;
    // Once an answer has begun its status stands, whatever happens to the rest: then only the reading is ended.
    const end = (error: Error) => (response ?? request).destroy(error);
    const timer = setTimeout(() => end(new TimeoutError()), timeoutMillis);
    const abort = () => end(new Error('aborted'));
    const settled = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    signal.addEventListener('abort', abort);
    request.on('response', (begun) => {
      response = begun;
      void readAnswer(begun).then((answer) => {
        settled();
        resolve(answer);
      });
    });
    request.on('error', (error) => {
      if (response !== undefined) return;
      settled();
      reject(error);
    });
    if (signal.aborted) abort();
    request.end(body);
  });
}

/** Whatever happens to the body, the status stands. */
async function readAnswer(response: IncomingMessage): Promise<HttpAnswer> {
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
  } catch (error) {
    broken = error instanceof TimeoutError ? 'its body does not end' : 'the connection broke inside its body';
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

function unanswered(
  destination: string,
  timeoutMillis: number,
  request: ClientRequest,
  error: unknown,
): Answer {
  if (error instanceof TimeoutError) {
    const sentence = `${destination} did not answer within ${timeoutMillis / 1000} s: see --export-timeout`;
    return { kind: 'transient', sentence, reached: true, retryAfterMillis: undefined };
  }
  const answer = connectionProblem(destination, error);
  // The receiver closed an idle connection at the moment it was used again: not a word about its health.
  const stale = request.reusedSocket && errorCode(error) === 'ECONNRESET' && answer.kind === 'transient';
  return stale ? { ...answer, reached: true, retryAfterMillis: 0 } : answer;
}
