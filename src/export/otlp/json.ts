import { type OtelLink, type OtelSpan, type OtelSpanEvent, STATUS_CODE } from '../../model/otel.ts';
import type { Bytes } from './bytes.ts';
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
import { SPAN_FLAGS } from './span-message.ts';

// OTLP/JSON is proto3's JSON mapping of the same messages, except that ids are hex and enums are numbers.

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
  next: piece(','),
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

/** Writes one `Span` as a JSON object. */
export function jsonSpanWriter(): (out: Bytes, span: OtelSpan) => void {
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

/** Always there, also when unset, and then empty: a default is not written. With it the span ends. */
function writeStatus(out: Bytes, { code, message }: OtelSpan['status']): void {
  writePiece(out, SPAN.status);
  if (message !== undefined) {
    writePiece(out, STATUS.message);
    writeQuoted(out, message);
    if (code !== STATUS_CODE.unset) writePiece(out, STATUS.next);
  }
  if (code !== STATUS_CODE.unset) {
    writePiece(out, STATUS.code);
    writeInteger(out, code);
  }
  writePiece(out, STATUS.end);
}
