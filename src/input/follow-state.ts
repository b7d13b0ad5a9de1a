import type { Diagnostic } from '../model/diagnostic.ts';
import { systemCode } from './byte-source.ts';
import {
  closeFollowed,
  type FollowedFile,
  type FollowPosition,
  isTelling,
  type Restart,
} from './followed-file.ts';
import type { Mark } from './marks.ts';
import type { SplitOptions } from './read-lines.ts';

/** The state of following: the followed files, and what is known of other files. */
export interface FollowState {
  readonly paths: readonly string[];
  readonly split: SplitOptions;
  /** A file that vanished from all paths is read until it was quiet for this many polls. */
  readonly retirePolls: number;
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
  /** By device and inode, in the order in which they were found. */
  readonly files: Map<string, FollowedFile>;
  /** By the hash of their first 1024 bytes; shorter files are missing. */
  readonly byHead: Map<string, FollowedFile>;
  /** Requested positions whose files were not found yet. */
  pending: FollowPosition[];
  /** Positions of removed files, at most 100. */
  past: FollowPosition[];
  /** Files that are not read (copies, compressed files), by device and inode. */
  readonly passedOver: Map<string, PassedOver>;
  /** Paths that could not be read: path → the system's code, `GZIP`, or `SPECIAL` for a pipe or device. */
  readonly troubles: Map<string, string>;
}

export interface PassedOver {
  /** Head hash of the original; `undefined` for a compressed file. */
  readonly headHash: string | undefined;
  readonly sizeBytes: number;
}

/** Number of handles that stay open; other files are opened for each turn. */
export const OPEN_FILES = 256;
/** Number of positions of removed files that are kept. */
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

/** Closes handles beyond the limit, those at their end first, never that of a file without a path. */
export async function closeSome({ files }: FollowState): Promise<void> {
  const open = Array.from(files.values()).filter(
    ({ handle, quietPolls }) => handle !== undefined && quietPolls === 0,
  );
  if (open.length <= OPEN_FILES) return;
  open.sort((a, b) => Number(b.atEnd) - Number(a.atEnd) || a.changedMillis - b.changedMillis);
  for (const file of open.slice(0, open.length - OPEN_FILES)) await closeFollowed(file);
}

/** Removes and returns a position that is known but not followed. */
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

/** Runs `look`. A system error is reported once and gives `undefined`; the caller tries again at the next look. */
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

/** Reports why a path cannot be read, unless that is known. A missing path is reported only when the user named it. */
export function noteTrouble(state: FollowState, path: string, code: string): void {
  const isNamed = state.paths.includes(path);
  const isExpected = code === 'ENOENT' || code === 'SPECIAL';
  if (state.troubles.get(path) === code || (isExpected && !isNamed)) return;
  state.troubles.set(path, code);
  const at = { path, line: 0 };
  if (code === 'GZIP') report(state, at, 'info', ['compressed-file', 'is compressed and not followed']);
  else if (code === 'SPECIAL')
    report(state, at, 'warning', ['special-file', 'is a pipe, a socket or a device and is not followed']);
  else if (code !== 'ENOENT')
    report(state, at, 'warning', ['unreadable-file', `cannot be read (${code}); it is tried again`]);
  // Not while its file was only renamed and the next one is about to be created.
  else if (!Array.from(state.files.values()).some((file) => file.path === path)) {
    report(state, at, 'info', ['awaited-file', 'does not exist; it is waited for']);
  }
}

/** @param at how far the file was read */
export function report(
  state: FollowState,
  { path, line }: { readonly path: string; readonly line: number },
  severity: Diagnostic['severity'],
  [code, message]: readonly [code: string, message: string],
): void {
  state.onDiagnostic({ severity, code, message, at: { source: path, line } });
}

/** @param from where reading resumes */
export function reportRewind(state: FollowState, was: FollowPosition, from: Mark): void {
  const message = `no longer holds what was read of it up to byte ${was.offsetBytes}: it was cut or changed; it is read again from byte ${from.offsetBytes}, line ${from.line + 1}`;
  report(state, was, 'warning', ['changed-file', message]);
}

export function reportRestart(state: FollowState, { was, lostBytes }: Restart): void {
  const message = 'was truncated or written anew; it is read from its beginning';
  const lost = `, the ${lostBytes} bytes of its unfinished line are lost`;
  if (lostBytes === 0) report(state, was, 'info', ['restarted-file', message]);
  else report(state, was, 'warning', ['restarted-file', message + lost]);
}
