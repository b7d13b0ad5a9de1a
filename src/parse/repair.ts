/** Lines that are JSON only after a repair: padding, Python's NaN, a log driver's prefix. Off the hot path. */
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../model/json.ts';
import { parseTime } from '../model/time-text.ts';
import { isKnownHook } from './hooks.ts';
import { nameOf } from './reshape.ts';

export interface Repaired {
  readonly value: JsonValue;
  /** The repair, as the code and the message of a warning; `undefined` for one that loses nothing. */
  readonly warning: readonly [code: string, message: string] | undefined;
}

/** The JSON in a text that is no JSON as a whole; `undefined` when there is none. */
export function repairJson(text: string): Repaired | undefined {
  const core = withoutPadding(text);
  const padded = core === text ? undefined : parseJson(core);
  if (padded !== undefined) return { value: padded, warning: text.includes('\0') ? NULS : undefined };
  return withoutNaN(core) ?? withoutPrefix(core);
}

/** `text` without outer NULs, white space and byte order marks (which `trim` removes too). */
export function withoutPadding(text: string): string {
  let start = 0;
  let end = text.length;
  while (text[start] === '\0') start++;
  while (end > start && text[end - 1] === '\0') end--;
  return text.slice(start, end).trim();
}

const NULS = ['nul-bytes', 'NUL bytes around the JSON were ignored'] as const;

/** Python writes NaN, Infinity and -Infinity for such floats: their fields are left out. */
function withoutNaN(text: string): Repaired | undefined {
  const marked = outsideStrings(text, (part) => part.replace(/-?\b(?:NaN|Infinity)\b/g, `"${NOT_A_NUMBER}"`));
  if (marked === text) return undefined;
  const value = parseJson(marked, (_key, inner) => (inner === NOT_A_NUMBER ? undefined : inner));
  return value === undefined
    ? undefined
    : { value, warning: ['not-a-number', "Python's NaN or Infinity: the field was left out"] };
}

/** A private character: no log has this text as a value. */
const NOT_A_NUMBER = '\uf8ffNaN';

/** The hook body after a prefix such as a container's name; the prefix may have the time that the body lacks. */
function withoutPrefix(text: string): Repaired | undefined {
  const start = text.indexOf('{');
  const body = start > 0 && text.endsWith('}') ? parseJson(text.slice(start)) : undefined;
  if (!isJsonObject(body) || !isKnownHook(nameOf(body))) return undefined;
  return { value: withTime(body, text.slice(0, start)), warning: undefined };
}

function withTime(body: JsonObject, prefix: string): JsonObject {
  if (body.ts !== undefined || body.timestamp !== undefined || body.time !== undefined) return body;
  const time = prefix.split(/[\s|[\]]+/).find((word) => /\d{4}-\d\d-\d\dT/.test(word) && parseTime(word));
  return time === undefined ? body : { ...body, time };
}

/**
 * `text` with `change` applied to the parts outside of JSON strings, and `string` to the strings. A regular expression
 * would overflow the stack on megabytes of hostile text.
 */
export function outsideStrings(
  text: string,
  change: (part: string) => string,
  string = (part: string) => part,
): string {
  let changed = '';
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('"', at);
    if (open === -1) return changed + change(text.slice(at));
    changed += change(text.slice(at, open));
    at = endOfString(text, open);
    changed += string(text.slice(open, at));
  }
  return changed;
}

/** The objects at the outermost level of a text, for a line that has several. */
export function objectTexts(text: string): readonly string[] {
  const texts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at) - 1;
    else if (character === '{' && depth++ === 0) start = at;
    else if (character === '}' && depth > 0 && --depth === 0) texts.push(text.slice(start, at + 1));
  }
  // A rest without an end is a part of its own, which is reported.
  return depth === 0 ? texts : [...texts, text.slice(start)];
}

/** The index after the string that begins at `open`. */
function endOfString(text: string, open: number): number {
  let close = text.indexOf('"', open + 1);
  while (close !== -1 && isEscaped(text, close)) close = text.indexOf('"', close + 1);
  return close === -1 ? text.length : close + 1;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === '\\') backslashes++;
  return backslashes % 2 === 1;
}
