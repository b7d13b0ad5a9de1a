import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { MissingTool } from './command.ts';

/** A program that is ready to start, or why there is none. */
export type Provided =
  | { readonly kind: 'ready'; readonly folder: string }
  | { readonly kind: 'missing'; readonly reason: string };

/** Where built programs are kept: outside the repository, because they take minutes to make and are the same for all work trees. */
function root(): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return process.env.HERMES_OTEL_CACHE ?? join(cache, 'hermes-otel');
}

/**
 * The folder `key` of the cache, filled by `build` when it is not there yet. A folder counts only once its marker is written
 * (a folder cannot be built elsewhere and renamed: Python's environments hold their own path).
 */
export async function provide(key: string, build: (folder: string) => Promise<void>): Promise<Provided> {
  const folder = join(root(), key);
  const marker = join(folder, '.complete');
  if (await exists(marker)) return { kind: 'ready', folder };
  process.stderr.write(`e2e: building ${key} into ${root()}; this takes minutes, once\n`);
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await build(folder);
    await writeFile(marker, '');
    return { kind: 'ready', folder };
  } catch (error) {
    return { kind: 'missing', reason: reasonOf(error) };
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** One line: the last one a failed build wrote is the one that says why. */
function reasonOf(error: unknown): string {
  if (error instanceof MissingTool) return error.message;
  const text = error instanceof Error ? error.message : String(error);
  return `could not be built: ${text.trim().split('\n').at(-1) ?? ''}`.slice(0, 200);
}
