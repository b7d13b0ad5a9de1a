import type { InputLine } from '../model/line.ts';
import { type LineSplit, splitChunk, splitEnd } from './split-lines.ts';

// Lines of which only some are wanted: the others are numbered and left as they are, and never decoded.

const LF = 0x0a;

/** Looks at a line before it is decoded. What it returns stands for the line; `undefined` asks for the line itself. */
export interface Skim<Skimmed> {
  /** The bytes from `start` to `end`, where the line end is. */
  bytes(chunk: Buffer, start: number, end: number): Skimmed | undefined;
  /** A line whose bytes do not lie in one chunk, decoded already. */
  line(line: InputLine): Skimmed | undefined;
}

/** As `splitChunk`, for the lines that are wanted. */
export function skimChunk<S>(split: LineSplit, chunk: Buffer, skim: Skim<S>): (InputLine | S)[] {
  const out: (InputLine | S)[] = [];
  let start = takeHeld(split, chunk, skim, out);
  /** Where the lines begin that are wanted, one after the other, up to `start`. */
  let wanted = start;
  for (let end = chunk.indexOf(LF, start); end >= 0; end = chunk.indexOf(LF, start)) {
    const skimmed = skim.bytes(chunk, start, end);
    if (skimmed !== undefined) {
      if (wanted < start) for (const line of splitChunk(split, chunk.subarray(wanted, start))) out.push(line);
      out.push(skimmed);
      split.line += 1;
      split.offsetBytes += end + 1 - start;
      wanted = end + 1;
    }
    start = end + 1;
  }
  for (const line of splitChunk(split, chunk.subarray(wanted))) out.push(line);
  return out;
}

/** The end of a line that began in an earlier chunk. @returns where the next one begins. */
function takeHeld<S>(split: LineSplit, chunk: Buffer, skim: Skim<S>, out: (InputLine | S)[]): number {
  if (split.heldBytes === 0) return 0;
  const end = chunk.indexOf(LF) + 1;
  if (end === 0) return 0;
  for (const line of splitChunk(split, chunk.subarray(0, end))) out.push(skim.line(line) ?? line);
  return end;
}

export function skimEnd<S>(split: LineSplit, skim: Skim<S>): (InputLine | S)[] {
  return splitEnd(split).map((line) => skim.line(line) ?? line);
}
