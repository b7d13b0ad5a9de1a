import { isJsonObject, type JsonValue } from '../../model/json.ts';
import { protobufFields } from '../encode/protobuf-fields.ts';

/** What a successful answer says of the items it did not take. */
export interface PartialSuccess {
  readonly rejected: number;
  /** Raw, not yet fit to be shown; '' when the receiver said nothing. */
  readonly message: string;
}

export type BodyFormat = 'protobuf' | 'json' | 'text' | 'other';

const NONE: PartialSuccess = { rejected: 0, message: '' };

/** What an answer says its body is; without a word of its own, it answers in the format it was asked in. */
export function formatOf(contentType: string | undefined, asked: string): BodyFormat {
  const type = (contentType ?? asked).split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/json') return 'json';
  if (type === 'application/x-protobuf' || type === 'application/protobuf') return 'protobuf';
  return type === 'text/plain' ? 'text' : 'other';
}

/**
 * Reads `ExportTraceServiceResponse` and `ExportMetricsServiceResponse`, whose fields have the same numbers.
 * An empty body and an empty `partialSuccess` mean that everything was taken.
 * @returns `undefined` when the body is no such message.
 */
export function readPartialSuccess(body: Uint8Array, format: BodyFormat): PartialSuccess | undefined {
  if (body.length === 0) return NONE;
  if (format === 'json') return partialSuccessInJson(body);
  return format === 'protobuf' ? partialSuccessInProtobuf(body) : undefined;
}

function partialSuccessInProtobuf(body: Uint8Array): PartialSuccess | undefined {
  const partial = firstFields(body)?.get(1);
  if (partial === undefined) return isProtobuf(body) ? NONE : undefined;
  const fields = partial instanceof Uint8Array ? firstFields(partial) : undefined;
  return fields && partialSuccess(fields.get(1), text(fields.get(2)));
}

function partialSuccessInJson(body: Uint8Array): PartialSuccess | undefined {
  const answer = parseJson(body);
  if (!isJsonObject(answer)) return undefined;
  const partial = answer.partialSuccess;
  if (!isJsonObject(partial)) return NONE;
  return partialSuccess(partial.rejectedSpans ?? partial.rejectedDataPoints, partial.errorMessage);
}

function partialSuccess(
  rejected: JsonValue | Uint8Array | undefined,
  message: JsonValue | undefined,
): PartialSuccess {
  // 64-bit integers are strings in JSON; some receivers send numbers. A negative one is far above 2^53 in protobuf.
  const count = typeof rejected === 'string' || typeof rejected === 'number' ? Number(rejected) : 0;
  return {
    rejected: Number.isSafeInteger(count) && count > 0 ? count : 0,
    message: typeof message === 'string' ? message : '',
  };
}

/** The message of an answer that refuses: a `google.rpc.Status` in protobuf or JSON, or plain text; raw. */
export function readRefusal(body: Uint8Array, format: BodyFormat): string | undefined {
  if (format === 'text') return Buffer.from(body).toString();
  if (format === 'protobuf') return text(firstFields(body)?.get(2));
  const answer = format === 'json' ? parseJson(body) : undefined;
  if (!isJsonObject(answer)) return undefined;
  const message = answer.message ?? answer.error;
  return typeof message === 'string' ? message : undefined;
}

/** `undefined` when the bytes are no protobuf message. */
function firstFields(bytes: Uint8Array): Map<number, number | Uint8Array | undefined> | undefined {
  try {
    return new Map([...protobufFields(bytes)].map(({ number, value }) => [number, value]));
  } catch {
    return undefined;
  }
}

function isProtobuf(bytes: Uint8Array): boolean {
  return firstFields(bytes) !== undefined;
}

function text(value: number | Uint8Array | undefined): string | undefined {
  return value instanceof Uint8Array ? Buffer.from(value).toString() : undefined;
}

function parseJson(body: Uint8Array): JsonValue | undefined {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}
