import { access, cp, mkdir, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The viewing stack's files as the package carries them, and a copy of them for the user. */

/** `docs/stack` of the package: two folders up from here, in `src` as in `dist`. */
const shipped = fileURLToPath(new URL('../../docs/stack/', import.meta.url));

/** The files' paths below the stack's folder, sorted. */
export async function stackFiles(): Promise<readonly string[]> {
  const found = await readdir(shipped, { recursive: true, withFileTypes: true });
  const files = found.filter((file) => file.isFile());
  return files.map((file) => relative(shipped, join(file.parentPath, file.name))).sort();
}

/** Those of `files` that `folder` has already. */
export async function alreadyIn(folder: string, files: readonly string[]): Promise<readonly string[]> {
  const there = await Promise.all(
    files.map((file) =>
      access(join(folder, file)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return files.filter((_, index) => there[index]);
}

/** Writes the stack's files below `folder`, which is made when it is not there. Overwrites. */
export async function writeStack(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await cp(shipped, folder, { recursive: true });
}
