/**
 * Physical forms of a log beside one object a line: indented JSON (`jq .`), objects without line ends between them
 * (`cat >>` of hook bodies), one JSON array. Recognised from the first bytes, so that plain lines cost nothing. Knows
 * braces and strings, no JSON.
 */

/** `objects`: separated by their braces, whatever is between them. */
export type PhysicalForm = 'lines' | 'objects';

const LF = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const COMMA = 0x2c;
/** White space, a comma or a bracket of an array, the separator of RFC 7464, a byte order mark. */
const BETWEEN = new Set([0x20, 0x09, 0x0d, LF, COMMA, OPEN_BRACKET, 0x5d, 0x1e, 0xef, 0xbb, 0xbf]);
/** Without line ends, which end a line. */
const SPACE = new Set([0x20, 0x09, 0x0d, 0xef, 0xbb, 0xbf]);
/** After so much text without an object the rest is lines. */
const MOST_TEXT_BYTES = 64 * 1024;
/** A first line that is longer than this without its end is a line. */
const MOST_LINE_BYTES = 1024 * 1024;

export interface FoundForm {
  /** `more`: the line that shows it is not whole yet. `undefined`: no line so far begins with a brace or a bracket. */
  readonly form: PhysicalForm | 'more' | undefined;
  /** Index of the line that shows it; text before it is lines. */
  readonly at: number;
}

/** The form by the first line in `head` that begins with a brace or a bracket. Offsets and limits are in bytes. */
export function formOf(head: Buffer, headOffset: number, maxLineBytes: number): FoundForm {
  let start = 0;
  while (start < head.length) {
    if (headOffset + start > MOST_TEXT_BYTES) return { form: 'lines', at: start };
    const form = formOfLine(head, start, start + Math.min(MOST_LINE_BYTES, maxLineBytes));
    if (form !== undefined) return { form, at: start };
    const end = head.indexOf(LF, start);
    if (end === -1) break;
    start = end + 1;
  }
  return { form: undefined, at: start };
}

/** Beyond `limit` the line is plain, so that the form does not depend on how much of it is in `head`. */
function formOfLine(head: Buffer, start: number, limit: number): FoundForm['form'] {
  const first = spaceEnd(head, start);
  const known = Math.min(head.length, limit);
  if (first >= known) return unknownBefore(head, limit);
  if (head[first] === OPEN_BRACE) return formOfObject(head, first, limit);
  if (head[first] !== OPEN_BRACKET) return undefined;
  const inner = spaceEnd(head, first + 1, LF);
  if (inner >= known) return unknownBefore(head, limit);
  return head[inner] === OPEN_BRACE ? 'objects' : undefined;
}

function unknownBefore(head: Buffer, limit: number): 'more' | 'lines' {
  return head.length < limit ? 'more' : 'lines';
}

/** By what follows the first object on its line or, where it does not end there, what begins the next line. */
function formOfObject(head: Buffer, start: number, limit: number): PhysicalForm | 'more' {
  const scan = createScan();
  const known = Math.min(head.length, limit);
  for (let at = start; at < known; at++) {
    const step = scanByte(scan, head[at] ?? 0);
    if (step === 'broken') return 'lines';
    const isWhole = step === 'ended';
    if (!isWhole && head[at] !== LF) continue;
    const next = isWhole ? spaceEnd(head, at + 1) : spaceEnd(head, at + 1, LF);
    return next < known ? formByNext(head[next], isWhole) : unknownBefore(head, limit);
  }
  return unknownBefore(head, limit);
}

/** After a whole object another one shows `objects`; inside of one it shows that the line was cut. */
function formByNext(byte: number | undefined, afterObject: boolean): PhysicalForm {
  const isObject = byte === OPEN_BRACE || (afterObject && byte === COMMA);
  return isObject === afterObject ? 'objects' : 'lines';
}

/** The first index from `from` that is no space, tab, carriage return, byte order mark or `also`. */
function spaceEnd(bytes: Buffer, from: number, also = 0x20): number {
  let at = from;
  for (; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte !== also && !SPACE.has(byte)) break;
  }
  return at;
}

/** A place between objects, in text that is none, or in an object. */
export interface ObjectScan {
  place: 'between' | 'text' | 'object';
  depth: number;
  inString: boolean;
  escaped: boolean;
  /** The last byte was a line end. */
  atLineStart: boolean;
}

export function createScan(): ObjectScan {
  return { place: 'between', depth: 0, inString: false, escaped: false, atLineStart: false };
}

/**
 * Moves on by a byte. `ended`: the object ends with it. `broken`: the object or the text ended before it, and the byte is
 * to be scanned again. JSON has no line end in a string, and writers indent what is inside an object: a line end in a
 * string, or a brace that begins a line inside an object, shows that the object was cut.
 */
export function scanByte(scan: ObjectScan, byte: number): 'between' | 'inside' | 'ended' | 'broken' {
  const { atLineStart } = scan;
  scan.atLineStart = byte === LF;
  if (scan.place === 'object') return scanObject(scan, byte, atLineStart);
  if (scan.place === 'text' && (byte === LF || byte === OPEN_BRACE)) return leave(scan, 'broken');
  if (scan.place === 'between' && BETWEEN.has(byte)) return 'between';
  if (byte === OPEN_BRACE) scan.depth = 1;
  scan.place = byte === OPEN_BRACE ? 'object' : 'text';
  return 'inside';
}

function scanObject(scan: ObjectScan, byte: number, atLineStart: boolean): 'inside' | 'ended' | 'broken' {
  if (scan.inString) return scanString(scan, byte);
  if (byte === QUOTE) scan.inString = true;
  else if (byte === OPEN_BRACE && atLineStart) return leave(scan, 'broken');
  else if (byte === OPEN_BRACE) scan.depth++;
  else if (byte === CLOSE_BRACE && --scan.depth === 0) return leave(scan, 'ended');
  return 'inside';
}

function scanString(scan: ObjectScan, byte: number): 'inside' | 'broken' {
  if (byte === LF) return leave(scan, 'broken');
  if (scan.escaped) scan.escaped = false;
  else if (byte === BACKSLASH) scan.escaped = true;
  else if (byte === QUOTE) scan.inString = false;
  return 'inside';
}

function leave<S extends string>(scan: ObjectScan, step: S): S {
  Object.assign(scan, createScan());
  return step;
}
