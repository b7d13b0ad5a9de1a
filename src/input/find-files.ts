import type { Stats } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { systemCode } from './byte-source.ts';

export interface FoundFile {
  readonly path: string;
  readonly stats: Stats;
}

export interface FoundFiles {
  /** Least recently changed first; each file once, however often it is named. */
  readonly files: readonly FoundFile[];
  /** Paths that could not be read: path → the system's code (`ENOENT`, `EACCES`…). */
  readonly troubles: ReadonlyMap<string, string>;
}

/** The regular files of `paths`: a file itself, the files in a directory (no hidden ones, no subdirectories), those of a glob. */
export async function findFiles(paths: readonly string[]): Promise<FoundFiles> {
  const troubles = new Map<string, string>();
  const expanded: string[] = [];
  for (const path of paths) {
    const kind = await kindOfPath(path);
    if (kind === 'glob') {
      const { glob } = await import('tinyglobby');
      const matches = await glob(path, { absolute: isAbsolute(path), expandDirectories: false });
      expanded.push(...(await withoutSideFiles(matches.sort())));
      continue;
    }
    const [inside, listCode] = kind === 'directory' ? await systemAnswer(() => filesIn(path)) : [[path]];
    if (listCode !== undefined) troubles.set(path, listCode);
    expanded.push(...(inside ?? []));
  }
  const found = await statFiles(expanded);
  return { files: found.files, troubles: new Map([...troubles, ...found.troubles]) };
}

/** What a path names. A glob is one only where no file has that name. */
export async function kindOfPath(path: string): Promise<'file' | 'directory' | 'glob'> {
  const [isDirectory, code] = await systemAnswer(async () => (await stat(path)).isDirectory());
  if (isDirectory === true) return 'directory';
  return isMissing(code) && isGlob(path) ? 'glob' : 'file';
}

/** True for a path that may stand for others. Loads no package, as nearly every path is a file. */
export function isGlob(path: string): boolean {
  return /[*?]|\[.*\]|\{.*\}|\(.*\)|^!/.test(path);
}

/** How every SQLite file begins. */
const SQLITE_HEAD = 'SQLite format 3\0';

/** True for a file that is a database; false also for one that cannot be read. */
export async function isDatabase(path: string): Promise<boolean> {
  let file: FileHandle | undefined;
  try {
    // To open a pipe takes its bytes, or waits for them.
    if (!(await stat(path)).isFile()) return false;
    file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SQLITE_HEAD.length));
    return buffer.toString('latin1', 0, bytesRead) === SQLITE_HEAD;
  } catch {
    return false;
  } finally {
    await file?.close();
  }
}

/**
 * The logs in a Hermes home and in its profiles: databases, and what the recorder wrote. `[]` when there is none, or no such
 * directory.
 */
export async function homeLogs(home: string): Promise<readonly string[]> {
  const profiles = join(home, 'profiles');
  const names = await readdir(profiles).catch(() => []);
  const logs: string[] = [];
  for (const directory of [home, ...names.sort().map((name) => join(profiles, name))]) {
    const database = join(directory, 'state.db');
    if (await isDatabase(database)) logs.push(database);
    const recorded = await readdir(join(directory, 'hermes-otel')).catch(() => []);
    const hookLogs = recorded.filter((file) => /^hooks\.ndjson(?:\.\d+)?$/.test(file)).sort();
    logs.push(...hookLogs.map((file) => join(directory, 'hermes-otel', file)));
  }
  return logs;
}

/** The regular files among `paths`. */
export async function statFiles(paths: readonly string[]): Promise<FoundFiles> {
  const found = new Map<string, FoundFile>();
  const troubles = new Map<string, string>();
  for (const path of paths) {
    const [stats, code] = await systemAnswer(() => stat(path));
    if (code !== undefined) troubles.set(path, code);
    if (stats !== undefined && kindOf(stats) !== undefined) troubles.set(path, 'SPECIAL');
    if (stats?.isFile() && !found.has(fileKey(stats))) found.set(fileKey(stats), { path, stats });
  }
  return { files: inOrder([...found.values()]), troubles };
}

/** Least recently changed first. Two files of a rotation may have the same mtime, as its clock ticks in milliseconds. */
export function inOrder(files: readonly FoundFile[]): readonly FoundFile[] {
  return files.toSorted(
    (a, b) => a.stats.mtimeMs - b.stats.mtimeMs || a.stats.birthtimeMs - b.stats.birthtimeMs,
  );
}

/** What cannot be followed at `path`: `a named pipe`, `a socket` or `a device`; `undefined` for anything else. */
export async function specialFile(path: string): Promise<string | undefined> {
  const [stats] = await systemAnswer(() => stat(path));
  return stats && kindOf(stats);
}

function kindOf(stats: Stats): string | undefined {
  if (stats.isFile() || stats.isDirectory()) return undefined;
  if (stats.isFIFO()) return 'a named pipe';
  return stats.isSocket() ? 'a socket' : 'a device';
}

/** Without the files that SQLite keeps beside a database. */
async function withoutSideFiles(paths: readonly string[]): Promise<string[]> {
  const kept: string[] = [];
  for (const path of paths) {
    const database = /^(.+)-(?:wal|shm|journal)$/.exec(path)?.[1];
    if (database === undefined || !(await isDatabase(database))) kept.push(path);
  }
  return kept;
}

/** The paths in a directory, without hidden ones and what belongs to a database. */
export async function filesIn(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.'));
  return withoutSideFiles(names.sort().map((name) => join(directory, name)));
}

/** Equal for two paths to the same file. */
export function fileKey({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  return `${dev}:${ino}`;
}

export function isMissing(code: string | undefined): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** The answer, or the code of the system error. */
async function systemAnswer<T>(
  ask: () => Promise<T>,
): Promise<[answer: T] | [answer: undefined, code: string]> {
  try {
    return [await ask()];
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    return [undefined, code];
  }
}
