import type { Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  type FoundFile,
  type FoundFiles,
  fileKey,
  filesIn,
  findFiles,
  inOrder,
  isGlob,
  isMissing,
  statFiles,
} from './find-files.ts';
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
  reportRewind,
  takePosition,
} from './follow-state.ts';
import {
  closeFollowed,
  type FollowedFile,
  type FollowPosition,
  holdsAll,
  isCopy,
  isSame,
  isTelling,
  noteChange,
  openFollowed,
  positionOf,
  resumeAt,
} from './followed-file.ts';

/** Brings `state` up to date with the file system, once per poll. Reads no lines. */
export async function lookAround(state: FollowState): Promise<void> {
  const { files: found, troubles } = await listFiles(state);
  forgetTroubles(state, new Set([...troubles.keys(), ...found.map(({ path }) => path)]));
  for (const [path, code] of troubles) noteTrouble(state, path, code);
  const seen = new Set(found.map(({ stats }) => fileKey(stats)));
  const wasAt = new Map(Array.from(state.files.values(), (file) => [file.path, file]));
  // Known files first: a new file may be the copy or the successor of one that was renamed or truncated.
  for (const file of found) await noteFound(state, file);
  for (const file of found.filter(({ stats }) => !state.files.has(fileKey(stats)))) {
    // Renamed since the listing: the files after it are read after it, at the next look.
    if (!(await meet(state, file, seen, wasAt))) break;
  }
  for (const file of Array.from(state.files.values())) if (!seen.has(file.key)) await fadeOut(state, file);
  for (const key of state.passedOver.keys()) if (!seen.has(key)) state.passedOver.delete(key);
}

/** A writer that rotates without a pause is not waited for. */
const MOST_LISTINGS = 5;

/**
 * The files there are now. A rotation renames one file after the other, so a listing may miss one of them. Before new
 * files are read the listing is repeated until it finds no further older file: their order is the order of the log.
 */
async function listFiles(state: FollowState): Promise<FoundFiles> {
  let { files, troubles } = await findFiles(state.paths);
  for (let count = 1; count < MOST_LISTINGS && files.some((file) => isNew(state, file)); count += 1) {
    const again = await findFiles(state.paths);
    const newest = Math.max(...files.map(({ stats }) => stats.mtimeMs));
    const found = new Map([...files, ...again.files].map((file) => [fileKey(file.stats), file]));
    const isComplete = ![...found.values()].slice(files.length).some(({ stats }) => stats.mtimeMs <= newest);
    files = inOrder([...found.values()]);
    troubles = again.troubles;
    if (isComplete) break;
  }
  return { files, troubles };
}

function isNew({ files, passedOver }: FollowState, { stats }: FoundFile): boolean {
  return stats.size > 0 && !files.has(fileKey(stats)) && !passedOver.has(fileKey(stats));
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
  const wasShort = file.shortSince !== undefined;
  const restart = await attempt(state, file.path, () => noteChange(file, stats));
  addFile(state, file);
  if (file.shortSince !== undefined && !wasShort && file.sizeBytes > 0) {
    const message = 'is shorter than what was read of it; it may be in the middle of being copied';
    report(state, positionOf(file), 'warning', ['shortened-file', message]);
  }
  if (restart === undefined) return;
  if (restart.from.offsetBytes > 0) {
    reportRewind(state, restart.was, restart.from);
    return;
  }
  state.byHead.delete(restart.was.identity.headHash);
  reportRestart(state, restart);
  const moved = await findMoved(state, restart.was);
  if (moved === undefined || moved === 'unknown') rememberPast(state, restart.was);
  else file.waitsFor = moved;
}

/**
 * Begins to follow a new file, unless it is empty. `wasAt` has the files by the paths that they had before. False when there
 * is another file at its path by now, or none.
 */
async function meet(
  state: FollowState,
  { path, stats }: FoundFile,
  seen: ReadonlySet<string>,
  wasAt: Map<string, FollowedFile>,
): Promise<boolean> {
  if (stats.size === 0 || isPassedOver(state, stats, seen)) return true;
  const file = await attempt(state, path, () => openFollowed(path, state.split));
  if (file === undefined) return !isMissing(state.troubles.get(path) ?? 'ENOENT');
  if (file.key !== fileKey(stats)) {
    await closeFollowed(file);
    return false;
  }
  const original = originalOf(state, file);
  if (state.files.has(file.key) || isGzip(file) || (original !== undefined && seen.has(original.key))) {
    await passOver(state, file);
    return true;
  }
  await goOn(state, file, original, wasAt);
  // The original is gone, and the copy has all its content.
  if (original !== undefined) await dropFile(state, original);
  else file.waitsFor = wasAt.get(path);
  state.troubles.delete(path);
  addFile(state, file);
  if (state.files.size > OPEN_FILES) await closeFollowed(file);
  return true;
}

/** The followed file with the same first 1024 bytes. */
function originalOf({ byHead }: FollowState, { identity }: FollowedFile): FollowedFile | undefined {
  const original = byHead.get(identity.headHash);
  return original && isCopy(original.identity, identity) ? original : undefined;
}

/** Resumes at a known position, if there is one. A log that was renamed between two runs is read before its successor. */
async function goOn(
  state: FollowState,
  file: FollowedFile,
  original: FollowedFile | undefined,
  wasAt: Map<string, FollowedFile>,
): Promise<void> {
  const taken = original ? undefined : takePosition(state, (position) => isSame(position, file));
  const known = original ?? (taken ? undefined : shortOriginal(state, file));
  const position = known ? positionOf(known) : taken;
  if (position === undefined) return;
  const from = await attempt(state, file.path, () => resumeAt(file, file.path, position));
  if (from !== undefined && from.offsetBytes < position.offsetBytes) reportRewind(state, position, from);
  if (taken === undefined || taken.path === file.path) return;
  wasAt.set(taken.path, file);
  letWait(state, taken.path, file);
}

/** The followed file that `file` is a copy of, if it is too short to be known by its beginning. */
function shortOriginal({ files }: FollowState, file: FollowedFile): FollowedFile | undefined {
  if (isTelling(file.identity)) return undefined;
  return Array.from(files.values()).find((other) => holdsAll(positionOf(other), file));
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
  const { target } = position;
  if (target !== undefined)
    paths.push(...((await attempt(state, target, () => filesIn(dirname(target)))) ?? []));
  const { files } = await statFiles(paths);
  const candidates = files.filter(
    ({ stats }) => stats.size >= position.offsetBytes && !state.files.has(fileKey(stats)),
  );
  for (const { path } of candidates.slice(-MOST_OPENED).reverse()) {
    const file = await attempt(state, path, () => openFollowed(path, state.split));
    if (file === undefined) continue;
    const from =
      isSame(position, file) && (await attempt(state, path, () => resumeAt(file, position.path, position)));
    if (from && from.offsetBytes === position.offsetBytes) {
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
    const trouble = state.troubles.get(position.path);
    // The file at its path, which cannot be read now, may be the one.
    const isUnreadable = trouble !== undefined && !isMissing(trouble);
    const moved = isUnreadable ? 'unknown' : await findMoved(state, position);
    if (moved === 'unknown') unknown.push(position);
    else if (moved === undefined) reportGone(state, position);
    else letWait(state, position.path, moved);
  }
  state.pending = unknown;
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
  return paths.some((asked) => isGlob(asked) || own.includes(resolve(asked)));
}
