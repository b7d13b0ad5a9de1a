import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { errorCode } from './error-code.ts';

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
