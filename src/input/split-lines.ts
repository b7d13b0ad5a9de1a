import { isUtf8 } from 'node:buffer';
import type { InputLine, LineDamage } from '../model/line.ts';

// Bytes → lines. Each line is decoded on its own, straight from the bytes: a chunk decoded whole becomes a string of
// two bytes per character as soon as it holds one character outside Latin-1, and everything after it runs at half speed.
// Splits at \n only: U+2028 and a lone \r stand raw inside JSON lines.

/** What splitting remembers between chunks. Mutable, and private to one source. */
export interface LineSplit {
  readonly source: string;
  readonly maxLineBytes: number;
  /** Lines given out so far. */
  line: number;
  /** Offset after the last line given out. */
  offsetBytes: number;
  /** Bytes of the unfinished line, kept or not. */
  heldBytes: number;
  /** Its bytes; nothing once it is longer than the limit. */
  held: Buffer;
}

/**
 * The longest line read by default. Hermes's own lines reach a few MiB (a whole conversation in one hook body);
 * a line costs about five times its bytes while it is parsed, and this bounds that.
 */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = Buffer.alloc(0);
const FIRST_HOLD_BYTES = 4 * 1024;
/** A larger buffer is given back after its line. */
const KEEP_HOLD_BYTES = 1024 * 1024;

/** Where a source goes on: behind line number `line`, which ended at `offsetBytes`. */
export type SplitStart = Pick<LineSplit, 'line' | 'offsetBytes'>;

export function startSplit(
  source: string,
  maxLineBytes = MAX_LINE_BYTES,
  start: SplitStart = { line: 0, offsetBytes: 0 },
): LineSplit {
  return { source, maxLineBytes, ...start, heldBytes: 0, held: NOTHING };
}

/** The lines that end in `chunk`. Does not keep `chunk`. */
export function splitChunk(split: LineSplit, chunk: Buffer): InputLine[] {
  const lines: InputLine[] = [];
  const wholeEnd = chunk.lastIndexOf(LF) + 1;
  let start = 0;
  if (wholeEnd > 0 && split.heldBytes > 0) {
    start = chunk.indexOf(LF) + 1;
    hold(split, chunk.subarray(0, start - 1));
    lines.push(takeHeld(split, 1));
  }
  // One look at all whole lines: they begin and end at a \n, so no character is cut at either edge.
  const valid = isUtf8(chunk.subarray(start, wholeEnd));
  while (start < wholeEnd) {
    const end = chunk.indexOf(LF, start);
    lines.push(makeLine(split, chunk, start, end, 1, valid));
    start = end + 1;
  }
  hold(split, chunk.subarray(wholeEnd));
  return lines;
}

/** The last line when its line end never came, or nothing. */
export function splitEnd(split: LineSplit): InputLine[] {
  return split.heldBytes === 0 ? [] : [takeHeld(split, 0)];
}

function hold(split: LineSplit, bytes: Buffer): void {
  const before = split.heldBytes;
  split.heldBytes += bytes.length;
  if (split.heldBytes > split.maxLineBytes) {
    split.held = NOTHING;
    return;
  }
  if (split.heldBytes > split.held.length) {
    const roomy = Math.max(FIRST_HOLD_BYTES, split.heldBytes * 2);
    const grown = Buffer.allocUnsafeSlow(Math.max(split.heldBytes, Math.min(roomy, split.maxLineBytes)));
    split.held.copy(grown, 0, 0, before);
    split.held = grown;
  }
  bytes.copy(split.held, before);
}

function takeHeld(split: LineSplit, lineEndBytes: 0 | 1): InputLine {
  const line = makeLine(split, split.held, 0, split.heldBytes, lineEndBytes, false);
  split.heldBytes = 0;
  if (split.held.length > KEEP_HOLD_BYTES) split.held = NOTHING;
  return line;
}

/** `end` excludes the line end. `valid` vouches for UTF-8; false means nobody has looked yet. */
function makeLine(
  split: LineSplit,
  bytes: Buffer,
  start: number,
  end: number,
  lineEndBytes: 0 | 1,
  valid: boolean,
): InputLine {
  const sizeBytes = end - start;
  const first = split.offsetBytes === 0;
  split.line += 1;
  split.offsetBytes += sizeBytes + lineEndBytes;
  const tooLong = sizeBytes > split.maxLineBytes;
  const textEnd = sizeBytes > 0 && bytes[end - 1] === CR ? end - 1 : end;
  const text = tooLong ? '' : bytes.toString('utf8', start, textEnd);
  return {
    source: split.source,
    line: split.line,
    text: first && text.startsWith('\uFEFF') ? text.slice(1) : text,
    endOffsetBytes: split.offsetBytes,
    damage: tooLong
      ? { kind: 'too_long', sizeBytes }
      : damageOf(valid, bytes.subarray(start, textEnd), lineEndBytes),
  };
}

function damageOf(valid: boolean, bytes: Buffer, lineEndBytes: 0 | 1): LineDamage | undefined {
  if (lineEndBytes === 0) return { kind: isUtf8Start(bytes) ? 'no_line_end' : 'invalid_utf8' };
  return valid || isUtf8(bytes) ? undefined : { kind: 'invalid_utf8' };
}

/** True when `bytes` are UTF-8 that may stop inside its last character: a log cut off there was written right. */
function isUtf8Start(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
