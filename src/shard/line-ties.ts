/**
 * The first look at a line: which ids it ties together. Read from its bytes; what bytes alone cannot tell is
 * read as text by `keysOf`.
 */

import { createFindIdField } from './find-id-field.ts';
import type { Groups } from './groups.ts';
import { endsWith, NO_VALUE, ODD_VALUE, startsWith, valueEnd, valueStart } from './id-field.ts';
import { idHash, textHash } from './id-hash.ts';
import { NO_ID } from './line-ids.ts';

/** Of sessions and their relatives, tasks, turns; and of calls, as test payloads may be known by theirs. */
const find = createFindIdField(['sion_id"', 'task_id"', 'turn_id"', 'call_id"']);
const NAME_END_LENGTH = '_id"'.length;
const SESSION = Buffer.from('"session');
const TASK = Buffer.from('"task');
const TURN = Buffer.from('"turn');
const RELATIVES = ['parent', 'child', 'old', 'new'].map((which) => Buffer.from(`"${which}_session`));
const NAMES = [SESSION, TASK, TURN, ...RELATIVES];
/** How ids of test payloads begin. */
const TEST_IDS = [Buffer.from('test-'), Buffer.from('parent-sess')];
const COLON = 0x3a;
const LAST_OF_SESSION_OR_TURN = 0x6e;
const LAST_OF_TASK = 0x6b;
const LAST_OF_CALL = 0x6c;
const TURN_TAIL_LENGTH = ':01234567'.length;

export interface LineTies {
  /** @returns one of the ids it names; `NO_ID` when it names none. */
  look(chunk: Buffer, start: number, end: number): number;
  /** The same of a line that is decoded already. */
  lookAtText(text: string): number;
  /** True when an id looked like one of a test payload, wherever it stood. */
  sawTestId(): boolean;
}

interface Range {
  start: number;
  end: number;
}

export function createLineTies(groups: Groups, keysOf: (text: string) => readonly string[]): LineTies {
  let testId = false;
  /** Of the line that is looked at. */
  let first: number | undefined;
  let odd = false;
  const session: Range = { start: 0, end: 0 };
  const task: Range = { start: 0, end: 0 };
  const turn: Range = { start: 0, end: 0 };

  function tie(id: number): void {
    if (first === undefined) first = id;
    else if (first !== id) groups.tie(first, id);
  }

  /** The field whose name ends in `_id"` at `at`. Most are no id of a session or a task, and told by one letter. */
  function takeField(chunk: Buffer, at: number, end: number): void {
    const last = chunk[at - 1];
    const isName = last === LAST_OF_SESSION_OR_TURN || last === LAST_OF_TASK;
    if (!isName && last !== LAST_OF_CALL) return;
    const from = valueStart(chunk, at + NAME_END_LENGTH, end);
    if (from === NO_VALUE) return;
    testId ||= TEST_IDS.some((begin) => startsWith(chunk, from, begin));
    const name = isName ? nameBefore(chunk, at) : undefined;
    if (name !== undefined) takeValue(chunk, name, from, valueEnd(chunk, from, end));
  }

  function takeValue(chunk: Buffer, name: Buffer, from: number, to: number): void {
    if (to === ODD_VALUE) odd = true;
    if (to < 0) return;
    if (name === TURN) keep(turn, from, to);
    else takeId(chunk, name, from, to);
  }

  function takeId(chunk: Buffer, name: Buffer, from: number, to: number): void {
    // Tasks are mostly named as their sessions.
    const isKnown = to - from === session.end - session.start && isSame(chunk, from, session);
    if (!isKnown) tie(idHash(chunk, from, to));
    if (name === SESSION) keep(session, from, to);
    if (name === TASK) keep(task, from, to);
  }

  /** Two different values under one name are rare enough to be read as text. */
  function keep(range: Range, start: number, end: number): void {
    if (range.end !== 0) odd = true;
    range.start = start;
    range.end = end;
  }

  /** True when the turn names just the session and the task that the line names too: `{session}:{task}:{8 hex}`. */
  function isPlainTurn(chunk: Buffer): boolean {
    const tail = turn.end - TURN_TAIL_LENGTH;
    const colon = turn.start + session.end - session.start;
    return (
      session.end > 0 &&
      task.end > 0 &&
      tail === colon + 1 + task.end - task.start &&
      chunk[tail] === COLON &&
      chunk[colon] === COLON &&
      isHex(chunk, tail + 1, turn.end) &&
      isSame(chunk, turn.start, session) &&
      isSame(chunk, colon + 1, task) &&
      !isSplit(chunk, task)
    );
  }

  function tieKeys(text: string): number {
    for (const key of keysOf(text)) tie(textHash(key));
    return first ?? NO_ID;
  }

  function look(chunk: Buffer, start: number, end: number): number {
    first = undefined;
    odd = false;
    session.end = 0;
    task.end = 0;
    turn.end = 0;
    for (let at = find(chunk, start, end); at >= 0; at = find(chunk, at + NAME_END_LENGTH, end)) {
      takeField(chunk, at, end);
    }
    if (odd || (turn.end > 0 && !isPlainTurn(chunk))) return tieKeys(chunk.toString('utf8', start, end));
    return first ?? NO_ID;
  }

  return {
    look,
    lookAtText(text) {
      const bytes = Buffer.from(text);
      return look(bytes, 0, bytes.length);
    },
    sawTestId: () => testId,
  };
}

function nameBefore(chunk: Buffer, at: number): Buffer | undefined {
  for (const name of NAMES) if (endsWith(chunk, at, name)) return name;
  return undefined;
}

function isSame(bytes: Uint8Array, at: number, { start, end }: Range): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== bytes[at + i - start]) return false;
  return true;
}

/** A task with a colon in it makes a turn id that can be read in two ways. */
function isSplit(bytes: Uint8Array, { start, end }: Range): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === COLON) return true;
  return false;
}

function isHex(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (!((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66))) return false;
  }
  return true;
}
