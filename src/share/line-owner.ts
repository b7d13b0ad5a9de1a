/** The second look at a line: its first id, by which everyone can tell whose it is. All other ids of it are tied to that one. */
import { valueEnd, valueStart } from './id-field.ts';
import { idHash } from './id-hash.ts';

const SESSION = Buffer.from('"session_id"');
const TASK = Buffer.from('"task_id"');

export interface FirstIds {
  /** Of the line from `start` to `end`; `undefined` when only its text can tell. Lines are asked for in their order. */
  firstId(chunk: Buffer, start: number, end: number): number | undefined;
}

export function createFirstIds(): FirstIds {
  const session = createFinder(SESSION);
  const task = createFinder(TASK);
  return {
    firstId: (chunk, start, end) =>
      idBehind(chunk, session(chunk, start, end), SESSION.length, end) ??
      idBehind(chunk, task(chunk, start, end), TASK.length, end),
  };
}

function idBehind(chunk: Buffer, at: number, nameLength: number, end: number): number | undefined {
  if (at < 0) return undefined;
  const from = valueStart(chunk, at + nameLength, end);
  const to = from < 0 ? from : valueEnd(chunk, from, end);
  return to < 0 ? undefined : idHash(chunk, from, to);
}

/** Finds `needle` line by line; what was found beyond a line's end is kept for the lines to come, so that no byte is searched twice. */
function createFinder(needle: Buffer): (chunk: Buffer, start: number, end: number) => number {
  let searched: Buffer | undefined;
  let next = 0;
  return (chunk, start, end) => {
    if (chunk !== searched || next < start) {
      searched = chunk;
      next = chunk.indexOf(needle, start);
      if (next < 0) next = Number.POSITIVE_INFINITY;
    }
    return next < end ? next : -1;
  };
}
