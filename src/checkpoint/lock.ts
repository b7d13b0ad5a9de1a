/**
 * Keeps two followers apart: a file that only one can make. One whose owner is gone (killed, or the machine went down)
 * is taken over at once. Why our own: docs/adr/0011-checkpoints.md.
 */
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './error-code.ts';
import { isRunning, type Owner, ownerOf, type Probe } from './owner.ts';

export interface Lock {
  release(): Promise<void>;
}

/** An owner elsewhere shows that it lives by touching its lock; silent for so long, it is gone. */
const ELSEWHERE_MILLIS = 60_000;
const TOUCH_MILLIS = 15_000;

/**
 * Takes the lock of `directory` for this process.
 * @returns who holds it, when somebody does. Throws what the system throws.
 */
export async function takeLock(directory: string, pid: number, probe: Probe): Promise<Lock | Owner> {
  const path = join(directory, 'lock');
  const own = JSON.stringify(await ownerOf(pid));
  for (;;) {
    if (await make(path, own, pid)) return hold(path, own);
    const text = await readIfThere(path);
    const holder = text === undefined ? undefined : parseOwner(text);
    if (text === undefined) continue;
    if (holder !== undefined && (await isHeld(path, holder, probe))) return holder;
    await removeStale(path, text, pid);
  }
}

export function isOwner(answer: Lock | Owner): answer is Owner {
  return 'host' in answer;
}

/** Those of one process must not take each other's files away. */
let asides = 0;

/** Written aside and linked, so that nobody ever reads half a lock. */
async function make(path: string, own: string, pid: number): Promise<boolean> {
  const aside = `${path}.${pid}.${asides++}`;
  await writeFile(aside, own, { mode: 0o600 });
  try {
    await link(aside, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function isHeld(path: string, holder: Owner, probe: Probe): Promise<boolean> {
  const running = await isRunning(holder, probe);
  if (running !== undefined) return running;
  const touched = (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
  return Date.now() - touched < ELSEWHERE_MILLIS;
}

/** Renaming picks one of several that saw the same stale lock. Who took a fresh one by mistake gives it back. */
async function removeStale(path: string, stale: string, pid: number): Promise<void> {
  const aside = `${path}.stale.${pid}.${asides++}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  if ((await readIfThere(aside)) !== stale) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

function hold(path: string, own: string): Lock {
  const timer = setInterval(() => {
    const now = new Date();
    // A lock that cannot be touched is only believed dead from elsewhere.
    void utimes(path, now, now).catch(() => undefined);
  }, TOUCH_MILLIS);
  timer.unref();
  return {
    async release() {
      clearInterval(timer);
      if ((await readIfThere(path)) === own) await rm(path, { force: true });
    },
  };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** `undefined` for what is no lock of ours: a machine that went down may leave an empty file. */
function parseOwner(text: string): Owner | undefined {
  try {
    const { host, pid, began } = JSON.parse(text);
    const isOwner = typeof host === 'string' && Number.isSafeInteger(pid) && typeof began === 'string';
    return isOwner ? { host, pid, began } : undefined;
  } catch {
    return undefined;
  }
}
