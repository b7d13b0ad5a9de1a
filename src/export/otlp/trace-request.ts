import type { Resource, Scope } from '../../model/otel.ts';
import { attributeWriter } from './attributes.ts';
import { type Bytes, clear, createBytes, writeBlock, writeByte, writeVarint } from './bytes.ts';
import { closeMessage, openMessage } from './message.ts';
import type { Origin, TraceRequest } from './request.ts';
import { spanWriter } from './span-message.ts';
import { fieldSize, writeText } from './text.ts';

// ExportTraceServiceRequest { 1: ResourceSpans { 1: Resource { 1: attributes }, 2: ScopeSpans { 1: Scope, 2: Span } } }
const RESOURCE_SPANS = 0x0a;
const RESOURCE = 0x0a;
const RESOURCE_ATTRIBUTES = 0x0a;
const SCOPE_SPANS = 0x12;
const SCOPE = 0x0a;
const SCOPE_NAME = 0x0a;
const SCOPE_VERSION = 0x12;
const SPANS = 0x12;

/** Requests in protobuf, one after the other. */
export function createTraceRequest(origin: Origin): TraceRequest {
  const writeSpan = spanWriter();
  const resource = encode((out) => writeResource(out, origin.resource));
  const scope = encode((out) => writeScope(out, origin.scope));
  const spans = createBytes();

  const scopeSpansSize = (spanBytes: number) => scope.length + spanBytes;
  const resourceSpansSize = (spanBytes: number) => resource.length + fieldSize(scopeSpansSize(spanBytes));
  const bodySize = (spanBytes: number) => (spanBytes === 0 ? 0 : fieldSize(resourceSpansSize(spanBytes)));

  return {
    contentType: 'application/x-protobuf',
    add(span, maxBytes) {
      const before = spans.end;
      writeSpan(spans, SPANS, span);
      if (bodySize(spans.end) <= maxBytes) return true;
      spans.end = before;
      return false;
    },
    sizeBytes: () => bodySize(spans.end),
    finish() {
      const content = spans.buffer.subarray(0, spans.end);
      if (content.length === 0) return new Uint8Array();
      const body = createBytes(bodySize(content.length));
      writeByte(body, RESOURCE_SPANS);
      writeVarint(body, resourceSpansSize(content.length));
      writeBlock(body, resource);
      writeByte(body, SCOPE_SPANS);
      writeVarint(body, scopeSpansSize(content.length));
      writeBlock(body, scope);
      writeBlock(body, content);
      clear(spans);
      return body.buffer;
    },
  };
}

function encode(write: (out: Bytes) => void): Uint8Array {
  const out = createBytes();
  write(out);
  return Uint8Array.from(out.buffer.subarray(0, out.end));
}

function writeResource(out: Bytes, resource: Resource): void {
  const start = openMessage(out, RESOURCE);
  attributeWriter(RESOURCE_ATTRIBUTES)(out, resource.attributes);
  closeMessage(out, start);
}

function writeScope(out: Bytes, scope: Scope): void {
  const start = openMessage(out, SCOPE);
  writeText(out, SCOPE_NAME, scope.name);
  writeText(out, SCOPE_VERSION, scope.version);
  closeMessage(out, start);
}
