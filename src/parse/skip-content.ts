/**
 * The text of a line without its content, taken from the bytes: lists, objects and strings that are not read become
 * `null` or a short string before anything is decoded. A shell hook writes whole conversations into one line, and to decode
 * and parse them costs eight times as much as to skip them. Only for a replay without content: `parseLine` with `content: false`
 * makes the same of both texts.
 */
import { REVIEW_PROMPT } from './session-hooks.ts';

/** What happens to a field. It is read or skipped; some fields of an object are read; a string that passes a test is read. */
type Plan = 'read' | 'skip' | ObjectPlan | IsRead;

/** @param text the bytes between the quotes */
type IsRead = (text: Buffer) => boolean;

interface ObjectPlan {
  readonly fields: ReadonlyMap<string, Plan>;
  readonly others: 'read' | 'skip';
}

/** Of `request.body` and `response` only these fields are read without content. */
const REQUEST_BODY = only({ stream: 'read', reasoning: 'read', reasoning_effort: 'read' });
const RESPONSE = only({ id: 'read', upstream_provider: 'read' });

/** Of the fields beside them all are read that are not content. */
const FIELDS: readonly (readonly [string, Plan])[] = [
  ['request', only({ body: REQUEST_BODY })],
  ['response', RESPONSE],
  ['request_messages', 'skip'],
  ['conversation_history', 'skip'],
  ['messages', 'skip'],
  ['assistant_message', 'skip'],
  ['assistant_response', 'skip'],
  ['system_prompt', 'skip'],
  ['tool_call_history', 'skip'],
  ['response_text', 'skip'],
  ['output', 'skip'],
  ['user_message', mayBeReview],
  ['result', mayHoldError],
];
const EXTRA: ObjectPlan = { fields: new Map(FIELDS), others: 'read' };
const BODY: ObjectPlan = { fields: new Map([...FIELDS, ['extra', EXTRA]]), others: 'read' };

function only(fields: Readonly<Record<string, Plan>>): ObjectPlan {
  return { fields: new Map(Object.entries(fields)), others: 'skip' };
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** A shorter value is cheaper to read than to leave out. */
const LEAST_SKIPPED_BYTES = 64;
const ODD = -1;

/**
 * The list or object that was skipped last under each name. Each request of a log repeats the tools and the conversation so far.
 * To compare a value with the last one is twenty times as fast as to look for its end.
 */
type Skipped = Map<string, Buffer>;

/** A shorter value is scanned as fast as it is copied. */
const LEAST_KEPT_BYTES = 512;
/** These bound the memory of `Skipped`. */
const MOST_KEPT_BYTES = 1024 * 1024;
const MOST_KEPT = 8;

/** The line's bytes, and which of them go into its text. Mutable, private to one line. */
interface Scan {
  readonly bytes: Buffer;
  readonly skipped: Skipped;
  /** The text so far. */
  text: string;
  /** Index of the first byte that is neither in `text` nor skipped. */
  from: number;
}

/**
 * A function for the lines of a run. It returns the text of a line (UTF-8, one JSON object) without content; `undefined`
 * for a line in any other form, which is to be read whole. JSON that is broken inside a skipped value is not noticed.
 */
export function skipContent(): (line: Buffer) => string | undefined {
  const skipped: Skipped = new Map();
  return (line) => withoutContent({ bytes: line, skipped, text: '', from: 0 });
}

function withoutContent(scan: Scan): string | undefined {
  const { bytes: line } = scan;
  if (line[0] !== OPEN_BRACE) return undefined;
  const end = scanObject(scan, 0, BODY);
  if (end === ODD || spaceEnd(line, end) !== line.length) return undefined;
  return scan.from === 0 ? undefined : scan.text + line.toString('utf8', scan.from);
}

/** Scans the object that begins at `open`. Returns the index after it, or `ODD`. */
function scanObject(scan: Scan, open: number, plan: ObjectPlan): number {
  const { bytes } = scan;
  let at = open;
  do at = scanMember(scan, spaceEnd(bytes, at + 1), plan);
  while (bytes[at] === COMMA);
  return bytes[at] === CLOSE_BRACE ? at + 1 : ODD;
}

/** Scans the key and the value at `start`. Returns the index of what follows them, or `ODD`. */
function scanMember(scan: Scan, start: number, plan: ObjectPlan): number {
  const { bytes } = scan;
  if (bytes[start] === CLOSE_BRACE) return start;
  if (bytes[start] !== QUOTE) return ODD;
  const keyEnd = stringEnd(bytes, start);
  const colon = spaceEnd(bytes, keyEnd);
  const key = bytes.toString('latin1', start + 1, keyEnd - 1);
  // An escape may spell one of the names.
  if (bytes[colon] !== COLON || key.includes('\\')) return ODD;
  const valueStart = spaceEnd(bytes, colon + 1);
  const valuePlan = plan.fields.get(key) ?? plan.others;
  const end =
    typeof valuePlan === 'object' && bytes[valueStart] === OPEN_BRACE
      ? scanObject(scan, valueStart, valuePlan)
      : scanValue(scan, valueStart, { key, plan: valuePlan });
  return end === ODD ? ODD : spaceEnd(bytes, end);
}

/** Scans a value that is read whole or skipped. Returns the index after it, or `ODD`. */
function scanValue(
  scan: Scan,
  start: number,
  { key, plan }: { readonly key: string; readonly plan: Plan },
): number {
  const { bytes } = scan;
  const end = valueEnd(scan, start, plan === 'skip' ? key : undefined);
  if (end - start < LEAST_SKIPPED_BYTES) return end;
  const isUnread =
    typeof plan === 'function' && bytes[start] === QUOTE && !plan(bytes.subarray(start + 1, end - 1));
  if (plan !== 'skip' && !isUnread) return end;
  // A text that is tested stays a text: its reader asks whether there is one.
  scan.text += `${bytes.toString('utf8', scan.from, start)}${isUnread ? '"-"' : 'null'}`;
  scan.from = end;
  return end;
}

function valueEnd({ bytes, skipped }: Scan, start: number, name: string | undefined): number {
  if (bytes[start] === QUOTE) return stringEnd(bytes, start);
  if (nesting(bytes[start]) === 1)
    return name === undefined ? nestedEnd(bytes, start + 1) : skippedEnd(bytes, start, { name, skipped });
  let at = start;
  while (at < bytes.length && bytes[at] !== COMMA && bytes[at] !== CLOSE_BRACE) at += 1;
  return at;
}

/** The index after the list or object at `start`, or `ODD`. Keeps it for the next line. */
function skippedEnd(
  bytes: Buffer,
  start: number,
  { name, skipped }: { readonly name: string; readonly skipped: Skipped },
): number {
  const last = skipped.get(name);
  // Up to its last bracket: the list may have grown.
  const same = last !== undefined && beginsLike(bytes, start, last) ? last.length - 1 : 1;
  const end = nestedEnd(bytes, start + same);
  const sizeBytes = end - start;
  if (end === ODD || sizeBytes < LEAST_KEPT_BYTES || sizeBytes > MOST_KEPT_BYTES) return end;
  if (sizeBytes === last?.length && same > 1) return end;
  if (skipped.size >= MOST_KEPT && last === undefined) skipped.clear();
  skipped.set(name, Buffer.from(bytes.subarray(start, end)));
  return end;
}

/** True when `bytes` has all of `last` but its final byte at `start`. */
function beginsLike(bytes: Buffer, start: number, last: Buffer): boolean {
  const length = last.length - 1;
  return start + length <= bytes.length && bytes.compare(last, 0, length, start, start + length) === 0;
}

/** True when the text of a user's message may begin like the prompt of a review. */
function mayBeReview(text: Buffer): boolean {
  const head = text.toString('latin1', 0, REVIEW_PROMPT.length);
  return head === REVIEW_PROMPT || head.includes('\\');
}

/** The key of an error, as it is written in a JSON text inside a string. */
const ERROR_KEY = Buffer.from('\\"error\\"');
const NO_ERROR = /^\s*:\s*null/;
/** Room for a colon, a `null` and the white space that writers put around them. */
const NO_ERROR_BYTES = 16;
/** An escape that begins so, with one of these digits behind it, may spell a character of the key. */
const ESCAPE = Buffer.from('\\u00');
const KEY_DIGITS = Buffer.from('267');

/** False when the text of a tool's result cannot be an object with an error. */
function mayHoldError(text: Buffer): boolean {
  const [first] = text;
  if (first !== OPEN_BRACE && first !== BACKSLASH && !isSpace(first)) return false;
  for (let at = text.indexOf(ESCAPE); at !== -1; at = text.indexOf(ESCAPE, at + 1))
    if (KEY_DIGITS.includes(text[at + ESCAPE.length] ?? 0)) return true;
  for (let at = text.indexOf(ERROR_KEY); at !== -1; at = text.indexOf(ERROR_KEY, at + 1)) {
    const after = at + ERROR_KEY.length;
    if (!NO_ERROR.test(text.toString('latin1', after, after + NO_ERROR_BYTES))) return true;
  }
  return false;
}

/** The index after the list or object that is open at `from`, by the number of its brackets; `ODD` when it has no end. */
function nestedEnd(bytes: Buffer, from: number): number {
  let depth = 1;
  let at = from;
  while (depth > 0 && at < bytes.length) {
    const byte = bytes[at];
    depth += nesting(byte);
    at = byte === QUOTE ? stringEnd(bytes, at) : at + 1;
  }
  return depth === 0 ? at : ODD;
}

function nesting(byte: number | undefined): -1 | 0 | 1 {
  if (byte === OPEN_BRACE || byte === OPEN_BRACKET) return 1;
  return byte === CLOSE_BRACE || byte === CLOSE_BRACKET ? -1 : 0;
}

/**
 * The index after the string that begins at `open`; that of the line's end when it has no end. `indexOf` takes 15 ns for
 * a string of any usual length: a loop over its bytes is twice as slow.
 */
function stringEnd(bytes: Buffer, open: number): number {
  for (let from = open + 1; ; ) {
    const quote = bytes.indexOf(QUOTE, from);
    if (quote === -1) return bytes.length;
    if (!isEscaped(bytes, quote)) return quote + 1;
    from = quote + 1;
  }
}

/** True when an odd number of backslashes stands before the quote. */
function isEscaped(bytes: Buffer, quote: number): boolean {
  let at = quote;
  while (bytes[at - 1] === BACKSLASH) at -= 1;
  return (quote - at) % 2 === 1;
}

/** The first index from `from` that is no white space of JSON. */
function spaceEnd(bytes: Buffer, from: number): number {
  let at = from;
  while (isSpace(bytes[at])) at += 1;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === 0x0a;
}
