/**
 * Which spans were sent, in 8 bytes each. A span that is sent while it is open leaves again, whole: so it is its id (8 bytes
 * of a hash already) mixed with where it ends and whether it is marked incomplete, and why. Of one id no two come out alike that differ in that.
 */
import { type Bytes, createBytes, hexWord, reserve, writeUint32 } from '../../export/otlp/bytes.ts';
import type { OtelSpan } from '../../model/otel.ts';

export interface Sendings {
  add(span: OtelSpan): void;
  /** Of all that were added, in their order: base64. */
  toText(): string;
}

/** Tells one sending of a span from another one. */
export type Sending = bigint;

const BYTES = 8;
/** An ordinary request's. */
const ORDINARY = 512;

export function createSendings(): Sendings {
  const out = createBytes(ORDINARY * BYTES);
  return {
    add: (span) => write(out, span),
    toText: () => out.buffer.toString('base64', 0, out.end),
  };
}

export function sendingOf(span: OtelSpan): Sending {
  const out = createBytes(BYTES);
  write(out, span);
  return out.view.getBigUint64(0, true);
}

/** @param text of `toText` */
export function readSendings(text: string): readonly Sending[] {
  const bytes = Buffer.from(text, 'base64');
  return Array.from({ length: Math.floor(bytes.length / BYTES) }, (_, at) =>
    bytes.readBigUInt64LE(at * BYTES),
  );
}

/** Reused: one is made for each span. */
const end = new DataView(new ArrayBuffer(BYTES));

function write(out: Bytes, { spanId, endTime, attributes }: OtelSpan): void {
  const isOpen = attributes['hermes.incomplete'] === true;
  const reason = isOpen ? textHash(String(attributes['hermes.incomplete.reason'])) : 0;
  end.setFloat64(0, isOpen ? -endTime : endTime);
  reserve(out, BYTES);
  writeUint32(out, hexWord(spanId, 0) ^ end.getInt32(0));
  writeUint32(out, hexWord(spanId, 8) ^ end.getInt32(4) ^ reason);
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** 31 bits of FNV-1a over the text's UTF-8 bytes: the same on every machine. */
function textHash(text: string): number {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash >>> 1;
}
