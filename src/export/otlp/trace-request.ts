import type { Origin, OtelLink, OtelSpan, OtelSpanEvent } from '../../model/otel.ts';
import { attributeWriter } from './attributes.ts';
import {
  type Bytes,
  clear,
  createBytes,
  reserve,
  writeBlock,
  writeByte,
  writeHex,
  writeNanos,
  writeUint32,
  writeVarint,
} from './bytes.ts';
import type { RequestBody } from './encoder.ts';
import { closeMessage, fieldSize, openMessage, writeText } from './text.ts';

// ExportTraceServiceRequest in protobuf. A tag is the field's number times 8, plus how its content is written: 0 varint,
// 1 eight bytes, 2 length and bytes, 5 four bytes. Numbers from opentelemetry/proto/trace/v1/trace.proto.

// ExportTraceServiceRequest { 1: ResourceSpans { 1: Resource { 1: attributes }, 2: ScopeSpans { 1: Scope, 2: Span } } }
const RESOURCE_SPANS = 0x0a;
const RESOURCE = { self: 0x0a, attributes: 0x0a } as const;
const SCOPE_SPANS = 0x12;
const SCOPE = { self: 0x0a, name: 0x0a, version: 0x12 } as const;
const SPAN = {
  self: 0x12,
  traceId: 0x0a,
  spanId: 0x12,
  parentSpanId: 0x22,
  name: 0x2a,
  kind: 0x30,
  startTime: 0x39,
  endTime: 0x41,
  attributes: 0x4a,
  events: 0x5a,
  links: 0x6a,
  status: 0x7a,
  /** Field 16: the first whose tag takes two bytes. */
  flags: [0x85, 0x01],
} as const;
const EVENT = { time: 0x09, name: 0x12, attributes: 0x1a } as const;
const LINK = { traceId: 0x0a, spanId: 0x12, attributes: 0x22, flags: 0x35 } as const;
const STATUS = { message: 0x12, code: 0x18 } as const;

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
/** More than the ids, times, kind and flags of a span or link ever take. */
const FIXED_BYTES = 128;

/** Sampled (1), and known not to come from another process (0x100): the flags that the SDK gives every span it makes. */
export const SPAN_FLAGS = 0x101;

/** Request bodies in protobuf, one after the other. */
export function createTraceRequest(origin: Origin): RequestBody<OtelSpan> {
  const writeSpan = spanWriter();
  const headOf = headsBy((from) => ({ resource: encodeResource(from), scope: encodeScope(from) }));
  /** Groups that are complete; empty while all spans have one origin. */
  const done = createBytes(0);
  const spans = createBytes();
  let from = origin;
  let head = headOf(origin);

  const scopeSpansSize = () => head.scope.length + spans.end;
  const resourceSpansSize = () => head.resource.length + fieldSize(scopeSpansSize());
  const bodySize = () => done.end + (spans.end === 0 ? 0 : fieldSize(resourceSpansSize()));

  function writeGroup(out: Bytes): void {
    if (spans.end === 0) return;
    const { resource, scope } = head;
    reserve(out, fieldSize(resourceSpansSize()));
    writeByte(out, RESOURCE_SPANS);
    writeVarint(out, resourceSpansSize());
    writeBlock(out, resource);
    writeByte(out, SCOPE_SPANS);
    writeVarint(out, scopeSpansSize());
    writeBlock(out, scope);
    writeBlock(out, spans.buffer.subarray(0, spans.end));
    clear(spans);
  }

  return {
    add(span, maxBytes) {
      if ((span.origin ?? origin) !== from) {
        writeGroup(done);
        from = span.origin ?? origin;
        head = headOf(from);
      }
      const before = spans.end;
      writeSpan(spans, span);
      if (bodySize() <= maxBytes) return true;
      spans.end = before;
      return false;
    },
    sizeBytes: bodySize,
    finish() {
      const body = createBytes(bodySize());
      writeBlock(body, done.buffer.subarray(0, done.end));
      writeGroup(body);
      clear(done);
      return body.buffer;
    },
  };
}

/** Encodes the head of each origin once. */
export function headsBy<Head>(encodeHead: (origin: Origin) => Head): (origin: Origin) => Head {
  const heads = new WeakMap<Origin, Head>();
  return (origin) => {
    const known = heads.get(origin);
    if (known !== undefined) return known;
    const head = encodeHead(origin);
    heads.set(origin, head);
    return head;
  };
}

function encodeResource({ resource }: Origin): Uint8Array {
  return encode((out) => {
    const start = openMessage(out, RESOURCE.self);
    attributeWriter(RESOURCE.attributes)(out, resource.attributes);
    closeMessage(out, start);
  });
}

function encodeScope({ scope }: Origin): Uint8Array {
  return encode((out) => {
    const start = openMessage(out, SCOPE.self);
    writeText(out, SCOPE.name, scope.name);
    writeText(out, SCOPE.version, scope.version);
    closeMessage(out, start);
  });
}

function encode(write: (out: Bytes) => void): Uint8Array {
  const out = createBytes();
  write(out);
  return Uint8Array.from(out.buffer.subarray(0, out.end));
}

function spanWriter(): (out: Bytes, span: OtelSpan) => void {
  const writeAttributes = attributeWriter(SPAN.attributes);
  const writeEventAttributes = attributeWriter(EVENT.attributes);
  const writeLinkAttributes = attributeWriter(LINK.attributes);

  function writeEvent(out: Bytes, event: OtelSpanEvent): void {
    reserve(out, FIXED_BYTES);
    const start = openMessage(out, SPAN.events);
    writeByte(out, EVENT.time);
    writeNanos(out, event.time);
    writeText(out, EVENT.name, event.name);
    writeEventAttributes(out, event.attributes);
    closeMessage(out, start);
  }

  function writeLink(out: Bytes, link: OtelLink): void {
    reserve(out, FIXED_BYTES);
    const start = openMessage(out, SPAN.links);
    writeId(out, LINK.traceId, TRACE_ID_BYTES, link.traceId);
    writeId(out, LINK.spanId, SPAN_ID_BYTES, link.spanId);
    writeByte(out, LINK.flags);
    writeUint32(out, SPAN_FLAGS);
    writeLinkAttributes(out, link.attributes);
    closeMessage(out, start);
  }

  return (out, span) => {
    reserve(out, FIXED_BYTES);
    const start = openMessage(out, SPAN.self);
    writeFixedPart(out, span);
    writeText(out, SPAN.name, span.name);
    writeAttributes(out, span.attributes);
    for (const event of span.events) writeEvent(out, event);
    for (const link of span.links) writeLink(out, link);
    writeStatus(out, span.status);
    closeMessage(out, start);
  };
}

function writeFixedPart(out: Bytes, span: OtelSpan): void {
  writeId(out, SPAN.traceId, TRACE_ID_BYTES, span.traceId);
  writeId(out, SPAN.spanId, SPAN_ID_BYTES, span.spanId);
  if (span.parentSpanId !== undefined) {
    writeId(out, SPAN.parentSpanId, SPAN_ID_BYTES, span.parentSpanId);
  }
  writeByte(out, SPAN.kind);
  writeByte(out, span.kind);
  writeByte(out, SPAN.startTime);
  writeNanos(out, span.startTime);
  writeByte(out, SPAN.endTime);
  writeNanos(out, span.endTime);
  writeByte(out, SPAN.flags[0]);
  writeByte(out, SPAN.flags[1]);
  writeUint32(out, SPAN_FLAGS);
}

function writeId(out: Bytes, tag: number, size: number, id: string): void {
  writeByte(out, tag);
  writeByte(out, size);
  writeHex(out, id, size);
}

/** Written also when unset, as the SDK does. */
function writeStatus(out: Bytes, { code, message }: OtelSpan['status']): void {
  const start = openMessage(out, SPAN.status);
  if (message !== undefined) writeText(out, STATUS.message, message);
  reserve(out, 2);
  writeByte(out, STATUS.code);
  writeByte(out, code);
  closeMessage(out, start);
}
