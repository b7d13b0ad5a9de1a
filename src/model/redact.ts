/**
 * Redaction of secrets: replaces each by `[redacted]`. It is applied to everything that leaves the program: spans, diagnostics,
 * saved state and findings, with all of their strings. It is a safety net: unknown forms of secrets stay.
 */
import { boundedCache } from './bounded-cache.ts';
import { parseJson } from './json.ts';
import { ANNOUNCED, CUT_KEY, ISSUED, SECRET_NAME, type SecretKind } from './secrets.ts';

const MARK = '[redacted]';

export interface Redaction {
  /** `text` without secrets, at most 100,000 UTF-16 units; the same text when it has none. */
  text(text: string): string;
  /**
   * Plain data without secrets: all strings and keys, and each value under a name such as `password`. The same object when it has none.
   * @param keep names of fields whose values stay as they are
   */
  value<T>(value: T, keep?: RegExp): T;
  /** The same for a span, whose own names and numbers cannot be secrets. */
  typed<T extends object>(value: T): T;
}

interface Form {
  readonly kind: SecretKind;
  readonly pattern: RegExp;
}

const formsOf = <K extends SecretKind>(patterns: Readonly<Record<K, readonly string[]>>, flags: string) =>
  (Object.keys(patterns) as K[]).flatMap((kind) =>
    patterns[kind].map((pattern): Form => ({ kind, pattern: new RegExp(pattern, flags) })),
  );
const issued = formsOf(ISSUED, 'g');
const announced = formsOf(ANNOUNCED, 'gi');
const secretName = new RegExp(SECRET_NAME, 'i');

/** Those that begin at the `://` of a URL, which many texts have that hold no other. */
const inUrls = announced.filter(({ pattern }) => pattern.source.startsWith('(:\\/\\/)'));

/** Matches wherever one of `ISSUED` can match: one search of a short text is cheaper than eighty. */
const ANY_ISSUED = new RegExp(Object.values(ISSUED).flat().join('|'));

/** Matches wherever one of `ANNOUNCED` can match that is not `inUrls`. Most short texts have none. */
const HINT =
  /key|token|secret|pass|pwd|credential|connection|auth|bearer|basic|cookie|sig|jwt|sas|identified|%3a%2f|%3f|%26|[?&#;][\w.%;-]{3,}=|-u|--user|mysql|login|redis|ldap|openssl|-literal|ssws|sessionid|phpsess/i;

/**
 * Ids of Hermes and of spans, which are most of the texts that come once only, have no other characters. Keys with these prefixes
 * have none either.
 */
const NOT_ID = /[^0-9a-filp:_-]|fc-|e2b_|dapi/;

/** The end of a long text, where a key may have been cut. */
const cutKey = new RegExp(CUT_KEY);
const CUT_KEY_CHARS = 64;

/** No output shows more of a text. */
const MOST_CHARS = 100_000;
/** The shortest of `ISSUED`. */
const SHORTEST_KEY = 14;
/** Names, addresses and messages repeat. Contents do not. */
const CACHED_CHARS = 512;
const CACHED_TEXTS = 4096;

/** @param patterns further forms of secrets. As in `secrets.ts`, their first group is kept. */
export function createRedaction(patterns: readonly RegExp[] = []): Redaction {
  const own = patterns.map(({ source, flags }) => new RegExp(source, `${flags.replace('g', '')}g`));
  const isId = (raw: string) => own.length === 0 && !NOT_ID.test(raw);
  const known = boundedCache((raw) => redactForms(raw, own), CACHED_TEXTS);
  const forms = (raw: string) => {
    if (isId(raw)) return raw;
    return raw.length > CACHED_CHARS ? redactForms(raw, own) : known(raw);
  };
  const walk: Walk = {
    forms,
    text: (raw) => redactText(raw, walk),
    fieldNamed: boundedCache(
      (name) => ({ name: walk.text(name), isSecret: secretName.test(name) }),
      CACHED_TEXTS,
    ),
    keep: undefined,
  };
  return {
    text: walk.text,
    // The shape stays; only texts change.
    value: <T>(value: T, keep?: RegExp) => redactValue(value, UNNAMED, keep ? { ...walk, keep } : walk) as T,
    typed: <T extends object>(value: T) => redactTyped(value, walk) as T,
  };
}

/** Fields of a span with names of the log. Lists may have some, too. */
const FOREIGN: ReadonlySet<string> = new Set(['request', 'response']);

/** Fields of a span whose texts are our own: they hold nothing of the log. */
const OWN: ReadonlySet<string> = new Set(['kind', 'traceId', 'spanId', 'parentSpanId']);

/** Looks at no name, and at no number: most of a span's fields are numbers. */
function redactTyped(record: object, walk: Walk): object {
  let copy: [string, unknown][] | undefined;
  let at = -1;
  for (const name in record) {
    at++;
    const value: unknown = record[name as keyof typeof record];
    if (value === undefined || typeof value === 'number' || OWN.has(name)) continue;
    const clean = typeof value === 'string' ? walk.text(value) : redactField(name, value, walk);
    if (clean === value) continue;
    copy ??= Object.entries(record);
    copy[at] = [name, clean];
  }
  return copy === undefined ? record : Object.fromEntries(copy);
}

function redactField(name: string, value: unknown, walk: Walk): unknown {
  if (!isRecord(value)) return value;
  if (Array.isArray(value)) return value.length === 0 ? value : redactList(value, UNNAMED, walk);
  return FOREIGN.has(name) ? redactRecord(value, walk) : redactTyped(value, walk);
}

/** What the name of a field says about its values. */
interface Field {
  /** Without secrets. */
  readonly name: string;
  readonly isSecret: boolean;
}

const UNNAMED: Field = { name: '', isSecret: false };

interface Walk {
  /** Redacts a text by the forms of secrets alone. */
  readonly forms: (text: string) => string;
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
  const isEntry = walk.keep !== undefined && list.length === 2 && isRecord(list[1]);
  const copy = list.map((item, at) =>
    isEntry && at === 0 && typeof item === 'string' ? item : redactValue(item, field, walk),
  );
  const clean = copy.every((item, at) => item === list[at]) ? list : copy;
  return clean.length > 1 && clean.every((item) => typeof item === 'string')
    ? redactWords(clean, walk)
    : clean;
}

/** A secret may only be seen beside another element: `["--token", "…"]`. */
function redactWords(words: readonly unknown[], walk: Walk): readonly unknown[] {
  const text = JSON.stringify(words);
  const redacted = walk.forms(text);
  const clean = redacted === text ? words : parseJson(redacted);
  return Array.isArray(clean) ? clean : words.map(() => MARK);
}

function redactRecord(record: Readonly<Record<string, unknown>>, walk: Walk): unknown {
  let copy: [string, unknown][] | undefined;
  let at = -1;
  for (const name in record) {
    at++;
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

/** JSON stays JSON: where a form takes too much, or the text is too long, its own texts are redacted one by one. */
function redactText(raw: string, walk: Walk): string {
  const redacted = walk.forms(raw.slice(0, MOST_CHARS));
  if (redacted === raw || !/^\s*[[{]/.test(raw)) return redacted;
  const data = parseJson(redacted) === undefined ? parseJson(raw) : undefined;
  // And then the whole, for what only the whole shows.
  return data === undefined ? redacted : walk.forms(JSON.stringify(redactValue(data, UNNAMED, walk)));
}

function redactForms(raw: string, own: readonly RegExp[]): string {
  let text = raw;
  for (const { pattern } of formsIn(raw)) text = text.replace(pattern, marked);
  for (const pattern of own) text = text.replace(pattern, marked);
  if (text.length <= CACHED_CHARS) return text;
  return text.slice(0, -CUT_KEY_CHARS) + text.slice(-CUT_KEY_CHARS).replace(cutKey, MARK);
}

/** The forms that can be in `text`. */
function formsIn(text: string): readonly Form[] {
  const mayBeIssued = text.length > CACHED_CHARS || (text.length >= SHORTEST_KEY && ANY_ISSUED.test(text));
  const issuedForms = mayBeIssued ? issued : [];
  if (HINT.test(text)) return [...issuedForms, ...announced];
  return text.includes('://') ? [...issuedForms, ...inUrls] : issuedForms;
}

/** `kept` is the first group, or the position of a match without groups. */
function marked(_match: string, kept: string | number | undefined): string {
  return typeof kept === 'string' ? `${kept}${MARK}` : MARK;
}

/** The kinds of secrets in `text`. Unlike redaction, it reports only what has the length and the digits of a secret. */
export function secretKinds(text: string): ReadonlySet<SecretKind> {
  const kinds = new Set<SecretKind>();
  let rest = text;
  for (const { kind, pattern } of formsIn(text)) {
    // A secret counts once: what was found is no part of another.
    rest = rest.replace(pattern, (match: string, kept: string | number | undefined) => {
      const prefix = typeof kept === 'string' ? kept : '';
      if (!isCertain(kind, match.slice(prefix.length))) return match;
      kinds.add(kind);
      return `${prefix}${MARK}`;
    });
  }
  return kinds;
}

function isCertain(kind: SecretKind, secret: string): boolean {
  return kind === 'private key' || (!kind.endsWith('sentence') && /^(?=.*\d)[^<[*]{8}/s.test(secret));
}
