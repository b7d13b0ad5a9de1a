import { isJsonObject, type JsonObject, type JsonValue } from '../model/json.ts';
import { PLAIN, PLAIN_LISTS, PLAIN_OBJECTS, PROSE_REASON } from './fields.ts';

/** An id must stay whole to be worth anything: pairing compares it. */
const ID_CHARS = 1024;
const KEY_CHARS = 256;
/** Bounds for one line, whatever a tool is given. */
const MAX_DEPTH = 16;
const MAX_VALUES = 2000;
/** How many strings of full length have room in one line. */
const FULL_STRINGS = 8;

export interface TrimLimits {
  /** Longest string that is written whole. */
  readonly maxChars: number;
  /** False: only what is known to be no content is written. */
  readonly content: boolean;
}

/** What is left of one line's bounds while it is made. */
export interface Room {
  readonly limits: TrimLimits;
  readonly hook: string;
  chars: number;
  values: number;
}

export function roomFor(hook: string, limits: TrimLimits): Room {
  return { limits, hook, chars: limits.maxChars * FULL_STRINGS, values: MAX_VALUES };
}

/** A copy of `object` within the bounds of `room`, which it uses up. */
export function trimObject(object: JsonObject, room: Room, depth = 0): JsonObject {
  const entries = Object.entries(object);
  const kept: [string, JsonValue][] = [];
  for (const [name, value] of entries) {
    if (value === undefined || !(room.limits.content || isPlain(name, value, room.hook))) {
      continue;
    }
    room.values -= 1;
    if (room.values < 0) {
      kept.push(['<more>', entries.length - kept.length]);
      break;
    }
    kept.push([name.slice(0, KEY_CHARS), trimValue(name, value, room, depth)]);
  }
  return Object.fromEntries(kept);
}

/** `text` as it is written under `name`: ids almost as they are, the rest within what `room` has left. */
export function trimText(name: string, text: string, room: Room): string {
  if (PLAIN.has(name)) {
    return (name === 'base_url' ? withoutSecrets(text) : text).slice(0, ID_CHARS);
  }
  const chars = Math.min(room.limits.maxChars, room.chars);
  room.chars -= Math.min(chars, text.length);
  return text.length <= chars ? text : `${start(text, chars)}... [${text.length - chars} more]`;
}

function isPlain(name: string, value: JsonValue, hook: string): boolean {
  if (typeof value === 'string') {
    return PLAIN.has(name) && !(name === 'reason' && hook.startsWith(PROSE_REASON));
  }
  if (isJsonObject(value)) {
    return PLAIN_OBJECTS.has(name);
  }
  return Array.isArray(value) ? PLAIN_LISTS.has(name) : true;
}

function trimValue(name: string, value: JsonValue, room: Room, depth: number): JsonValue {
  if (typeof value === 'string') {
    return trimText(name, value, room);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (depth === MAX_DEPTH) {
    return '<nested too deep>';
  }
  return isJsonObject(value) ? trimObject(value, room, depth + 1) : trimList(name, value, room, depth + 1);
}

function trimList(name: string, list: readonly JsonValue[], room: Room, depth: number): JsonValue {
  const kept = list.slice(0, Math.max(0, room.values));
  room.values -= kept.length;
  const values = kept.map((value) => trimValue(name, value, room, depth));
  return kept.length === list.length ? values : [...values, `<${list.length - kept.length} more>`];
}

/** The first `chars` UTF-16 units, one less where the cut would halve a character. */
function start(text: string, chars: number): string {
  const halves = /[\uD800-\uDBFF]/.test(text.charAt(chars - 1));
  return text.slice(0, halves ? chars - 1 : chars);
}

function withoutSecrets(url: string): string {
  return url.replace(/(?<=\/\/)[^/@]*@|[?#].*/gs, '');
}
