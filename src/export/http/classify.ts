import { errorCode } from '../../model/system-error.ts';
import { type Answer, transient } from '../delivery/transport.ts';
import type { ContentType } from '../otlp/encoder.ts';
import { outsideText } from '../outside-text.ts';
import { acceptedAnswer, formatOf, readPartialSuccess, readRefusal } from './answer-body.ts';

/** An HTTP answer, as far as it was read. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly retryAfter: string | undefined;
  readonly location: string | undefined;
  readonly body: Uint8Array;
  /** Why the body could not be read whole; `undefined` when it was. */
  readonly broken: string | undefined;
}

export interface ClassifyContext {
  /** Without secrets. */
  readonly destination: string;
  readonly asked: ContentType;
  readonly wallMillis: number;
  /** Removes secrets from the receiver's text. */
  readonly redact: (text: string) => string;
}

// Retryable by the OTLP specification (429, 502, 503, 504), and 408, which means the same.
export const TRANSIENT: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

/** Answers of a server that does not know this signal. */
const NO_RECEIVER: ReadonlySet<number> = new Set([404, 405, 415]);

/** Decides what an answer means for the items of its request. */
export function classify(answer: HttpAnswer, context: ClassifyContext): Answer {
  const { status } = answer;
  const says = `${context.destination} answered ${status}`;
  if (status >= 200 && status < 300) return accepted(answer, context);
  if (TRANSIENT.has(status)) {
    const wish = retryAfterMillis(answer.retryAfter, context.wallMillis);
    return transient(`${says} (${TRANSIENT_WORDS[status]})`, true, wish);
  }
  if (status >= 300 && status < 400)
    return { kind: 'final', sentence: `${says}, a redirect${target(answer, context)}`, mayPass: true };
  const refusal = readRefusal(answer.body, formatOf(answer.contentType, context.asked));
  const message = outsideText(refusal ?? '', context.redact);
  const sentence = `${says}${message === '' ? '' : `, "${message}"`}: ${advice(status, context.asked)}`;
  if (status === 413) return { kind: 'too_large', sentence };
  return {
    kind: 'final',
    sentence,
    mayPass: !ABOUT_DATA.has(status),
    isNoReceiver: NO_RECEIVER.has(status),
  };
}

/** Refusals of the data itself, which another try would meet again. */
const ABOUT_DATA: ReadonlySet<number> = new Set([400, 411, 413, 414, 415, 422, 431]);

const TRANSIENT_WORDS: Readonly<Record<number, string>> = {
  408: 'request timeout',
  429: 'too many requests',
  502: 'bad gateway',
  503: 'service unavailable',
  504: 'gateway timeout',
};

function accepted(answer: HttpAnswer, context: ClassifyContext): Answer {
  const { destination } = context;
  if (isWebPage(answer)) {
    const sentence = `${destination} answered ${answer.status} with a web page: that is no OTLP receiver; check the path of --endpoint, and its port (OTLP over HTTP is usually on 4318)`;
    return { kind: 'final', sentence, mayPass: true };
  }
  const partial = readPartialSuccess(answer.body, formatOf(answer.contentType, context.asked));
  if (partial === undefined || (answer.broken !== undefined && partial.rejected === 0)) {
    const why = answer.broken ?? 'its body is no OTLP answer';
    const message = `${destination} answered ${answer.status}, but ${why}: check that it is an OTLP receiver`;
    return { kind: 'accepted', rejected: 0, message };
  }
  return acceptedAnswer(destination, partial, context.redact);
}

/** The server of a user interface answers 200 to everything and keeps nothing. */
function isWebPage({ contentType, body }: HttpAnswer): boolean {
  return contentType?.toLowerCase().startsWith('text/html') === true || body[0] === LESS_THAN;
}

/** Begins an HTML tag. No answer in protobuf or JSON begins with it. */
const LESS_THAN = 0x3c;

function target(answer: HttpAnswer, context: ClassifyContext): string {
  const where = answer.location === undefined ? '' : ` to ${outsideText(answer.location, context.redact)}`;
  return `${where}, which is not followed: give the final address with --endpoint`;
}

function advice(status: number, asked: ContentType): string {
  switch (status) {
    case 400:
      return 'it does not take this data; is it an OTLP receiver of this signal, and does it take data this old?';
    case 401:
      return 'check the credentials in --header, OTEL_EXPORTER_OTLP_HEADERS or HERMES_OTEL_TOKEN';
    case 403:
      return 'the credentials are known, but may not write here';
    case 404:
      return 'nothing is at this path; --endpoint gets /v1/traces and /v1/metrics added, a per-signal endpoint is used as it is';
    case 407:
      return 'the proxy wants credentials: put them into the variable that names it (http://user:password@host)';
    case 405:
      return 'something else than an OTLP receiver is at this path; check --endpoint';
    case 413:
      return 'requests are too large for it; lower HERMES_OTEL_MAX_REQUEST_BYTES';
    case 415:
      return asked === 'application/json'
        ? 'it does not take JSON; use OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf'
        : 'it does not take protobuf; try OTEL_EXPORTER_OTLP_PROTOCOL=http/json, or OTEL_EXPORTER_OTLP_COMPRESSION=none';
    default:
      return status >= 500
        ? 'the receiver failed; its own log says more'
        : 'the receiver refuses; its own log says more';
  }
}

/**
 * The wait that a `Retry-After` header asks for: whole seconds, or an HTTP date (RFC 9110, 10.2.3).
 * @returns at least 250 ms. `undefined` without a header, for 0 (which waits as if there were none), and when it is
 * neither.
 */
export function retryAfterMillis(header: string | undefined, wallMillis: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return wishedMillis(Number(text) * 1000);
  // Date.parse also reads things that are no HTTP date, such as "-1" and "1.5".
  if (!/^[A-Za-z]{3}/.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : wishedMillis(date - wallMillis);
}

/** A receiver that asks for no pause gets one all the same: whole bodies would be sent again and again. */
const SHORTEST_MILLIS = 250;

export function wishedMillis(millis: number): number | undefined {
  return millis <= 0 ? undefined : Math.min(Math.max(SHORTEST_MILLIS, millis), Number.MAX_SAFE_INTEGER);
}

const TLS_ADVICE =
  'check OTEL_EXPORTER_OTLP_CERTIFICATE (whom to trust) and OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE';

/** Decides what a failed connection means. Most failures pass; an untrusted certificate does not. */
export function connectionProblem(destination: string, error: unknown): Answer {
  const code = errorCode(error) ?? '';
  const trouble = tlsTrouble(code);
  if (trouble !== undefined) {
    return {
      kind: 'final',
      sentence: `${destination} cannot be reached: ${trouble} (${code}); ${TLS_ADVICE}`,
      mayPass: true,
    };
  }
  const why = WORDS[code] ?? (code === '' ? 'the connection failed' : code);
  const sentence = `${destination} cannot be reached: ${why}; is the receiver running, and is --endpoint right?`;
  return transient(sentence, false);
}

const WORDS: Readonly<Record<string, string>> = {
  EAI_AGAIN: 'its name cannot be looked up at the moment',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to its network',
  ENOTFOUND: 'its name is not known',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'the connection timed out',
};

/** What a code says of a TLS handshake, in words; Node names a failed one by OpenSSL's word for it. `undefined`: nothing. */
export function tlsTrouble(code: string): string | undefined {
  if (TLS_WORDS[code] !== undefined) return TLS_WORDS[code];
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) return 'the TLS handshake failed';
  return /^(CERT_|CRL_|ERR_TLS|INVALID_CA|PATH_LENGTH|UNABLE_TO_)/.test(code)
    ? 'its certificate is not trusted'
    : undefined;
}

const TLS_WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate comes from an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an authority that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an authority that is not trusted',
};
