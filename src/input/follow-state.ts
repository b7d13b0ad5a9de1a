import type { Diagnostic } from '../model/diagnostic.ts';
import { systemCode } from './byte-source.ts';
import { isTelling } from './file-identity.ts';
import { closeFollowed, type FollowedFile, type FollowPosition } from './followed-file.ts';

/** What following remembers: the files, and what it knows of files it does not follow now. */
export interface FollowState {
  readonly paths: readonly string[];
  readonly maxLineBytes: number | undefined;
  /** A file that is under none of the paths any more is read until it was quiet for so many polls. */
  readonly retirePolls: number;
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
  /** By device and inode, in the order they were met. */
  readonly files: Map<string, FollowedFile>;
  /** By the hash of their first 1024 bytes, for those that have as many. */
  readonly byHead: Map<string, FollowedFile>;
  /** Positions asked for whose files were not found yet. */
  pending: FollowPosition[];
  /** Of files that are gone, at most a hundred. */
  past: FollowPosition[];
  /** Files just met that were renamed while nobody followed, by the path they had: what is there now comes after them. */
  readonly renamed: Map<string, FollowedFile>;
  /** Files that are not read, by device and inode. */
  readonly passedOver: Map<string, PassedOver>;
  /** Paths that could not be looked at: path → the system's code, or `GZIP`. */
  readonly troubles: Map<string, string>;
}

export interface PassedOver {
  /** Of the file it is a copy of; `undefined` for a compressed one. */
  readonly headHash: string | undefined;
  readonly sizeBytes: number;
}

/** About so many handles are kept; others are opened for each turn. */
export const OPEN_FILES = 256;
/** Of more positions than this the oldest are forgotten. */
const PAST_POSITIONS = 100;

export function addFile(state: FollowState, file: FollowedFile): void {
  state.files.set(file.key, file);
  if (isTelling(file.identity)) state.byHead.set(file.identity.headHash, file);
  state.passedOver.delete(file.key);
}

export async function dropFile(state: FollowState, file: FollowedFile): Promise<void> {
  state.files.delete(file.key);
  state.byHead.delete(file.identity.headHash);
  await closeFollowed(file);
}

/** Closes handles beyond the limit, first where nothing is to be read, never of a file that has no path any more. */
export async function closeSome({ files }: FollowState): Promise<void> {
  const open = Array.from(files.values()).filter(
    ({ handle, quietPolls }) => handle !== undefined && quietPolls === 0,
  );
  if (open.length <= OPEN_FILES) return;
  open.sort((a, b) => Number(b.atEnd) - Number(a.atEnd) || a.changedMillis - b.changedMillis);
  for (const file of open.slice(0, open.length - OPEN_FILES)) await closeFollowed(file);
}

/** Takes a position out of those that are known but not followed. */
export function takePosition(
  state: FollowState,
  isIt: (position: FollowPosition) => boolean,
): FollowPosition | undefined {
  const position = state.pending.find(isIt) ?? state.past.findLast(isIt);
  if (position === undefined) return undefined;
  state.pending = state.pending.filter((other) => other !== position);
  state.past = state.past.filter((other) => other !== position);
  return position;
}

export function rememberPast(state: FollowState, position: FollowPosition): void {
  state.past.push({ ...position, gone: true });
  if (state.past.length > PAST_POSITIONS) state.past.shift();
}

/** Runs `look`. What the system refuses is told once, and `undefined` given: it is to be tried again. */
export async function attempt<T>(
  state: FollowState,
  path: string,
  look: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    noteTrouble(state, path, code);
    return undefined;
  }
}

/** Tells what keeps a path from being read, unless that is known. What is missing is worth telling only when it was named. */
export function noteTrouble(state: FollowState, path: string, code: string): void {
  const isNamed = state.paths.includes(path);
  if (state.troubles.get(path) === code || (code === 'ENOENT' && !isNamed)) return;
  state.troubles.set(path, code);
  const at = { path, line: 0 };
  if (code === 'GZIP') tell(state, 'info', 'compressed-file', 'is compressed and not followed', at);
  else if (code !== 'ENOENT')
    tell(state, 'warning', 'unreadable-file', `cannot be read (${code}); it is tried again`, at);
  // Not while its file is only renamed, and the next one about to be made.
  else if (!Array.from(state.files.values()).some((file) => file.path === path)) {
    tell(state, 'info', 'awaited-file', 'does not exist; it is waited for', at);
  }
}

/** `at`: how far the file had been read. */
export function tell(
  state: FollowState,
  severity: Diagnostic['severity'],
  code: string,
  message: string,
  { path, line }: { readonly path: string; readonly line: number },
): void {
  state.onDiagnostic({ severity, code, message, at: { source: path, line } });
}

export function tellRestart(state: FollowState, was: FollowPosition, lostBytes: number): void {
  const message = 'was truncated or written anew; it is read from its beginning';
  if (lostBytes === 0) tell(state, 'info', 'restarted-file', message, was);
  else
    tell(
      state,
      'warning',
      'restarted-file',
      `${message}, the ${lostBytes} bytes of its unfinished line are lost`,
      was,
    );
}
