import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
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
    const [isDirectory, code] = await systemAnswer(async () => (await stat(path)).isDirectory());
    if (isMissing(code) && isDynamicPattern(path)) {
      expanded.push(...(await glob(path, { absolute: isAbsolute(path), expandDirectories: false })).sort());
      continue;
    }
    const [inside, listCode] = isDirectory === true ? await systemAnswer(() => filesIn(path)) : [[path]];
    if (listCode !== undefined) troubles.set(path, listCode);
    expanded.push(...(inside ?? []));
  }
  const found = await statFiles(expanded);
  return { files: found.files, troubles: new Map([...troubles, ...found.troubles]) };
}

/** True for a directory, and for a glob that is not the name of a file. */
export async function isPattern(path: string): Promise<boolean> {
  const [isDirectory, code] = await systemAnswer(async () => (await stat(path)).isDirectory());
  return isDirectory === true || (isMissing(code) && isDynamicPattern(path));
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

/** The paths in a directory, without hidden ones. */
export async function filesIn(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.'));
  return names.sort().map((name) => join(directory, name));
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
