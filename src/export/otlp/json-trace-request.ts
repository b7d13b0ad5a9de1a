import {
  type Origin,
  type OtelLink,
  type OtelSpan,
  type OtelSpanEvent,
  STATUS_CODE,
} from '../../model/otel.ts';
import { type Bytes, clear, createBytes } from './bytes.ts';
import type { RequestBody } from './encoder.ts';
import { jsonAttributeWriter } from './json-attributes.ts';
import {
  piece,
  writeAscii,
  writeInteger,
  writeList,
  writeNanoDigits,
  writePiece,
  writeQuoted,
} from './json-text.ts';
import { headsBy, SPAN_FLAGS } from './trace-request.ts';

// ExportTraceServiceRequest in JSON: proto3's JSON mapping of the same messages, except that ids are hex and enums are
// numbers.

const REQUEST = {
  start: piece('{"resourceSpans":['),
  resource: piece('{"resource":{"attributes":'),
  scopeName: piece('},"scopeSpans":[{"scope":{"name":'),
  scopeVersion: piece(',"version":'),
  spans: piece('},"spans":['),
  separator: piece(','),
  endGroup: piece(']}]}'),
  end: piece(']}'),
};

const SPAN = {
  traceId: piece('{"traceId":"'),
  spanId: piece('","spanId":"'),
  parentSpanId: piece('","parentSpanId":"'),
  name: piece(`","flags":${SPAN_FLAGS},"name":`),
  kind: piece(',"kind":'),
  startTime: piece(',"startTimeUnixNano":"'),
  endTime: piece('","endTimeUnixNano":"'),
  attributes: piece('","attributes":'),
  events: piece(',"events":'),
  links: piece(',"links":'),
  status: piece(',"status":{'),
};

const STATUS = {
  message: piece('"message":'),
  separator: piece(','),
  code: piece('"code":'),
  end: piece('}}'),
};

const EVENT = {
  time: piece('{"timeUnixNano":"'),
  name: piece('","name":'),
  attributes: piece(',"attributes":'),
  end: piece('}'),
};

const LINK = {
  traceId: piece('{"traceId":"'),
  spanId: piece('","spanId":"'),
  attributes: piece('","attributes":'),
  end: piece(`,"flags":${SPAN_FLAGS}}`),
};

/** Request bodies in JSON, one after the other. A body is one line of text, without a line end. */
export function createJsonTraceRequest(origin: Origin): RequestBody<OtelSpan> {
  const writeSpan = jsonSpanWriter();
  const headOf = headsBy(encodeHead);
  /** Groups that are complete, each with a separator; empty while all spans have one origin. */
  const done = createBytes(0);
  const spans = createBytes();
  let from = origin;
  let head = headOf(origin);

  const groupSize = () => head.length + spans.end + REQUEST.endGroup.length;
  function bodySize(): number {
    const groups = done.end + (spans.end === 0 ? -Math.min(done.end, 1) : groupSize());
    return groups === 0 ? 0 : REQUEST.start.length + groups + REQUEST.end.length;
  }

  function writeGroup(out: Bytes): void {
    if (spans.end === 0) return;
    writePiece(out, head);
    writePiece(out, spans.buffer.subarray(0, spans.end));
    writePiece(out, REQUEST.endGroup);
    clear(spans);
  }

  return {
    add(span, maxBytes) {
      if ((span.origin ?? origin) !== from) {
        if (spans.end > 0) {
          writeGroup(done);
          writePiece(done, REQUEST.separator);
        }
        from = span.origin ?? origin;
        head = headOf(from);
      }
      const before = spans.end;
      if (before > 0) writePiece(spans, REQUEST.separator);
      writeSpan(spans, span);
      if (bodySize() <= maxBytes) return true;
      spans.end = before;
      return false;
    },
    sizeBytes: bodySize,
    finish() {
      const size = bodySize();
      if (size === 0) return new Uint8Array();
      const body = createBytes(size);
      writePiece(body, REQUEST.start);
      // Without an open group the last separator is one too many.
      writePiece(body, done.buffer.subarray(0, spans.end === 0 ? done.end - 1 : done.end));
      writeGroup(body);
      writePiece(body, REQUEST.end);
      clear(done);
      return body.buffer;
    },
  };
}

/** Everything of a group before its first span. */
function encodeHead({ resource, scope }: Origin): Uint8Array {
  const out: Bytes = createBytes();
  writePiece(out, REQUEST.resource);
  jsonAttributeWriter()(out, resource.attributes);
  writePiece(out, REQUEST.scopeName);
  writeQuoted(out, scope.name);
  writePiece(out, REQUEST.scopeVersion);
  writeQuoted(out, scope.version);
  writePiece(out, REQUEST.spans);
  return Uint8Array.from(out.buffer.subarray(0, out.end));
}

function jsonSpanWriter(): (out: Bytes, span: OtelSpan) => void {
  const writeAttributes = jsonAttributeWriter();

  function writeEvent(out: Bytes, event: OtelSpanEvent): void {
    writePiece(out, EVENT.time);
    writeNanoDigits(out, event.time);
    writePiece(out, EVENT.name);
    writeQuoted(out, event.name);
    writePiece(out, EVENT.attributes);
    writeAttributes(out, event.attributes);
    writePiece(out, EVENT.end);
  }

  function writeLink(out: Bytes, link: OtelLink): void {
    writePiece(out, LINK.traceId);
    writeAscii(out, link.traceId);
    writePiece(out, LINK.spanId);
    writeAscii(out, link.spanId);
    writePiece(out, LINK.attributes);
    writeAttributes(out, link.attributes);
    writePiece(out, LINK.end);
  }

  return (out, span) => {
    writeFixedPart(out, span);
    writePiece(out, SPAN.attributes);
    writeAttributes(out, span.attributes);
    if (span.events.length > 0) {
      writePiece(out, SPAN.events);
      writeList(out, span.events, writeEvent);
    }
    if (span.links.length > 0) {
      writePiece(out, SPAN.links);
      writeList(out, span.links, writeLink);
    }
    writeStatus(out, span.status);
  };
}

function writeFixedPart(out: Bytes, span: OtelSpan): void {
  writePiece(out, SPAN.traceId);
  writeAscii(out, span.traceId);
  writePiece(out, SPAN.spanId);
  writeAscii(out, span.spanId);
  if (span.parentSpanId !== undefined) {
    writePiece(out, SPAN.parentSpanId);
    writeAscii(out, span.parentSpanId);
  }
  writePiece(out, SPAN.name);
  writeQuoted(out, span.name);
  writePiece(out, SPAN.kind);
  writeInteger(out, span.kind);
  writePiece(out, SPAN.startTime);
  writeNanoDigits(out, span.startTime);
  writePiece(out, SPAN.endTime);
  writeNanoDigits(out, span.endTime);
}

/** Written also when unset; default fields are left out. It ends the span. */
function writeStatus(out: Bytes, { code, message }: OtelSpan['status']): void {
  writePiece(out, SPAN.status);
  if (message !== undefined) {
    writePiece(out, STATUS.message);
    writeQuoted(out, message);
    if (code !== STATUS_CODE.unset) writePiece(out, STATUS.separator);
  }
  if (code !== STATUS_CODE.unset) {
    writePiece(out, STATUS.code);
    writeInteger(out, code);
  }
  writePiece(out, STATUS.end);
}
