import type { Answer } from '../delivery/answer.ts';
import type { ContentType } from '../encode/request-encoder.ts';
import { outsideText } from '../plain-text.ts';
import { acceptedAnswer } from './accepted.ts';
import { formatOf, readPartialSuccess, readRefusal } from './answer-body.ts';
import { retryAfterMillis } from './retry-after.ts';

/** An HTTP answer as far as it was read. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly retryAfter: string | undefined;
  readonly location: string | undefined;
  readonly body: Uint8Array;
  /** `undefined`: the body was read whole; else what kept us from it. */
  readonly broken: string | undefined;
}

export interface ClassifyContext {
  /** As people may see it. */
  readonly destination: string;
  readonly asked: ContentType;
  readonly wallMillis: number;
  /** Takes secrets out of what a receiver says. */
  readonly redact: (text: string) => string;
}

// Retryable by the OTLP specification (429, 502, 503, 504), and 408, which says the same.
const TRANSIENT: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

/** What an answer means for the items of its request. */
export function classify(answer: HttpAnswer, context: ClassifyContext): Answer {
  const { status } = answer;
  const says = `${context.destination} answered ${status}`;
  if (status >= 200 && status < 300) return accepted(answer, context);
  if (TRANSIENT.has(status)) {
    const wish = retryAfterMillis(answer.retryAfter, context.wallMillis);
    return {
      kind: 'transient',
      sentence: `${says} (${TRANSIENT_WORDS[status]})`,
      reached: true,
      retryAfterMillis: wish,
    };
  }
  if (status >= 300 && status < 400)
    return { kind: 'final', sentence: `${says}, a redirect${target(answer, context)}` };
  const refusal = readRefusal(answer.body, formatOf(answer.contentType, context.asked));
  const message = outsideText(refusal ?? '', context.redact);
  const sentence = `${says}${message === '' ? '' : `, "${message}"`}: ${advice(status, context.asked)}`;
  return { kind: status === 413 ? 'too_large' : 'final', sentence };
}

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
    return { kind: 'final', sentence };
  }
  const partial = readPartialSuccess(answer.body, formatOf(answer.contentType, context.asked));
  if (partial === undefined || (answer.broken !== undefined && partial.rejected === 0)) {
    const why = answer.broken ?? 'its body is no OTLP answer';
    const message = `${destination} answered ${answer.status}, but ${why}: check that it is an OTLP receiver`;
    return { kind: 'accepted', rejected: 0, message };
  }
  return acceptedAnswer(destination, partial, context.redact);
}

/** The page of a user interface answers 200 to everything, and keeps nothing of it. */
function isWebPage({ contentType, body }: HttpAnswer): boolean {
  return contentType?.toLowerCase().startsWith('text/html') === true || body[0] === LESS_THAN;
}

/** Begins a tag; no answer in protobuf or JSON begins so. */
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
    case 405:
      return 'something else than an OTLP receiver is at this path; check --endpoint';
    case 413:
      return 'requests are too large for it; lower --max-request-bytes';
    case 415:
      return asked === 'application/json'
        ? 'it does not take JSON; use OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf'
        : 'it does not take protobuf; try OTEL_EXPORTER_OTLP_PROTOCOL=http/json, or --compression none';
    default:
      return status >= 500
        ? 'the receiver failed; its own log says more'
        : 'the receiver refuses; its own log says more';
  }
}
