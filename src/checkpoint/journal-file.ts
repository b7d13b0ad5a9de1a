/**
 * What happened since a checkpoint, a line each, in a file beside it. The file has the checkpoint's digest in its name,
 * so that the two belong together at every moment, whoever was killed in between. Knows nothing of what lines say.
 */
import { closeSync, fstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './error-code.ts';

export interface JournalFile {
  /** From now on lines belong to the checkpoint of this digest; those of another one are worth nothing any more. */
  begin(digest: string): void;
  /**
   * One line or several. When it returns, they outlive this process (though not the machine: nothing is synced). Before the first
   * `begin` nothing is kept. Throws what the system throws.
   * @returns false when the file is full: nothing was written.
   */
  append(lines: string): boolean;
  close(): void;
}

/** Of a million and a half spans: what comes after a checkpoint that is long the last one must not fill the disk, nor the memory of the next run. */
export const MOST_JOURNAL_BYTES = 16 * 1024 * 1024;

export function openJournal(directory: string): JournalFile {
  let path: string | undefined;
  let descriptor: number | undefined;
  let bytes = 0;
  /** Whatever the file ends with, half a line of a killed writer too, is ended first. Blank lines mean nothing. */
  let lead = '\n';

  function close(): void {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
    lead = '\n';
    bytes = 0;
  }

  function open(at: string): number {
    const opened = openSync(at, 'a', 0o600);
    bytes = fstatSync(opened).size;
    return opened;
  }

  return {
    begin(digest) {
      const before = path;
      path = pathOf(directory, digest);
      if (path === before) return;
      close();
      try {
        if (before !== undefined) rmSync(before, { force: true });
        descriptor = open(path);
      } catch {
        // `append` tries again, and tells; what could not be removed is at the next start.
      }
    },
    append(lines) {
      if (path === undefined) return true;
      descriptor ??= open(path);
      if (bytes > MOST_JOURNAL_BYTES) return false;
      const text = `${lead}${lines}\n`;
      lead = '\n';
      writeText(descriptor, text);
      lead = '';
      bytes += Buffer.byteLength(text);
      return true;
    },
    close,
  };
}

/** Synchronously: what is written later is not written when the next moment is the last one. */
function writeText(descriptor: number, text: string): void {
  // At once, and as text, as nearly always: bytes are made of it only when the system took a part of them.
  let written = writeSync(descriptor, text);
  if (written === Buffer.byteLength(text)) return;
  const all = Buffer.from(text);
  while (written < all.length) written += writeSync(descriptor, all, written);
}

/** The lines that belong to the checkpoint of this digest. Half a line, of a writer that was killed, may be among them. */
export async function readJournal(directory: string, digest: string): Promise<readonly string[]> {
  try {
    return (await readFile(pathOf(directory, digest), 'utf8')).split('\n').filter(Boolean);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Removes what a run left that was killed between a checkpoint and the end of the journal before it. */
export async function removeOtherJournals(directory: string, digest: string | undefined): Promise<void> {
  const own = digest === undefined ? undefined : nameOf(digest);
  for (const name of await readdir(directory)) {
    if (JOURNAL.test(name) && name !== own) await rm(join(directory, name), { force: true });
  }
}

const JOURNAL = /^sent-[0-9a-f]{16}\.ndjson$/;

function nameOf(digest: string): string {
  return `sent-${digest.slice(0, 16)}.ndjson`;
}

function pathOf(directory: string, digest: string): string {
  return join(directory, nameOf(digest));
}
