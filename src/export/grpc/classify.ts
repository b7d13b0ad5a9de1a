import type { ServiceError } from '@grpc/grpc-js';
import { type Answer, transient } from '../delivery/transport.ts';
import { protobufMessage, textOf } from '../http/answer-body.ts';
import { wishedMillis } from '../http/classify.ts';
import { protobufFields } from '../otlp/read-protobuf.ts';
import { outsideText } from '../outside-text.ts';

// Decides what a gRPC status means for the items of a request. Numbers and retryable codes are the OTLP specification's.

export interface ClassifyContext {
  readonly destination: string;
  /** Removes secrets from the receiver's text. */
  readonly redact: (text: string) => string;
  readonly timeoutMillis: number;
}

const RESOURCE_EXHAUSTED = 8;
const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;

const NAMES: readonly string[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS. */
const TRANSIENT: ReadonlySet<number> = new Set([1, 4, 10, 11, 14, 15]);

export function classify(error: ServiceError, context: ClassifyContext): Answer {
  const { destination } = context;
  const details = outsideText(error.details, context.redact);
  const connection = error.code === UNAVAILABLE ? connectionProblem(destination, details) : undefined;
  if (connection !== undefined) return connection;
  if (error.code === DEADLINE_EXCEEDED) {
    const sentence = `${destination} did not answer within ${context.timeoutMillis / 1000} s: see OTEL_EXPORTER_OTLP_TIMEOUT`;
    return transient(sentence);
  }
  const says = `${destination} answered ${NAMES[error.code] ?? error.code}${details === '' ? '' : `, "${details}"`}`;
  const retryAfterMillis = retryDelayMillis(error);
  if (TRANSIENT.has(error.code) || (error.code === RESOURCE_EXHAUSTED && retryAfterMillis !== undefined)) {
    return transient(says, true, retryAfterMillis);
  }
  const tooLarge = error.code === RESOURCE_EXHAUSTED && /larger than max/i.test(error.details);
  const sentence = `${says}: ${tooLarge ? 'lower HERMES_OTEL_MAX_REQUEST_BYTES' : (ADVICE[error.code] ?? OTHER_ADVICE)}`;
  if (tooLarge) return { kind: 'too_large', sentence };
  const isNoReceiver = error.code === UNIMPLEMENTED;
  return { kind: 'final', sentence, mayPass: !ABOUT_DATA.has(error.code), isNoReceiver };
}

/** INVALID_ARGUMENT, ALREADY_EXISTS, RESOURCE_EXHAUSTED, FAILED_PRECONDITION: refusals of the data itself. */
const ABOUT_DATA: ReadonlySet<number> = new Set([3, 6, 8, 9]);

const UNIMPLEMENTED = 12;

const OTHER_ADVICE = 'the receiver refuses; its own log says more';

const ADVICE: Readonly<Record<number, string>> = {
  3: 'it does not take this data; does it take data this old?',
  7: 'the credentials are known, but may not write here',
  12: 'it has no OTLP service of this signal; check --endpoint',
  16: 'check the credentials in --header, OTEL_EXPORTER_OTLP_HEADERS or HERMES_OTEL_TOKEN',
};

const TLS_ADVICE =
  'check OTEL_EXPORTER_OTLP_CERTIFICATE (whom to trust), OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE, and that both sides mean TLS';

/** The library gives the reason of a failed connection only in words. `undefined`: the receiver itself answered UNAVAILABLE. */
function connectionProblem(destination: string, details: string): Answer | undefined {
  if (
    !/^(No connection established|Connection dropped|Name resolution failed|read ECONN|write E)/.test(details)
  ) {
    return undefined;
  }
  const cause = details.replace(/^.*Last error: |Resolution note:.*$/gs, '').trim();
  if (/certificate|\bssl\b|\btls\b|wrong version number|alert/i.test(cause)) {
    const sentence = `${destination} cannot be reached: ${cause}; ${TLS_ADVICE}`;
    return { kind: 'final', sentence, mayPass: true };
  }
  const why = /ECONNREFUSED/.test(cause) ? 'the connection was refused' : cause;
  const sentence = `${destination} cannot be reached: ${why}; is the receiver running, and is --endpoint right?`;
  return transient(sentence, false);
}

/** The `RetryInfo` among the status details, where the receiver sent one (google/rpc/error_details.proto). */
function retryDelayMillis(error: ServiceError): number | undefined {
  const [status] = error.metadata.get('grpc-status-details-bin');
  // `Status.details` is field 3, a list of `Any`: type URL and value.
  const infos = fieldsOf(status)
    .filter(({ number }) => number === 3)
    .map(({ value }) => messageIn(value));
  const info = infos.find((any) => textOf(any?.get(1))?.endsWith('/google.rpc.RetryInfo'));
  const delay = messageIn(messageIn(info?.get(2))?.get(1));
  const numberAt = (field: number) => Number(delay?.get(field) ?? 0) || 0;
  return delay && wishedMillis(numberAt(1) * 1000 + numberAt(2) / 1e6);
}

function fieldsOf(message: unknown): readonly { readonly number: number; readonly value: unknown }[] {
  try {
    return message instanceof Uint8Array ? [...protobufFields(message)] : [];
  } catch {
    return [];
  }
}

function messageIn(value: unknown) {
  return value instanceof Uint8Array ? protobufMessage(value) : undefined;
}
