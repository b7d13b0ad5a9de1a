/**
 * Redaction of secrets: replaces each by `[redacted]`. It is applied to everything that leaves the program: spans, diagnostics,
 * saved state and findings, with all of their strings. It is a safety net: unknown forms of secrets stay.
 */
import { ANNOUNCED, CUT_KEY, ISSUED, SECRET_NAME } from './secrets.ts';

const MARK = '[redacted]';

export interface Redaction {
  /** `text` without secrets, at most 16,384 UTF-16 units; the same text when it has none. */
  text(text: string): string;
  /**
   * Plain data without secrets: all strings and keys, and each value under a name such as `password`. The same object when it has none.
   * @param keep names of fields whose values stay as they are
   */
  value<T>(value: T, keep?: RegExp): T;
}

const issued = compile(ISSUED, 'g');
const announced = compile(ANNOUNCED, 'gi');
const secretName = new RegExp(SECRET_NAME, 'i');

/** Matches wherever one of `ANNOUNCED` can match. Most short texts have none, and one search is cheaper than forty. */
const HINT =
  /key|token|secret|pass|pwd|credential|connection|auth|bearer|basic|cookie|sig|jwt|sas|identified|:\/\/|%3a%2f|%3f|%26|[?&#;][\w.%;-]{3,}=|-u|--user|mysql/i;

/** Ids of Hermes and of spans, which are most of the texts that come once only. No secret looks like these. */
const ID = /^(?!.*fc-)(?:[0-9a-f:_-]|api|call)*$/;

/** The end of a long text, where a key may have been cut. */
const cutKey = new RegExp(CUT_KEY);
const CUT_KEY_CHARS = 64;

/** No output shows more of a text, so there is no need to search it. */
const MOST_CHARS = 16_384;
/** The shortest of `ISSUED`. */
const SHORTEST_KEY = 14;
/** Names, addresses and messages repeat. Contents do not. */
const CACHED_CHARS = 512;
const CACHED_TEXTS = 4096;

/** @param patterns further forms of secrets. As in `secrets.ts`, their first group is kept. */
export function createRedaction(patterns: readonly RegExp[] = []): Redaction {
  const own = patterns.map(({ source, flags }) => new RegExp(source, `${flags.replace('g', '')}g`));
  const text = cached((raw) => (own.length === 0 && ID.test(raw) ? raw : redactText(raw, own)));
  const fieldNamed = cached((name): Field => ({ name: text(name), isSecret: secretName.test(name) }));
  return {
    text,
    // The shape stays; only texts change.
    value: <T>(value: T, keep?: RegExp) => redactValue(value, UNNAMED, { text, fieldNamed, keep }) as T,
  };
}

/** What the name of a field says about its values. */
interface Field {
  /** Without secrets. */
  readonly name: string;
  readonly isSecret: boolean;
}

const UNNAMED: Field = { name: '', isSecret: false };

interface Walk {
  readonly text: (text: string) => string;
  readonly fieldNamed: (name: string) => Field;
  readonly keep: RegExp | undefined;
}

function redactValue(value: unknown, field: Field, walk: Walk): unknown {
  if (typeof value === 'string' || typeof value === 'number') {
    if (walk.keep?.test(field.name)) return value;
    if (field.isSecret && value !== '') return MARK;
    return typeof value === 'string' ? walk.text(value) : value;
  }
  if (Array.isArray(value)) return redactList(value, field, walk);
  return isRecord(value) ? redactRecord(value, walk) : value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function redactList(list: readonly unknown[], field: Field, walk: Walk): unknown {
  // With names to keep, a list may be an entry of a map, whose first element is the key.
  const isEntry = walk.keep !== undefined && list.length === 2 && typeof list[1] === 'object';
  const copy = list.map((item, at) => (isEntry && at === 0 ? item : redactValue(item, field, walk)));
  return copy.every((item, at) => item === list[at]) ? list : copy;
}

function redactRecord(record: Readonly<Record<string, unknown>>, walk: Walk): unknown {
  let copy: [string, unknown][] | undefined;
  const names = Object.keys(record);
  for (let at = 0; at < names.length; at += 1) {
    const name = names[at] ?? '';
    const value = record[name];
    if (value === undefined) continue;
    const field = walk.fieldNamed(name);
    const clean = redactValue(value, field, walk);
    if (clean === value && field.name === name) continue;
    copy ??= Object.entries(record);
    copy[at] = [field.name, clean];
  }
  return copy === undefined ? record : Object.fromEntries(copy);
}

/** Keeps the results for short texts. */
function cached<T>(of: (text: string) => T): (text: string) => T {
  const results = new Map<string, T>();
  return (text) => {
    if (text.length > CACHED_CHARS) return of(text.slice(0, MOST_CHARS));
    const known = results.get(text);
    if (known !== undefined) return known;
    const result = of(text);
    if (results.size >= CACHED_TEXTS) results.clear();
    results.set(text, result);
    return result;
  };
}

function redactText(raw: string, own: readonly RegExp[]): string {
  let text = raw;
  if (text.length >= SHORTEST_KEY) for (const form of issued) text = text.replace(form, MARK);
  if (HINT.test(text)) for (const form of announced) text = text.replace(form, marked);
  for (const form of own) text = text.replace(form, marked);
  if (text.length <= CACHED_CHARS) return text;
  return text.slice(0, -CUT_KEY_CHARS) + text.slice(-CUT_KEY_CHARS).replace(cutKey, MARK);
}

/** `kept` is the first group, or the position of a match without groups. */
function marked(_match: string, kept: string | number | undefined): string {
  return typeof kept === 'string' ? `${kept}${MARK}` : MARK;
}

function compile(forms: Readonly<Record<string, readonly string[]>>, flags: string): readonly RegExp[] {
  return Object.values(forms).flatMap((patterns) => patterns.map((pattern) => new RegExp(pattern, flags)));
}
