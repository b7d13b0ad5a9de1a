import { type Bytes, clear, createBytes, writeBlock } from './bytes.ts';
import { jsonSpanWriter } from './json.ts';
import { jsonAttributeWriter } from './json-attributes.ts';
import { piece, writePiece, writeQuoted } from './json-text.ts';
import type { Origin, TraceRequest } from './request.ts';

const RESOURCE = piece('{"resourceSpans":[{"resource":{"attributes":');
const SCOPE_NAME = piece('},"scopeSpans":[{"scope":{"name":');
const SCOPE_VERSION = piece(',"version":');
const SPANS = piece('},"spans":[');
const TAIL = piece(']}]}]}');
const COMMA = piece(',');

/** Requests in JSON, one after the other. A body is one line of text, without a line end. */
export function createJsonTraceRequest(origin: Origin): TraceRequest {
  const writeSpan = jsonSpanWriter();
  const head = writeHead(origin);
  const spans = createBytes();
  const bodySize = () => (spans.end === 0 ? 0 : head.length + spans.end + TAIL.length);
  return {
    contentType: 'application/json',
    add(span, maxBytes) {
      const before = spans.end;
      if (before > 0) writePiece(spans, COMMA);
      writeSpan(spans, span);
      if (bodySize() <= maxBytes) return true;
      spans.end = before;
      return false;
    },
    sizeBytes: bodySize,
    finish() {
      if (spans.end === 0) return new Uint8Array();
      const body = createBytes(bodySize());
      writeBlock(body, head);
      writeBlock(body, spans.buffer.subarray(0, spans.end));
      writeBlock(body, TAIL);
      clear(spans);
      return body.buffer;
    },
  };
}

/** Everything before the first span. */
function writeHead({ resource, scope }: Origin): Uint8Array {
  const out: Bytes = createBytes();
  writePiece(out, RESOURCE);
  jsonAttributeWriter()(out, resource.attributes);
  writePiece(out, SCOPE_NAME);
  writeQuoted(out, scope.name);
  writePiece(out, SCOPE_VERSION);
  writeQuoted(out, scope.version);
  writePiece(out, SPANS);
  return Uint8Array.from(out.buffer.subarray(0, out.end));
}
