/** The checkpoint: what a follower writes down, and whether what it finds there is its own. */

import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
// biome-ignore lint/style/noRestrictedImports: the lock names this process, and asks whether another one is alive.
import process from 'node:process';
import type { FollowPosition } from '../../input/followed-file.ts';
import type { SpanId } from '../../model/span.ts';
import { errorCode } from '../../model/system-error.ts';
import { SCHEME } from '../../reconstruct/ids.ts';
import { STATE_FORMAT } from '../../reconstruct/state-text.ts';
import type { DestinationSnapshot } from '../destinations.ts';
import type { Log, ReplayOptions } from '../options.ts';
import { ReplayError } from '../replay-error.ts';
import { createReport, type Report } from '../report.ts';
import { systemProblem } from '../system-problem.ts';
import { packageVersion } from '../version.ts';
import {
  type Earlier,
  type Note,
  noteIn,
  openJournal,
  readEarlier,
  readJournal,
  removeOtherJournals,
} from './journal.ts';
import { isOwner, type Lock, takeLock } from './lock.ts';

export interface Checkpoint {
  /** What an earlier run wrote down; `undefined` for the first one. */
  readonly found: Saved | undefined;
  /** What was noted after it was written; `undefined` for the first one. */
  readonly earlier: Earlier | undefined;
  /** Throws what the system throws; the one before is then still there. What was noted so far is forgotten with it. */
  write(standing: Standing): Promise<void>;
  /** For what comes after the checkpoint, so that it is known even when the next moment is the last one. */
  readonly note: Note;
  /** Lets the next follower in. */
  release(): Promise<void>;
}

/** How far a follower came. Plain data. */
export interface Standing {
  readonly positions: readonly FollowPosition[];
  /** Of `stateToText`. */
  readonly state: string;
  readonly snapshot: DestinationSnapshot;
  readonly report: SavedReport;
  /** Open spans as they were sent last. */
  readonly shown: readonly (readonly [spanId: SpanId, version: string])[];
}

interface Saved extends Standing {
  readonly settings: Readonly<Record<string, string>>;
}

/** 4 is the number of this file's own format, and the journal's. */
const FORMAT = `4 ${SCHEME} ${STATE_FORMAT}`;

/** `undefined` without a checkpoint in the options. Throws a `ReplayError` when it is in use, of another run, or damaged. */
export async function openCheckpoint(
  logs: readonly Log[],
  { follow, on }: Pick<ReplayOptions, 'follow' | 'on'>,
): Promise<Checkpoint | undefined> {
  const options = follow?.checkpoint;
  if (options === undefined) return undefined;
  const { directory } = options;
  const lock = await lockOf(directory);
  try {
    const settings = { log: logs.map(nameOfLog).sort().join(', '), ...options.settings };
    const found = await foundIn(directory, settings);
    const earlier = await usable(directory, () => earlierIn(directory, found?.digest));
    const journal = openJournal(directory);
    if (found !== undefined) journal.begin(found.digest);
    const note = noteIn(journal, on?.notice ?? (() => {}));
    const header = { format: FORMAT, program: packageVersion() };
    return {
      found: found?.saved,
      earlier,
      write: async (standing) => {
        journal.begin(await writeCheckpoint(directory, header, bodyOf({ settings, ...standing })));
      },
      note,
      release: async () => {
        journal.close();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function nameOfLog(log: Log): string {
  return typeof log === 'string' ? resolve(log) : 'a stream';
}

async function earlierIn(directory: string, digest: string | undefined): Promise<Earlier | undefined> {
  await removeOtherJournals(directory, digest);
  return digest === undefined ? undefined : readEarlier(await readJournal(directory, digest));
}

/** The lock names this process, and asks whether another one is alive: the only use of the process in the engine. */
async function lockOf(directory: string): Promise<Lock> {
  const probe = (pid: number) => process.kill(pid, 0);
  const taken = await usable(directory, async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return await takeLock(directory, process.pid, probe);
  });
  if (!isOwner(taken)) return taken;
  const { pid, host } = taken;
  throw new ReplayError(
    'checkpoint',
    `The checkpoint ${directory} is in use by process ${pid} on ${host}. Give each follower a directory of its own.`,
  );
}

/** The state on a line of its own: it is JSON already, and the largest part. */
function bodyOf({ state, ...rest }: Saved): string {
  return `${JSON.stringify(rest)}\n${state}`;
}

function savedIn(body: string): Saved {
  const lineEnd = body.indexOf('\n');
  return { ...JSON.parse(body.slice(0, lineEnd)), state: body.slice(lineEnd + 1) };
}

async function foundIn(
  directory: string,
  settings: Readonly<Record<string, string>>,
): Promise<{ readonly saved: Saved; readonly digest: string } | undefined> {
  const stored = await usable(directory, () => readCheckpoint(directory, FORMAT));
  const anew = `remove ${checkpointPath(directory)} to begin anew`;
  switch (stored.kind) {
    case 'none':
      return undefined;
    case 'unreadable':
      throw new ReplayError('checkpoint', `The checkpoint ${checkpointPath(directory)} is damaged; ${anew}.`);
    case 'other_format':
      throw new ReplayError(
        'checkpoint',
        `The checkpoint ${directory} was written by hermes-otel ${stored.program}, in a format that this version (${packageVersion()}) does not read. Go on with that version, or ${anew}.`,
      );
    case 'body': {
      const saved = savedIn(stored.body);
      const other = Object.keys(settings).find((key) => settings[key] !== saved.settings[key]);
      if (other === undefined) return { saved, digest: stored.digest };
      throw new ReplayError(
        'checkpoint',
        `The checkpoint ${directory} was made with ${other} ${saved.settings[other] || 'unset'}, not ${settings[other] || 'unset'}. Run as before, or ${anew}.`,
      );
    }
    default:
      return stored satisfies never;
  }
}

async function usable<T>(directory: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    throw new ReplayError(
      'checkpoint',
      `The checkpoint ${directory} cannot be used: ${systemProblem(error)}.`,
      { cause: error },
    );
  }
}

/** The counters of a report as plain data, so that the account of a follower goes on after a restart. */
export type SavedReport = Omit<Report, 'metrics' | 'diagnosticCounts' | 'files' | 'onDiagnostic'> & {
  readonly metrics: readonly string[];
  readonly diagnosticCounts: readonly (readonly [code: string, count: number])[];
};

/** Examples for the summary; a checkpoint is written often. */
const KEPT_DIAGNOSTICS = 20;

export function saveReport({ files: _files, onDiagnostic: _heard, ...report }: Report): SavedReport {
  return {
    ...report,
    metrics: [...report.metrics],
    diagnostics: report.diagnostics.slice(0, KEPT_DIAGNOSTICS),
    diagnosticCounts: [...report.diagnosticCounts],
  };
}

export function resumeReport(files: number, saved: SavedReport | undefined): Report {
  if (saved === undefined) return createReport(files);
  return {
    ...createReport(files),
    ...saved,
    metrics: new Set(saved.metrics),
    diagnosticCounts: new Map(saved.diagnosticCounts),
  };
}

/** A checkpoint on the disk: one line that says what it is and proves that the rest, the body, is whole. */
/** What a body means; another one cannot be read. */
export interface CheckpointHeader {
  readonly format: string;
  /** Of the program that wrote it, for people. */
  readonly program: string;
}

export type StoredCheckpoint =
  | { readonly kind: 'none' }
  /** Not a checkpoint, or a damaged one. */
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'other_format'; readonly program: string }
  | { readonly kind: 'body'; readonly body: string; readonly digest: string };

export function checkpointPath(directory: string): string {
  return join(directory, 'checkpoint.json');
}

/** @returns the body's digest, which no other body has. */
export async function writeCheckpoint(
  directory: string,
  header: CheckpointHeader,
  body: string,
): Promise<string> {
  const digest = digestOf(body);
  const line = JSON.stringify({ ...header, sha256: digest });
  await writeWhole(checkpointPath(directory), `${line}\n${body}\n`);
  return digest;
}

/** Throws what the system throws, but for a file that does not exist. */
export async function readCheckpoint(directory: string, format: string): Promise<StoredCheckpoint> {
  const text = await textOf(checkpointPath(directory));
  if (text === undefined) return { kind: 'none' };
  const lineEnd = text.indexOf('\n');
  const header = headerOf(text.slice(0, lineEnd));
  const body = text.slice(lineEnd + 1, -1);
  if (header === undefined) return { kind: 'unreadable' };
  if (header.format !== format) return { kind: 'other_format', program: header.program };
  const digest = digestOf(body);
  return header.sha256 === digest ? { kind: 'body', body, digest } : { kind: 'unreadable' };
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function headerOf(line: string): (CheckpointHeader & { readonly sha256: string }) | undefined {
  try {
    const { format, program, sha256 } = JSON.parse(line);
    const isHeader = [format, program, sha256].every((field) => typeof field === 'string');
    return isHeader ? { format, program, sha256 } : undefined;
  } catch {
    return undefined;
  }
}

function digestOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}

/**
 * Replaces a file in one step: whoever reads it, also after a crash of the machine, finds the old text or the new one.
 * Throws what the system throws; the old text is then still there.
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`;
  try {
    const handle = await open(fresh, 'w', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Without it a machine that loses power may forget the new name. Some file systems cannot, and need not. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path).catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
