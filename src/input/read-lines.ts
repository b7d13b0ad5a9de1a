/** Bytes → lines, split at \n only: U+2028 and a lone \r are legal inside a JSON line. */
import { isUtf8 } from 'node:buffer';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { InputLine, LineDamage } from '../model/line.ts';
import type { ByteSource, OpenOptions, ReadFailure } from './byte-source.ts';

export interface ReadLinesOptions extends OpenOptions {
  /** A longer line is yielded as `too_long`, without its bytes. Default 16 MiB. */
  readonly maxLineBytes?: number | undefined;
  /** Receives one diagnostic when the source ended early (failing disk, damaged gzip), after the lines before that. */
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
}

/**
 * The lines of one source in batches, one per chunk in which a line ended. Reads only on request. After an abort the
 * line that was cut by it is not yielded: nothing is wrong with it.
 */
export async function* readLines(
  source: ByteSource,
  { maxLineBytes, onDiagnostic, ...open }: ReadLinesOptions,
): AsyncGenerator<readonly InputLine[], void, undefined> {
  const split = startSplit(source.name, maxLineBytes);
  const chunks = source.open(open);
  try {
    let next = await chunks.next();
    for (; next.done !== true; next = await chunks.next()) {
      const lines = splitChunk(split, next.value);
      if (lines.length > 0) yield lines;
    }
    if (open.signal?.aborted) return;
    const rest = splitEnd(split);
    if (rest.length > 0) yield rest;
    if (next.value !== undefined) onDiagnostic(endedEarly(split, next.value));
  } finally {
    await chunks.return(undefined);
  }
}

function endedEarly({ source, line }: LineSplit, { code, message }: ReadFailure): Diagnostic {
  const kept = line === 1 ? 'the 1 line' : `the ${line} lines`;
  return {
    severity: 'error',
    code,
    message: line === 0 ? `${message}, before any line` : `${message}; ${kept} before that were read`,
    at: { source, line },
  };
}

/** State of splitting between two chunks. Mutable, private to one source. */
export interface LineSplit {
  readonly source: string;
  readonly maxLineBytes: number;
  /** Lines yielded so far. */
  line: number;
  /** Offset after the last line yielded. */
  offsetBytes: number;
  /** Bytes of the unfinished line, also of one beyond the limit. */
  heldBytes: number;
  /** Its bytes; empty once it is longer than the limit. */
  held: Buffer;
}

/**
 * Longest line by default. Hermes's own lines reach a few MiB (a whole conversation in one hook body). Parsing takes
 * about five times the bytes of a line, and this bounds it.
 */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = Buffer.alloc(0);
const FIRST_HOLD_BYTES = 4 * 1024;
/** A larger buffer is freed after its line. */
const KEEP_HOLD_BYTES = 1024 * 1024;

/** Where reading resumes: after line number `line`, which ended at `offsetBytes`. */
export type SplitStart = Pick<LineSplit, 'line' | 'offsetBytes'>;

export function startSplit(
  source: string,
  maxLineBytes = MAX_LINE_BYTES,
  start: SplitStart = { line: 0, offsetBytes: 0 },
): LineSplit {
  return { source, maxLineBytes, ...start, heldBytes: 0, held: NOTHING };
}

/**
 * The lines that end in `chunk`. Does not keep `chunk`. Each line is decoded on its own: one character outside Latin-1
 * makes the string of a whole chunk two bytes wide, and everything after it runs at half speed.
 */
export function splitChunk(split: LineSplit, chunk: Buffer): InputLine[] {
  const lines: InputLine[] = [];
  const wholeEnd = chunk.lastIndexOf(LF) + 1;
  let start = 0;
  if (wholeEnd > 0 && split.heldBytes > 0) {
    start = chunk.indexOf(LF) + 1;
    hold(split, chunk.subarray(0, start - 1));
    lines.push(takeHeld(split, 1));
  }
  // One check for all whole lines: they begin and end at a \n, so no character is cut at either edge.
  const valid = isUtf8(chunk.subarray(start, wholeEnd));
  while (start < wholeEnd) {
    const end = chunk.indexOf(LF, start);
    lines.push(makeLine(split, chunk, start, end, 1, valid));
    start = end + 1;
  }
  hold(split, chunk.subarray(wholeEnd));
  return lines;
}

/** The last line when its line end is missing; else empty. */
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

/** `end` excludes the line end. `valid`: the bytes are known to be UTF-8; false means not checked yet. */
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

/** True for UTF-8 that may stop inside its last character: a log cut off there is not damaged. */
function isUtf8Start(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
