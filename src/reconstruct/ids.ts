/**
 * Trace ids, span ids and fingerprints, derived from Hermes's own ids: the same log gives the same ids on any machine, also
 * when it was cut in two, joined or recorded again. Never from a line number, a file name or a counter over the log.
 * docs/adr/0002-derived-ids.md holds the scheme.
 */
import { hash } from 'node:crypto';
import type { JsonValue } from '../model/json.ts';
import type { SpanId, TraceId } from '../model/span.ts';

/** Changes only when ids change on purpose: then every id of every log does. */
export const SCHEME = 'hermes-otel/1';

/** NUL cannot occur in Hermes's ids, so no two lists of parts share a digest. */
const SEPARATOR = '\0';

/** One trace for each distinct list of parts. */
export function traceIdOf(...parts: readonly string[]): TraceId {
  return digest('trace', parts).slice(0, 32) as TraceId;
}

/** `parts` begin with the kind of span; the event's own ids follow. */
export function spanIdOf(...parts: readonly string[]): SpanId {
  return digest('span', parts).slice(0, 16) as SpanId;
}

function digest(type: string, parts: readonly string[]): string {
  return hash('sha256', `${SCHEME}${SEPARATOR}${type}${SEPARATOR}${parts.join(SEPARATOR)}`, 'hex');
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** Long strings (a file to write) are compared by head and length: hashing megabytes for a rare tie is not worth it. */
const STRING_HEAD = 256;

/**
 * A 32-bit number for a tool's arguments or a command: events without ids are paired by it, and the state holds no
 * content. FNV-1a over the value's shape and the head of its strings. A number is taken for the fingerprint of what was
 * dropped already. A string counts as the number, boolean, list or object that it spells, because Hermes converts what
 * the model sent (`"50"` → `50`) between the two events of a call.
 */
export function fingerprintOf(value: JsonValue | undefined): number {
  if (typeof value === 'number') return value;
  return mix(FNV_OFFSET, value) | 0;
}

function mix(seed: number, given: JsonValue | undefined): number {
  const value = typeof given === 'string' ? spelled(given) : given;
  if (typeof value === 'string') return mixString(seed ^ 1, value);
  if (Array.isArray(value))
    return value.reduce((digest: number, item: JsonValue) => mix(digest, item), seed ^ 2);
  if (typeof value === 'object' && value !== null)
    return mixObject(seed ^ 3, value as { [key: string]: JsonValue });
  return mixString(seed ^ 4, String(value));
}

const NUMBER = /^-?\d{1,15}(\.\d{1,15})?$/;
const BOOLEAN = /^(true|false)$/i;
/** Longer lists and objects in a string are a text to write, not arguments that Hermes converts. */
const MAX_SPELLED_CHARS = 16_384;

/** The value that a string spells, or the string. */
function spelled(text: string): JsonValue {
  if (text.length <= 32 && NUMBER.test(text)) return Number(text);
  if (text.length <= 5 && BOOLEAN.test(text)) return text.toLowerCase() === 'true';
  const isJson = (text[0] === '[' || text[0] === '{') && text.length <= MAX_SPELLED_CHARS;
  if (!isJson) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function mixObject(seed: number, value: { readonly [key: string]: JsonValue }): number {
  let digest = seed;
  for (const key in value) digest = mix(mixString(digest, key), value[key]);
  return digest;
}

function mixString(seed: number, text: string): number {
  let digest = Math.imul(seed ^ text.length, FNV_PRIME);
  const end = Math.min(text.length, STRING_HEAD);
  for (let i = 0; i < end; i++) digest = Math.imul(digest ^ text.charCodeAt(i), FNV_PRIME);
  return digest;
}
