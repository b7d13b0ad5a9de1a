/**
 * A small number for a tool's arguments: events without ids are paired by it, and the state holds no content.
 * FNV-1a over the value's shape and the head of its strings; equal values are equal, different ones almost always
 * differ, and only calls of one tool in one turn are ever compared.
 */
import type { JsonValue } from '../model/json.ts';

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;
/** Long strings (a file to write) are told apart by head and length: hashing megabytes for a rare tie is not worth it. */
const STRING_HEAD = 256;

/** A number is taken for the fingerprint of arguments that were forgotten already: Hermes's are never a bare number. */
export function fingerprintOf(value: JsonValue | undefined): number {
  if (typeof value === 'number') return value;
  return mix(OFFSET, value) | 0;
}

function mix(seed: number, value: JsonValue | undefined): number {
  if (typeof value === 'string') return mixString(seed ^ 1, value);
  if (Array.isArray(value))
    return value.reduce((digest: number, item: JsonValue) => mix(digest, item), seed ^ 2);
  if (typeof value === 'object' && value !== null)
    return mixObject(seed ^ 3, value as { [key: string]: JsonValue });
  return mixString(seed ^ 4, String(value));
}

function mixObject(seed: number, value: { readonly [key: string]: JsonValue }): number {
  let digest = seed;
  for (const key in value) digest = mix(mixString(digest, key), value[key]);
  return digest;
}

function mixString(seed: number, text: string): number {
  let digest = Math.imul(seed ^ text.length, PRIME);
  const end = Math.min(text.length, STRING_HEAD);
  for (let i = 0; i < end; i++) digest = Math.imul(digest ^ text.charCodeAt(i), PRIME);
  return digest;
}
