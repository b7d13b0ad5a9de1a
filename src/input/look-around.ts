import type { Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isDynamicPattern } from 'tinyglobby';
import { type FoundFile, fileKey, filesIn, findFiles, isMissing, statFiles } from './find-files.ts';
import {
  addFile,
  attempt,
  dropFile,
  type FollowState,
  noteTrouble,
  OPEN_FILES,
  rememberPast,
  report,
  reportRestart,
  takePosition,
} from './follow-state.ts';
import {
  closeFollowed,
  type FollowedFile,
  type FollowPosition,
  isCopy,
  isIdentity,
  noteChange,
  openFollowed,
  positionOf,
  startAt,
} from './followed-file.ts';

/** Brings `state` up to date with the file system, once per poll. Reads no lines. */
export async function lookAround(state: FollowState): Promise<void> {
  const { files: found, troubles } = await findFiles(state.paths);
  forgetTroubles(state, new Set([...troubles.keys(), ...found.map(({ path }) => path)]));
  for (const [path, code] of troubles) noteTrouble(state, path, code);
  const seen = new Set(found.map(({ stats }) => fileKey(stats)));
  const wasAt = new Map(Array.from(state.files.values(), (file) => [file.path, file]));
  // Known files first: a new file may be the copy or the successor of one that was renamed or truncated.
  const isKnown = ({ stats }: FoundFile) => state.files.has(fileKey(stats));
  for (const file of found.filter(isKnown)) await noteFound(state, file);
  for (const file of found.filter((file) => !isKnown(file)))
    await meet(state, file, seen, wasAt.get(file.path));
  for (const [path, file] of state.renamed) letWait(state, path, file);
  state.renamed.clear();
  for (const file of Array.from(state.files.values())) if (!seen.has(file.key)) await fadeOut(state, file);
  for (const key of state.passedOver.keys()) if (!seen.has(key)) state.passedOver.delete(key);
}

/** Forgets the troubles of paths that vanished and of directories that can be read again. */
function forgetTroubles({ troubles }: FollowState, paths: ReadonlySet<string>): void {
  for (const path of troubles.keys()) if (!paths.has(path)) troubles.delete(path);
}

async function noteFound(state: FollowState, { path, stats }: FoundFile): Promise<void> {
  const file = state.files.get(fileKey(stats));
  if (file === undefined) return;
  file.path = path;
  file.quietPolls = 0;
  await noteFile(state, file, stats);
}

/** Checks a followed file. If its content is new, the rest of the old content may stand in a copy, which is read first. */
async function noteFile(state: FollowState, file: FollowedFile, stats: Stats): Promise<void> {
  const wasShortened = file.shortened;
  const restart = await attempt(state, file.path, () => noteChange(file, stats));
  addFile(state, file);
  if (file.shortened && !wasShortened && file.sizeBytes > 0) {
    const message = 'is shorter than what was read of it; it is waited for';
    report(state, positionOf(file), 'warning', ['shortened-file', message]);
  }
  if (restart === undefined) return;
  state.byHead.delete(restart.was.identity.headHash);
  reportRestart(state, restart);
  const moved = await findMoved(state, restart.was);
  if (moved === undefined || moved === 'unknown') rememberPast(state, restart.was);
  else file.waitsFor = moved;
}

/** Begins to follow a new file. `before` is the file that had its path. An empty file is ignored. */
async function meet(
  state: FollowState,
  { path, stats }: FoundFile,
  seen: ReadonlySet<string>,
  before: FollowedFile | undefined,
): Promise<void> {
  if (stats.size === 0 || isPassedOver(state, stats, seen)) return;
  const file = await attempt(state, path, () => openFollowed(path, state.maxLineBytes));
  if (file === undefined) return;
  const original = state.byHead.get(file.identity.headHash);
  const copied = original !== undefined && isCopy(original.identity, file.identity);
  if (state.files.has(file.key) || isGzip(file) || (copied && seen.has(original.key))) {
    await passOver(state, file);
    return;
  }
  const isIt = ({ identity }: FollowPosition) => isIdentity(identity, file.identity, file.head);
  const position = copied ? positionOf(original) : takePosition(state, isIt);
  goOn(state, file, position, copied);
  // The original is gone, and the copy has all its content.
  if (copied) await dropFile(state, original);
  else file.waitsFor = before;
  state.troubles.delete(path);
  addFile(state, file);
  if (state.files.size > OPEN_FILES) await closeFollowed(file);
}

/** Resumes at a position, if there is one. A log that was renamed between two runs is read before its successor. */
function goOn(
  state: FollowState,
  file: FollowedFile,
  position: FollowPosition | undefined,
  copied: boolean,
): void {
  if (position === undefined) return;
  startAt(file, file.path, position);
  if (!copied && position.path !== file.path) state.renamed.set(position.path, file);
}

async function passOver(state: FollowState, file: FollowedFile): Promise<void> {
  const gzip = isGzip(file);
  if (gzip) noteTrouble(state, file.path, 'GZIP');
  const headHash = gzip ? undefined : file.identity.headHash;
  if (!state.files.has(file.key)) state.passedOver.set(file.key, { headHash, sizeBytes: file.sizeBytes });
  await closeFollowed(file);
}

/** True until the inode belongs to another file, or the original is gone or has other content. */
function isPassedOver(state: FollowState, stats: Stats, seen: ReadonlySet<string>): boolean {
  const known = state.passedOver.get(fileKey(stats));
  if (known === undefined || stats.size < known.sizeBytes) return false;
  if (known.headHash === undefined) return true;
  const original = state.byHead.get(known.headHash);
  return original !== undefined && seen.has(original.key);
}

function isGzip({ head }: FollowedFile): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/** A file that vanished from all paths: renamed or deleted, but perhaps still written to. */
async function fadeOut(state: FollowState, file: FollowedFile): Promise<void> {
  const { handle } = file;
  if (handle === undefined) {
    await dropFile(state, file);
    const moved = await findMoved(state, positionOf(file));
    if (moved === undefined || moved === 'unknown') rememberPast(state, positionOf(file));
    return;
  }
  const stats = await attempt(state, file.path, () => handle.stat());
  if (stats !== undefined) await noteFile(state, file, stats);
  file.quietPolls = file.atEnd ? file.quietPolls + 1 : 1;
  if (file.quietPolls <= state.retirePolls) return;
  await dropFile(state, file);
  rememberPast(state, positionOf(file));
}

/** Number of files in a directory that are opened in a search, the last changed ones. */
const MOST_OPENED = 64;

/**
 * Searches the directory of `position.path` for the file that has the content of `position`, and follows it from there.
 * A rotation renames a log, or copies and truncates it, perhaps to a name that is not among the followed paths.
 * `undefined`: there is no such file. `'unknown'`: the directory cannot be read now.
 */
async function findMoved(
  state: FollowState,
  position: FollowPosition,
): Promise<FollowedFile | undefined | 'unknown'> {
  const directory = dirname(position.path);
  const paths = await attempt(state, directory, () => filesIn(directory));
  if (paths === undefined) return 'unknown';
  const { files } = await statFiles(paths);
  const candidates = files.filter(
    ({ stats }) => stats.size >= position.offsetBytes && !state.files.has(fileKey(stats)),
  );
  for (const { path } of candidates.slice(-MOST_OPENED).reverse()) {
    const file = await attempt(state, path, () => openFollowed(path, state.maxLineBytes));
    if (file === undefined) continue;
    if (isIdentity(position.identity, file.identity, file.head)) {
      startAt(file, position.path, position);
      addFile(state, file);
      return file;
    }
    await closeFollowed(file);
  }
  return undefined;
}

/** Searches the files of requested positions that no followed path has: they were renamed or copied between two runs. */
export async function findPending(state: FollowState): Promise<void> {
  const unknown: FollowPosition[] = [];
  for (const position of state.pending) {
    const moved = await findUnlessUnreadable(state, position);
    if (moved === 'unknown') unknown.push(position);
    else if (moved === undefined) reportGone(state, position);
    else letWait(state, position.path, moved);
  }
  state.pending = unknown;
}

/** `'unknown'` when the file at the path of the position exists but cannot be read now: it may be the one. */
async function findUnlessUnreadable(
  state: FollowState,
  position: FollowPosition,
): Promise<FollowedFile | undefined | 'unknown'> {
  const trouble = state.troubles.get(position.path);
  return trouble !== undefined && !isMissing(trouble) ? 'unknown' : findMoved(state, position);
}

/** Makes the file at `path` wait for `moved`, which had that path before. */
function letWait(state: FollowState, path: string, moved: FollowedFile): void {
  for (const file of state.files.values()) if (file.path === path && file !== moved) file.waitsFor = moved;
}

function reportGone(state: FollowState, position: FollowPosition): void {
  rememberPast(state, position);
  const message = `was removed or replaced since it was read up to byte ${position.offsetBytes}; what came after that is lost`;
  report(state, position, 'warning', ['vanished-file', message]);
}

/** False for a position outside the followed paths. */
export function isAskedFor(paths: readonly string[], { path }: FollowPosition): boolean {
  const own = [resolve(path), resolve(dirname(path))];
  return paths.some((asked) => isDynamicPattern(asked) || own.includes(resolve(asked)));
}
