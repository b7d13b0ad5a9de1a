import { dirname, resolve } from 'node:path';
import { isDynamicPattern } from 'tinyglobby';
import { isIdentity } from './file-identity.ts';
import { fileKey, filesIn, isMissing, statFiles } from './find-files.ts';
import { addFile, attempt, type FollowState, rememberPast, tell } from './follow-state.ts';
import {
  closeFollowed,
  type FollowedFile,
  type FollowPosition,
  openFollowed,
  startAt,
} from './followed-file.ts';

// Rotation renames a file, or copies it aside and truncates it. Either way the rest of what was being read stands in
// a file next to it, perhaps under a name nobody asked to follow.

/** Of a directory with more files only the last changed are opened. */
const MOST_OPENED = 64;

/**
 * The file beside `position.path` that holds what was being read there, not followed so far; it is followed from that
 * position on. `undefined`: there is none. `'unknown'`: the directory cannot be read now.
 */
export async function findMoved(
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

/** For positions asked for that no file under the paths has: looks where their files went while nobody followed. */
export async function findPending(state: FollowState): Promise<void> {
  const unknown: FollowPosition[] = [];
  for (const position of state.pending) {
    const moved = await findUnlessUnreadable(state, position);
    if (moved === 'unknown') unknown.push(position);
    else if (moved === undefined) tellGone(state, position);
    else letWait(state, position.path, moved);
  }
  state.pending = unknown;
}

/** A file that may not be read now may well be the one. */
async function findUnlessUnreadable(
  state: FollowState,
  position: FollowPosition,
): Promise<FollowedFile | undefined | 'unknown'> {
  const trouble = state.troubles.get(position.path);
  return trouble !== undefined && !isMissing(trouble) ? 'unknown' : findMoved(state, position);
}

/** What has the path `path` now is read after `moved`, which had it before. */
export function letWait(state: FollowState, path: string, moved: FollowedFile): void {
  for (const file of state.files.values()) if (file.path === path && file !== moved) file.waitsFor = moved;
}

function tellGone(state: FollowState, position: FollowPosition): void {
  rememberPast(state, position);
  const message = `was removed or replaced since it was read up to byte ${position.offsetBytes}; what came after that is lost`;
  tell(state, 'warning', 'vanished-file', message, position);
}

/** False for a position of a file that is none of the paths. */
export function isAskedFor(paths: readonly string[], { path }: FollowPosition): boolean {
  const own = [resolve(path), resolve(dirname(path))];
  return paths.some((asked) => isDynamicPattern(asked) || own.includes(resolve(asked)));
}
