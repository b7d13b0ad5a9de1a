import type { Stats } from 'node:fs';
import { isCopy, isIdentity } from './file-identity.ts';
import { type FoundFile, fileKey, findFiles } from './find-files.ts';
import { findMoved, letWait } from './find-moved.ts';
import {
  addFile,
  attempt,
  dropFile,
  type FollowState,
  noteTrouble,
  OPEN_FILES,
  rememberPast,
  takePosition,
  tell,
  tellRestart,
} from './follow-state.ts';
import {
  closeFollowed,
  type FollowedFile,
  type FollowPosition,
  noteChange,
  openFollowed,
  positionOf,
  startAt,
} from './followed-file.ts';

// Once per poll: which files are there now, and what became of those that were. Reads no lines.

/** Brings `state` up to date with the file system. */
export async function lookAround(state: FollowState): Promise<void> {
  const { files: found, troubles } = await findFiles(state.paths);
  forgetTroubles(state, new Set([...troubles.keys(), ...found.map(({ path }) => path)]));
  for (const [path, code] of troubles) noteTrouble(state, path, code);
  const seen = new Set(found.map(({ stats }) => fileKey(stats)));
  const wasAt = new Map(Array.from(state.files.values(), (file) => [file.path, file]));
  // The known ones first: who was renamed, who begins anew. Only then it can be told what a new file is.
  const isKnown = ({ stats }: FoundFile) => state.files.has(fileKey(stats));
  for (const file of found.filter(isKnown)) await noteFound(state, file);
  for (const file of found.filter((file) => !isKnown(file)))
    await meet(state, file, seen, wasAt.get(file.path));
  for (const [path, file] of state.renamed) letWait(state, path, file);
  state.renamed.clear();
  for (const file of Array.from(state.files.values())) if (!seen.has(file.key)) await fadeOut(state, file);
  for (const key of state.passedOver.keys()) if (!seen.has(key)) state.passedOver.delete(key);
}

/** Of paths that are there no more, and of directories that can be read again. */
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

/** Looks at a followed file. When it begins anew, the rest of what it held may stand in a copy: that comes first. */
async function noteFile(state: FollowState, file: FollowedFile, stats: Stats): Promise<void> {
  const wasShortened = file.shortened;
  const restart = await attempt(state, file.path, () => noteChange(file, stats));
  addFile(state, file);
  if (file.shortened && !wasShortened && file.sizeBytes > 0) {
    tell(
      state,
      'warning',
      'shortened-file',
      'is shorter than what was read of it; it is waited for',
      positionOf(file),
    );
  }
  if (restart === undefined) return;
  state.byHead.delete(restart.was.identity.headHash);
  tellRestart(state, restart.was, restart.lostBytes);
  const moved = await findMoved(state, restart.was);
  if (moved === undefined || moved === 'unknown') rememberPast(state, restart.was);
  else file.waitsFor = moved;
}

/** A file not followed so far. `before` is the one that had its path. An empty one is nothing yet. */
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
  // The original is gone, and all that it held is in the copy.
  if (copied) await dropFile(state, original);
  else file.waitsFor = before;
  state.troubles.delete(path);
  addFile(state, file);
  if (state.files.size > OPEN_FILES) await closeFollowed(file);
}

/** Goes on at a position, if there is one. A log that was renamed while nobody followed is read before its successor. */
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

/** Holds until the inode is another file's, or the original is gone or holds something else. */
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

/** A file under none of the paths any more: renamed or deleted, but perhaps still written to. */
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
