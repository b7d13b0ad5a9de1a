/**
 * Keeps two followers apart: a file that only one can make. One whose owner is gone (killed, or the machine went down)
 * is taken over at once. Why our own: docs/adr/0011-checkpoints.md.
 */
import { createHash, randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { errorCode } from '../../model/system-error.ts';

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
  return take(join(directory, 'lock'), JSON.stringify(await ownerOf(pid)), probe);
}

async function take(path: string, own: string, probe: Probe): Promise<Lock | Owner> {
  for (;;) {
    if (await make(path, own)) return hold(path, own);
    const text = await readIfThere(path);
    if (text === undefined) continue;
    const holder = parseOwner(text);
    if (holder !== undefined && (await isHeld(path, holder, probe))) return holder;
    const answer = await takeOver(path, text, own, probe);
    if (answer !== undefined) return answer;
  }
}

/**
 * Of several that saw the same stale lock one may replace it: who has the lock that is named for this one's content.
 * @returns `undefined` when another was quicker and has gone on.
 */
async function takeOver(
  path: string,
  stale: string,
  own: string,
  probe: Probe,
): Promise<Lock | Owner | undefined> {
  const turn = await take(`${path}.${digestOf(stale)}`, own, probe);
  if (isOwner(turn)) return turn;
  try {
    if ((await readIfThere(path)) !== stale) return undefined;
    await aside(path, own, (fresh) => rename(fresh, path));
    return hold(path, own);
  } finally {
    await turn.release();
  }
}

export function isOwner(answer: Lock | Owner): answer is Owner {
  return 'host' in answer;
}

async function make(path: string, own: string): Promise<boolean> {
  try {
    await aside(path, own, (fresh) => link(fresh, path));
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Written aside, then put in place, so that nobody ever reads half a lock. */
async function aside(path: string, own: string, put: (fresh: string) => Promise<void>): Promise<void> {
  // Not the process number: in two containers that share the directory, both may be 1.
  const fresh = `${path}.${randomUUID()}`;
  await writeFile(fresh, own, { mode: 0o600 });
  try {
    await put(fresh);
  } finally {
    await rm(fresh, { force: true });
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

async function isHeld(path: string, holder: Owner, probe: Probe): Promise<boolean> {
  const running = await isRunning(holder, probe);
  if (running !== undefined) return running;
  const touched = (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
  return Date.now() - touched < ELSEWHERE_MILLIS;
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

/** Who holds a lock. Plain data. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** When the process began, in the system's own words; '' where the system does not tell. Process numbers come again. */
  readonly began: string;
}

/** Asks whether a process is there, as `process.kill(pid, 0)` does: throws when not. */
export type Probe = (pid: number) => unknown;

export async function ownerOf(pid: number): Promise<Owner> {
  return { host: hostname(), pid, began: (await beginningOf(pid)) ?? '' };
}

/**
 * Whether the owner still runs. `undefined` when that cannot be told from here: it is, or was, on another machine or in
 * another container.
 */
export async function isRunning(owner: Owner, probe: Probe): Promise<boolean | undefined> {
  if (owner.host !== hostname()) return undefined;
  if (!answers(owner.pid, probe)) return false;
  const began = await beginningOf(owner.pid);
  return began === undefined || owner.began === '' || began === owner.began;
}

function answers(pid: number, probe: Probe): boolean {
  try {
    probe(pid);
    return true;
  } catch (error) {
    // One of another user is there, and does not want to be asked.
    return errorCode(error) === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat, ticks since the boot, behind the boot's own id; the second field may hold anything. */
async function beginningOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return ticks === undefined ? undefined : `${boot.trim()} ${ticks}`;
  } catch {
    return undefined;
  }
}
