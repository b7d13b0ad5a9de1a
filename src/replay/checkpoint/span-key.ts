/**
 * Identifies one sending of a span in 8 bytes: the span's id (a hash already) mixed with its end time and with whether and
 * why it is incomplete. A span that is sent while it is open is sent again when it is complete, under another key. A span
 * of a file is mixed with its place in it.
 */
import { type Bytes, createBytes, hexWord, reserve, writeUint32 } from '../../export/otlp/bytes.ts';
import type { OtelSpan } from '../../model/otel.ts';
import type { AgentSpan, SpanId } from '../../model/span.ts';
import type { EpochMicros } from '../../model/time.ts';

export type SpanKey = bigint;

export type SpanKeys = ReturnType<typeof createSpanKeys>;

const BYTES = 8;
/** Spans of an ordinary request. */
const ORDINARY = 512;

/**
 * A list of keys, such as those of one request.
 * @param expected number of keys for which there is room from the beginning
 */
export function createSpanKeys(expected = ORDINARY) {
  const out = createBytes((expected || ORDINARY) * BYTES);
  return {
    add: (span: OtelSpan): void => write(out, span.spanId, span.endTime, variantOf(span)),
    addAgent: (span: AgentSpan): void => write(out, span.spanId, span.endTime, span.incomplete),
    addKey(key: SpanKey): void {
      reserve(out, BYTES);
      out.view.setBigUint64(out.end, key, true);
      out.end += BYTES;
    },
    /** All keys in base64, in the order in which the spans were added. */
    toText: () => out.buffer.toString('base64', 0, out.end),
  };
}

export function spanKeyOf(span: OtelSpan): SpanKey {
  return keyWith(span.spanId, span.endTime, variantOf(span));
}

export function agentSpanKeyOf(span: AgentSpan): SpanKey {
  return keyWith(span.spanId, span.endTime, span.incomplete);
}

/** @param incomplete the reason; `undefined` for a complete span, or where it does not matter */
export function keyWith(spanId: SpanId, endTime: EpochMicros, incomplete: string | undefined): SpanKey {
  single.end = 0;
  write(single, spanId, endTime, incomplete);
  return single.view.getBigUint64(0, true);
}

function variantOf({ attributes, place }: OtelSpan): string | undefined {
  const incomplete = attributes['hermes.incomplete'] === true;
  const reason = incomplete ? String(attributes['hermes.incomplete.reason']) : undefined;
  return place === undefined ? reason : `${place} ${reason}`;
}

/** @param text of `toText` */
export function readSpanKeys(text: string): readonly SpanKey[] {
  const bytes = Buffer.from(text, 'base64');
  return Array.from({ length: Math.floor(bytes.length / BYTES) }, (_, at) =>
    bytes.readBigUInt64LE(at * BYTES),
  );
}

/** Both are reused for every span. */
const single = createBytes(BYTES);
const end = new DataView(new ArrayBuffer(BYTES));

function write(out: Bytes, spanId: SpanId, endTime: EpochMicros, incomplete: string | undefined): void {
  const reason = incomplete === undefined ? 0 : textHash(incomplete);
  end.setFloat64(0, incomplete === undefined ? endTime : -endTime);
  reserve(out, BYTES);
  writeUint32(out, hexWord(spanId, 0) ^ end.getInt32(0));
  writeUint32(out, hexWord(spanId, 8) ^ end.getInt32(4) ^ reason);
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** 31 bits of FNV-1a over the UTF-8 bytes: the same on every machine. */
function textHash(text: string): number {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash >>> 1;
}
