/**
 * Bytes → lines, split at \n only: U+2028 and a lone \r are legal inside a JSON line. In the other physical forms a line
 * is an object.
 */
import { isUtf8 } from 'node:buffer';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { InputLine, LineDamage } from '../model/line.ts';
import { type ByteSource, type OpenOptions, ReadFailure } from './byte-source.ts';
import { createScan, formOf, type ObjectScan, type PhysicalForm, scanByte } from './physical-form.ts';

export interface ReadLinesOptions extends OpenOptions {
  /** A longer line is yielded as `too_long`, without its bytes. Default 16 MiB. */
  readonly maxLineBytes?: number | undefined;
  readonly shorten?: Shorten | undefined;
  /** Receives one diagnostic when the source ended early (failing disk, damaged gzip), after the lines before that. */
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
}

/** The part of a long line that is to be decoded, as text; `undefined` for the whole line. */
export type Shorten = (line: Buffer) => string | undefined;

/**
 * The lines of one source in batches, one per chunk in which a line ended. Reads only on request. After an abort the
 * line that was cut by it is not yielded: nothing is wrong with it.
 */
export async function* readLines(
  source: ByteSource,
  { maxLineBytes, shorten, onDiagnostic, ...open }: ReadLinesOptions,
): AsyncGenerator<readonly InputLine[], void, undefined> {
  const split = startSplit(source.name, { maxLineBytes, shorten });
  let failure: ReadFailure | undefined;
  try {
    for await (const chunk of source.open(open)) {
      const lines = splitChunk(split, chunk);
      if (lines.length > 0) yield lines;
    }
  } catch (error) {
    if (!(error instanceof ReadFailure)) throw error;
    failure = error;
  }
  if (open.signal?.aborted) return;
  const rest = splitEnd(split);
  if (rest.length > 0) yield rest;
  if (failure !== undefined) onDiagnostic(endedEarly(split, failure));
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
  readonly shorten: Shorten | undefined;
  /** Lines yielded so far. */
  line: number;
  /** Offset after the last line yielded. */
  offsetBytes: number;
  /** Bytes of the unfinished line, also of one beyond the limit. */
  heldBytes: number;
  /** Its bytes; empty once it is longer than the limit. */
  held: Buffer;
  /** `more`: the line that shows it is held, and not whole yet. `undefined`: so far there is only text. */
  form: PhysicalForm | 'more' | undefined;
  /** Of `objects`: the place after the last byte. */
  readonly scan: ObjectScan;
}

/**
 * Longest line by default. Hermes's own lines reach a few MiB (a whole conversation in one hook body). Parsing takes
 * about five times the bytes of a line, and this bounds it.
 */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** Shorter lines are decoded whole: nearly all of them is read. */
const LONG_LINE_BYTES = 2 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = Buffer.alloc(0);
const FIRST_HOLD_BYTES = 4 * 1024;
/** A larger buffer is freed after its line. */
const KEEP_HOLD_BYTES = 1024 * 1024;

/** How lines are cut: see `ReadLinesOptions`. */
export type SplitOptions = Pick<ReadLinesOptions, 'maxLineBytes' | 'shorten'>;

/** Where reading resumes: after line number `line`, which ended at `offsetBytes`. */
export type SplitStart = Pick<LineSplit, 'line' | 'offsetBytes'>;

export function startSplit(
  source: string,
  { maxLineBytes = MAX_LINE_BYTES, shorten }: SplitOptions = {},
  start: SplitStart = { line: 0, offsetBytes: 0 },
): LineSplit {
  return {
    source,
    maxLineBytes,
    shorten,
    ...start,
    heldBytes: 0,
    held: NOTHING,
    form: undefined,
    scan: createScan(),
  };
}

/** The lines that end in `chunk`. Does not keep `chunk`. */
export function splitChunk(split: LineSplit, chunk: Buffer): InputLine[] {
  if (split.form === 'lines') return splitAtLineEnds(split, chunk);
  if (split.form === 'objects') return splitAtBraces(split, chunk);
  if (split.form === undefined && split.heldBytes > 0) return afterText(split, chunk);
  const head =
    split.heldBytes === 0 ? chunk : Buffer.concat([split.held.subarray(0, split.heldBytes), chunk]);
  const { form, at } = formOf(head, split.offsetBytes, split.maxLineBytes);
  split.heldBytes = 0;
  split.form = form;
  if (form === undefined || form === 'lines') return splitAtLineEnds(split, head);
  const text = splitAtLineEnds(split, head.subarray(0, at));
  if (form === 'objects') return [...text, ...splitAtBraces(split, head.subarray(at))];
  hold(split, head.subarray(at));
  return text;
}

/** The held line is text: its rest shows no form. */
function afterText(split: LineSplit, chunk: Buffer): InputLine[] {
  const end = chunk.indexOf(LF) + 1;
  const lines = splitAtLineEnds(split, end === 0 ? chunk : chunk.subarray(0, end));
  return end === 0 || end === chunk.length ? lines : [...lines, ...splitChunk(split, chunk.subarray(end))];
}

/**
 * Each line is decoded on its own: one character outside Latin-1 makes the string of a whole chunk two bytes wide, and
 * everything after it runs at half speed.
 */
function splitAtLineEnds(split: LineSplit, chunk: Buffer): InputLine[] {
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

/** One line for each object, and for each text between objects. */
function splitAtBraces(split: LineSplit, chunk: Buffer): InputLine[] {
  const lines: InputLine[] = [];
  let start = 0;
  const take = (end: number) => {
    hold(split, chunk.subarray(start, end));
    lines.push(takeObject(split, true));
    start = end;
  };
  for (let at = 0; at < chunk.length; at++) {
    const byte = chunk[at] ?? 0;
    const step = scanByte(split.scan, byte);
    if (step === 'between') {
      skip(split, byte);
      start = at + 1;
    } else if (step === 'ended') take(at + 1);
    else if (step === 'broken') take(at--);
  }
  hold(split, chunk.subarray(start));
  return lines;
}

function skip(split: LineSplit, byte: number): void {
  split.offsetBytes += 1;
  if (byte === LF) split.line += 1;
}

/** The held object as a line with the number of its first line. */
function takeObject(split: LineSplit, whole: boolean): InputLine {
  const bytes = split.held.subarray(0, split.heldBytes);
  const line = split.line + 1;
  const sizeBytes = split.heldBytes;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) split.line += 1;
  split.offsetBytes += sizeBytes;
  split.heldBytes = 0;
  const { source, offsetBytes: endOffsetBytes } = split;
  if (sizeBytes > split.maxLineBytes)
    return { source, line, text: '', endOffsetBytes, damage: { kind: 'too_long', sizeBytes } };
  const damage = damageOf(false, bytes, whole ? 1 : 0);
  return { source, line, text: bytes.toString('utf8'), endOffsetBytes, damage };
}

/** The last line when its line end is missing; else empty. */
export function splitEnd(split: LineSplit): InputLine[] {
  if (split.heldBytes === 0) return [];
  if (split.form === 'objects') return [takeObject(split, false)];
  // The line that would have shown the form can hold line ends.
  const held = Buffer.from(split.held.subarray(0, split.heldBytes));
  if (split.form !== 'more' || !held.includes(LF)) return [takeHeld(split, 0)];
  split.form = 'lines';
  split.heldBytes = 0;
  return [...splitAtLineEnds(split, held), ...splitEnd(split)];
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
  const { source, line, offsetBytes: endOffsetBytes } = split;
  if (sizeBytes > split.maxLineBytes)
    return { source, line, text: '', endOffsetBytes, damage: { kind: 'too_long', sizeBytes } };
  const textEnd = sizeBytes > 0 && bytes[end - 1] === CR ? end - 1 : end;
  const body = bytes.subarray(start, textEnd);
  const damage = damageOf(valid, body, lineEndBytes);
  const isLong = sizeBytes > LONG_LINE_BYTES && damage === undefined;
  const text = (isLong ? split.shorten?.(body) : undefined) ?? bytes.toString('utf8', start, textEnd);
  return {
    source,
    line,
    text: first && text.startsWith('\uFEFF') ? text.slice(1) : text,
    endOffsetBytes,
    damage,
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
