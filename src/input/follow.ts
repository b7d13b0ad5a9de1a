import { setTimeout as sleep } from 'node:timers/promises';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { InputLine } from '../model/line.ts';
import { timerMillis } from '../model/time.ts';
import { systemCode } from './byte-source.ts';
import { closeSome, type FollowState, noteTrouble, OPEN_FILES, report } from './follow-state.ts';
import {
  closeFollowed,
  type FollowedFile,
  type FollowPosition,
  lagBytesOf,
  positionOf,
  readTurn,
  retryLater,
} from './followed-file.ts';
import { findPending, isAskedFor, lookAround } from './look-around.ts';
import type { SplitOptions } from './read-lines.ts';

/** Follows growing logs by polling. Why not by change events: docs/adr/0006-follow-by-polling.md. */

export interface FollowOptions extends SplitOptions {
  /** Pause between two looks. Default 250; at least four times as long as a look takes (thousands of files). */
  readonly pollMillis?: number | undefined;
  /** Ends following. Files that the reader had kept up with are read to their end first. */
  readonly signal?: AbortSignal | undefined;
  /** Where an earlier run stopped. Files without a position are read from their beginning. */
  readonly start?: readonly FollowPosition[] | undefined;
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
}

/** Lines of one file. */
export interface FollowedBatch {
  readonly lines: readonly InputLine[];
  /** How far all files are read with this batch. Call it before requesting the next batch. */
  progress(): FollowProgress;
}

export interface FollowProgress {
  /** Passed as `start`, they resume reading after the last batch, without a gap or a repetition. */
  readonly positions: readonly FollowPosition[];
  /** Bytes written and not yet read, as of the last look. */
  readonly lagBytes: number;
}

const POLL_MILLIS = 250;
/** A writer keeps writing to a renamed log until it reopens it. */
const RETIRE_MILLIS = 5000;
const CHUNK_BYTES = 256 * 1024;
/** Minimum number of bytes read from one file before the next file has its turn. */
const TURN_BYTES = 16 * CHUNK_BYTES;

/**
 * The whole lines of growing logs: files, directories (also new files in them) and globs. A renamed file is read to its
 * end before the file that takes its place. A truncated file is read from its beginning, after the rest of its copy if
 * there is one. An unfinished line waits for its end. A file that cannot be read is reported once and tried again.
 */
export async function* followLines(
  paths: readonly string[],
  options: FollowOptions,
): AsyncGenerator<FollowedBatch, void, undefined> {
  const { signal, pollMillis = POLL_MILLIS } = options;
  const state = startState(paths, options, pollMillis);
  const progress = () => progressOf(state);
  try {
    for await (const lines of rounds(state, pollMillis, signal)) yield { lines, progress };
  } finally {
    for (const file of state.files.values()) await leave(state, file);
  }
}

type Lines = AsyncGenerator<readonly InputLine[], void, undefined>;

async function* rounds(state: FollowState, pollMillis: number, signal: AbortSignal | undefined): Lines {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let nextLook = 0;
  for (;;) {
    const last = signal?.aborted === true;
    const behind = last ? unread(state) : [];
    if (last || performance.now() >= nextLook) nextLook = await look(state, pollMillis);
    // The last round reads what was written since the look before, but no backlog.
    const files = unread(state).filter((file) => !behind.includes(file));
    yield* round(state, files, buffer, last ? undefined : signal);
    if (last) return;
    if (unread(state).length === 0) await pause(nextLook - performance.now(), signal);
  }
}

/** Gives each file its turn. */
async function* round(
  state: FollowState,
  files: readonly FollowedFile[],
  buffer: Buffer,
  signal: AbortSignal | undefined,
): Lines {
  for (const [turn, file] of files.entries()) {
    for await (const lines of turnOf(state, file, buffer)) {
      yield lines;
      if (signal?.aborted) return;
    }
    if (turn % OPEN_FILES === 0) await closeSome(state);
  }
}

function startState(
  paths: readonly string[],
  { maxLineBytes, shorten, start = [], onDiagnostic }: FollowOptions,
  pollMillis: number,
): FollowState {
  const state: FollowState = {
    paths,
    split: { maxLineBytes, shorten },
    retirePolls: Math.ceil(RETIRE_MILLIS / pollMillis),
    onDiagnostic,
    files: new Map(),
    byHead: new Map(),
    pending: start.filter((position) => !position.gone && isAskedFor(paths, position)),
    past: start.filter(({ gone }) => gone),
    passedOver: new Map(),
    troubles: new Map(),
  };
  for (const position of start) {
    if (position.gone || state.pending.includes(position)) continue;
    const message = 'was followed before, and is none of the logs to follow now';
    report(state, position, 'warning', ['unasked-position', message]);
  }
  return state;
}

/** Returns the time of the next look. */
async function look(state: FollowState, pollMillis: number): Promise<number> {
  const began = performance.now();
  await lookAround(state);
  await findPending(state);
  const now = performance.now();
  return now + Math.max(pollMillis, 4 * (now - began));
}

/** The files with something to read that do not wait for another file. */
function unread({ files }: FollowState): FollowedFile[] {
  return Array.from(files.values()).filter((file) => {
    const { waitsFor } = file;
    if (waitsFor !== undefined && (waitsFor.atEnd || files.get(waitsFor.key) !== waitsFor))
      file.waitsFor = undefined;
    return !file.atEnd && file.waitsFor === undefined;
  });
}

async function* turnOf(state: FollowState, file: FollowedFile, buffer: Buffer): Lines {
  try {
    // A whole backlog in one turn: several files with a backlog are more often parts of one log than parallel logs.
    yield* readTurn(file, buffer, Math.max(TURN_BYTES, lagBytesOf(file)));
    state.troubles.delete(file.path);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    noteTrouble(state, file.path, code);
    retryLater(file);
    await closeFollowed(file);
  }
}

async function leave(state: FollowState, file: FollowedFile): Promise<void> {
  if (file.split.heldBytes > 0) {
    const message = 'ends in a line without its end, which was not read';
    report(state, positionOf(file), 'info', ['unfinished-line', message]);
  }
  await closeFollowed(file);
}

function progressOf({ files, pending, past }: FollowState): FollowProgress {
  const followed = Array.from(files.values());
  return {
    positions: [...followed.map(positionOf), ...pending, ...past],
    lagBytes: followed.reduce((sum, file) => sum + lagBytesOf(file), 0),
  };
}

async function pause(millis: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(timerMillis(Math.max(0, millis)), undefined, { signal }).catch(() => {});
}
