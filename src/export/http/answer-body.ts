import { isJsonObject, type JsonValue, parseJson } from '../../model/json.ts';
import type { Answer } from '../delivery/transport.ts';
import { protobufFields } from '../otlp/read-protobuf.ts';
import { outsideText } from '../outside-text.ts';

/** The items that a successful answer did not accept. */
export interface PartialSuccess {
  readonly rejected: number;
  /** Raw, not yet fit to be shown; '' when there is none. */
  readonly message: string;
}

export type BodyFormat = 'protobuf' | 'json' | 'text' | 'other';

const NONE: PartialSuccess = { rejected: 0, message: '' };

/** The format of an answer. Without a content type it is the format of the request. */
export function formatOf(contentType: string | undefined, asked: string): BodyFormat {
  const type = (contentType ?? asked).split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/json') return 'json';
  if (type === 'application/x-protobuf' || type === 'application/protobuf') return 'protobuf';
  return type === 'text/plain' ? 'text' : 'other';
}

/**
 * Reads `ExportTraceServiceResponse` and `ExportMetricsServiceResponse`, whose fields have the same numbers.
 * An empty body and an empty `partialSuccess` mean that everything was accepted.
 * @returns `undefined` when the body is not such a message.
 */
export function readPartialSuccess(body: Uint8Array, format: BodyFormat): PartialSuccess | undefined {
  if (body.length === 0) return NONE;
  if (format === 'json') return partialSuccessInJson(body);
  return format === 'protobuf' ? partialSuccessInProtobuf(body) : undefined;
}

function partialSuccessInProtobuf(body: Uint8Array): PartialSuccess | undefined {
  const message = protobufMessage(body);
  const partial = message?.get(1);
  if (partial === undefined) return message && NONE;
  const fields = partial instanceof Uint8Array ? protobufMessage(partial) : undefined;
  return fields && partialSuccess(fields.get(1), textOf(fields.get(2)));
}

function partialSuccessInJson(body: Uint8Array): PartialSuccess | undefined {
  const answer = parseJson(Buffer.from(body).toString());
  if (!isJsonObject(answer)) return undefined;
  const partial = answer.partialSuccess;
  if (!isJsonObject(partial)) return NONE;
  const { rejectedSpans, rejectedDataPoints, rejectedLogRecords, errorMessage } = partial;
  // 64-bit integers are strings in JSON; some receivers send numbers.
  const rejected = Number(rejectedSpans ?? rejectedDataPoints ?? rejectedLogRecords ?? 0);
  return partialSuccess(Math.min(rejected, Number.MAX_SAFE_INTEGER), errorMessage);
}

function partialSuccess(
  rejected: number | Uint8Array | undefined,
  message: JsonValue | undefined,
): PartialSuccess {
  // A negative number is far above 2^53 in protobuf.
  const isCount = typeof rejected === 'number' && Number.isSafeInteger(rejected) && rejected > 0;
  return {
    rejected: isCount ? rejected : 0,
    message: typeof message === 'string' ? message : '',
  };
}

/** The raw message of a refusal: a `google.rpc.Status` in protobuf or JSON, or plain text. */
export function readRefusal(body: Uint8Array, format: BodyFormat): string | undefined {
  if (format === 'text') return Buffer.from(body).toString();
  if (format === 'protobuf') return textOf(protobufMessage(body)?.get(2));
  const answer = format === 'json' ? parseJson(Buffer.from(body).toString()) : undefined;
  if (!isJsonObject(answer)) return undefined;
  const message = answer.message ?? answer.error;
  return typeof message === 'string' ? message : undefined;
}

type FieldValue = number | Uint8Array | undefined;

/** The fields of a message by their numbers; `undefined` when the bytes are not a protobuf message. */
export function protobufMessage(bytes: Uint8Array): ReadonlyMap<number, FieldValue> | undefined {
  try {
    return new Map([...protobufFields(bytes)].map(({ number, value }) => [number, value]));
  } catch {
    return undefined;
  }
}

export function textOf(value: FieldValue): string | undefined {
  return value instanceof Uint8Array ? Buffer.from(value).toString() : undefined;
}

/** The answer of a receiver that accepted the request, or most of it. Every protocol uses the same words. */
export function acceptedAnswer(
  destination: string,
  partial: PartialSuccess,
  redact: (text: string) => string,
): Answer {
  const { rejected } = partial;
  const message = outsideText(partial.message, redact);
  if (rejected === 0) {
    return { kind: 'accepted', rejected, message: message === '' ? '' : `${destination} says: "${message}"` };
  }
  const reason = message === '' ? 'without a reason' : `"${message}"`;
  return { kind: 'accepted', rejected, message: `${destination} rejected some: ${reason}` };
}
