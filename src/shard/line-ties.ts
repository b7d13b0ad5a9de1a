/**
 * The first look at a line: which ids it ties together. Read from its bytes; what bytes alone cannot tell is
 * read as text by `keysOf`.
 */

import { startsWith } from '../model/bytes.ts';
import { createFindIdField } from './find-id-field.ts';
import type { Groups } from './groups.ts';
import { endsWith, NO_VALUE, ODD_VALUE, valueEnd, valueStart } from './id-field.ts';
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
const QUOTE = 0x22;
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
  let turnIsPlain = false;
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
    testId ||= isTestId(chunk, from);
    const name = isName ? nameBefore(chunk, at) : undefined;
    if (name !== undefined) takeValue(chunk, name, from, end);
  }

  function takeValue(chunk: Buffer, name: Buffer, from: number, end: number): void {
    if (name === TASK ? takeSessionAsTask(chunk, from) : name === TURN && takePlainTurn(chunk, from)) return;
    const to = valueEnd(chunk, from, end);
    if (to === ODD_VALUE) odd = true;
    if (to >= 0) take(chunk, name, from, to);
  }

  function take(chunk: Buffer, name: Buffer, from: number, to: number): void {
    if (name === SESSION) keep(session, from, to);
    if (name === TASK) keep(task, from, to);
    if (name === TURN) keep(turn, from, to);
    else tie(idHash(chunk, from, to));
  }

  /** Tasks are mostly named as their sessions. @returns false when it is another, or the session is not known yet. */
  function takeSessionAsTask(chunk: Buffer, from: number): boolean {
    const to = from + session.end - session.start;
    if (session.end === 0 || chunk[to] !== QUOTE || !isSame(chunk, from, session)) return false;
    keep(task, from, to);
    return true;
  }

  /** Turns mostly come behind the session and the task that they name. @returns false when it must be looked at otherwise. */
  function takePlainTurn(chunk: Buffer, from: number): boolean {
    const to = from + session.end - session.start + 1 + task.end - task.start + TURN_TAIL_LENGTH;
    if (chunk[to] !== QUOTE || !isPlainTurn(chunk, from, to)) return false;
    keep(turn, from, to);
    turnIsPlain = true;
    return true;
  }

  /** Two different values under one name are rare enough to be read as text. */
  function keep(range: Range, start: number, end: number): void {
    if (range.end !== 0) odd = true;
    range.start = start;
    range.end = end;
  }

  /** True when the turn names just the session and the task that the line names too: `{session}:{task}:{8 hex}`. */
  function isPlainTurn(chunk: Buffer, start: number, end: number): boolean {
    const tail = end - TURN_TAIL_LENGTH;
    const colon = start + session.end - session.start;
    return (
      session.end > 0 &&
      task.end > 0 &&
      tail === colon + 1 + task.end - task.start &&
      chunk[tail] === COLON &&
      chunk[colon] === COLON &&
      isHex(chunk, tail + 1, end) &&
      isSame(chunk, start, session) &&
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
    turnIsPlain = false;
    for (let at = find(chunk, start, end); at >= 0; at = find(chunk, at + NAME_END_LENGTH, end)) {
      takeField(chunk, at, end);
    }
    turnIsPlain ||= turn.end === 0 || isPlainTurn(chunk, turn.start, turn.end);
    if (odd || !turnIsPlain) return tieKeys(chunk.toString('utf8', start, end));
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

function isTestId(bytes: Uint8Array, start: number): boolean {
  for (const begin of TEST_IDS) if (startsWith(bytes, start, begin)) return true;
  return false;
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
