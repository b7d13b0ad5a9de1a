/**
 * Ids are derived from what Hermes itself says, so the same log gives the same ids on any machine, and a log that was
 * cut in two, joined or recorded again does too. Never from a line number, a file name or a counter over the log.
 * docs/adr/0002-derived-ids.md holds the scheme.
 */
import { hash } from 'node:crypto';
import type { SpanId, TraceId } from '../model/span.ts';

/** Changes only when ids change on purpose: then every id of every log does. */
export const SCHEME = 'hermes-otel/1';

/** NUL cannot occur in Hermes's ids, so no two lists of parts share a digest. */
const SEPARATOR = '\0';

/** A trace of its own for each distinct list of parts. */
export function traceIdOf(...parts: readonly string[]): TraceId {
  return digest('trace', parts).slice(0, 32) as TraceId;
}

/** `parts` open with the kind of span, then the event's own ids. */
export function spanIdOf(...parts: readonly string[]): SpanId {
  return digest('span', parts).slice(0, 16) as SpanId;
}

function digest(type: string, parts: readonly string[]): string {
  return hash('sha256', `${SCHEME}${SEPARATOR}${type}${SEPARATOR}${parts.join(SEPARATOR)}`, 'hex');
}
