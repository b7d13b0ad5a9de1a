/** The second look at a line: its first id, by which everyone can tell whose it is. All other ids of it are tied to that one. */
import { createFindIdField } from './find-id-field.ts';
import { endsWith, valueEnd, valueStart } from './id-field.ts';
import { idHash } from './id-hash.ts';

const SESSION = Buffer.from('"session');
const TASK = Buffer.from('"task');
const find = createFindIdField(['sion_id"', 'task_id"']);
const NAME_END_LENGTH = '_id"'.length;

/** Of the line from `start` to `end`; `undefined` when only its text can tell. */
export function firstId(chunk: Buffer, start: number, end: number): number | undefined {
  for (let at = find(chunk, start, end); at >= 0; at = find(chunk, at + NAME_END_LENGTH, end)) {
    if (endsWith(chunk, at, SESSION) || endsWith(chunk, at, TASK)) {
      const id = idBehind(chunk, at + NAME_END_LENGTH, end);
      if (id !== undefined) return id;
    }
  }
  return undefined;
}

function idBehind(chunk: Buffer, name: number, end: number): number | undefined {
  const from = valueStart(chunk, name, end);
  const to = from < 0 ? from : valueEnd(chunk, from, end);
  return to < 0 ? undefined : idHash(chunk, from, to);
}
