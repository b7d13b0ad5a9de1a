/** The files of the viewing stack, from this package into a folder of the user. */
import { access, cp, mkdir, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `docs/stack` of the package, which is two folders up in `src` and in `dist`. */
const shipped = fileURLToPath(new URL('../../docs/stack/', import.meta.url));

/** The files' paths below the stack's folder, sorted. */
export async function stackFiles(): Promise<readonly string[]> {
  const found = await readdir(shipped, { recursive: true, withFileTypes: true });
  const files = found.filter((file) => file.isFile());
  return files.map((file) => relative(shipped, join(file.parentPath, file.name))).sort();
}

/** Those of `files` that exist in `folder`. */
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

/** Writes the files to `folder`, which is created when it is missing. Overwrites. */
export async function writeStack(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await cp(shipped, folder, { recursive: true });
}
