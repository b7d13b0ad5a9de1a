/** The checkpoint: how far a follower came, in a directory with its lock and its journal, for the next run to resume from. */
import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
// biome-ignore lint/style/noRestrictedImports: the lock names this process and asks whether another one runs.
import process from 'node:process';
import { plainText } from '../../export/outside-text.ts';
import { createSessionCount } from '../../model/figures.ts';
import { isJsonObject, parseJson } from '../../model/json.ts';
import type { Redaction } from '../../model/redact.ts';
import type { SpanId } from '../../model/span.ts';
import { systemProblem } from '../../model/system-error.ts';
import { SCHEME } from '../../reconstruct/ids.ts';
import { STATE_FORMAT } from '../../reconstruct/state-text.ts';
import type { DestinationSnapshot } from '../destinations.ts';
import type { FollowedProgress } from '../input.ts';
import type { Log, ReplayOptions } from '../options.ts';
import { packageVersion } from '../origin.ts';
import type { RecentText } from '../recent.ts';
import { ReplayError } from '../replay-error.ts';
import { createReport, type Report } from '../report.ts';
import { openJournal, readJournal, readState, removeOtherJournals } from './journal.ts';
import { isOwner, type Lock, readIfThere, takeLock } from './lock.ts';

/** `Saved`: what it holds. */
export type Checkpoint<Saved extends SavedState = Snapshot> = Awaited<
  ReturnType<typeof openCheckpoint<Saved>>
>;

/** What a checkpoint holds. Plain data. */
export interface SavedState {
  /** `stateToText()`. It has a line of its own: it is JSON already, and the largest part. */
  readonly state?: string;
}

/** A follower between two batches. */
export interface Snapshot extends SavedState {
  readonly positions: FollowedProgress['positions'];
  readonly yielded: FollowedProgress['yielded'];
  readonly state: string;
  readonly destinations: DestinationSnapshot;
  readonly measured: RecentText | undefined;
  /** Lines that were read last. */
  readonly repeats: RecentText;
  readonly report: SavedReport;
  /** Open spans, as they were sent last. */
  readonly shown: readonly (readonly [spanId: SpanId, version: string])[];
}

/** 5 is the version of this file's own format and of the journal. */
const FORMAT = `5 ${SCHEME} ${STATE_FORMAT}`;

/** Batches and silences come several times a second. */
const GAP_MILLIS = 1000;

/** The checkpoint of a follower; `undefined` without one in the options. Throws as `openCheckpoint` does. */
export async function openFollowCheckpoint(
  logs: readonly Log[],
  { follow, on }: Pick<ReplayOptions, 'follow' | 'on'>,
): Promise<Checkpoint | undefined> {
  if (follow?.checkpoint === undefined) return undefined;
  const { directory, settings } = follow.checkpoint;
  const names = logs.map((log) => (typeof log === 'string' ? resolve(log) : 'a stream'));
  const log = names.sort().join(', ');
  return await openCheckpoint<Snapshot>(directory, { log, ...settings }, on?.notice);
}

/**
 * @param settings what must not change from run to run, by a name that messages show
 * Throws a `ReplayError` when it is in use, of another run, or damaged.
 */
export async function openCheckpoint<Saved extends SavedState>(
  directory: string,
  settings: Settings,
  onNotice: (sentence: string) => void = () => {},
) {
  const lock = await lockOf(directory);
  try {
    const found = await snapshotIn<Saved>(directory, settings);
    const journalState = await usable(directory, async () => {
      await removeOtherJournals(directory, found?.digest);
      return found && readState(await readJournal(directory, found.digest));
    });
    const strange = journalState?.strangeLines ?? 0;
    if (strange > 0) {
      onNotice(
        `${strange} damaged ${strange === 1 ? 'line' : 'lines'} of the journal in ${directory} ${strange === 1 ? 'is' : 'are'} ignored: what was noted there is sent again.`,
      );
    }
    const journal = openJournal(directory, onNotice);
    if (found !== undefined) journal.begin(found.digest);
    const lost: AbortSignal = lock.lost;
    let isRemoved = false;
    const noteRemoval = () => {
      if (!lock.wasRenewed()) return;
      isRemoved = true;
      journal.close();
      onNotice(`the checkpoint ${directory} was removed and is created again.`);
    };
    const throwIfLost = () => {
      if (!lost.aborted) return;
      throw new ReplayError(
        'lost-lock',
        `Another follower has taken over the checkpoint ${directory} while this one was not running. This one ends.`,
      );
    };
    let calledAt = performance.now();
    return {
      directory,
      /** Where an earlier run stopped; `undefined` for the first run. */
      snapshot: found?.snapshot,
      /** What happened after that snapshot; `undefined` for the first run. */
      journalState,
      journal,
      /** Aborted when another follower has taken the checkpoint over. */
      lost,
      /**
       * Called before a batch is sent. After a gap, in which this process may have been frozen, it looks at the lock.
       * Throws a `ReplayError` (`lost-lock`) when another follower has it.
       */
      async assertHeld(): Promise<void> {
        const isGap = performance.now() - calledAt > GAP_MILLIS;
        calledAt = performance.now();
        if (isGap) await lock.check();
        throwIfLost();
      },
      /** True when it should be written soon: the journal is half full, or the directory was removed. */
      isUrgent: (): boolean => {
        noteRemoval();
        return isRemoved || journal.isHalfFull();
      },
      /**
       * Replaces the snapshot, and begins a new journal. A directory that was removed is created again. Throws system errors;
       * the snapshot before then stays. Throws a `ReplayError` (`lost-lock`) when another follower has taken it over.
       */
      write: async ({ state = '', ...rest }: Saved): Promise<void> => {
        await lock.check();
        throwIfLost();
        noteRemoval();
        const { text, digest } = sealed(`${JSON.stringify({ settings, ...rest })}\n${state}`);
        await replaceFile(checkpointPath(directory), text);
        journal.begin(digest);
        isRemoved = false;
      },
      /** Lets the next follower in. */
      release: async (): Promise<void> => {
        journal.close();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Takes the lock of a checkpoint. Throws a `ReplayError` when another process holds it. */
async function lockOf(directory: string): Promise<Lock> {
  const probe = (pid: number) => process.kill(pid, 0);
  const taken = await usable(directory, async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return await takeLock(directory, process.pid, probe);
  });
  if (!isOwner(taken)) return taken;
  const { pid, host } = taken;
  throw problem(
    `${directory} is in use by process ${pid} on ${plainText(host, 100)}. Give each run a directory of its own.`,
  );
}

function problem(sentence: string, cause?: unknown): ReplayError {
  return new ReplayError('checkpoint', `The checkpoint ${sentence}`, { cause });
}

async function usable<T>(directory: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    throw problem(`${directory} cannot be used: ${systemProblem(error)}.`, error);
  }
}

/** What must not change from run to run, by a name that messages show. */
export type Settings = Readonly<Record<string, string>>;

async function snapshotIn<Saved extends SavedState>(
  directory: string,
  settings: Settings,
): Promise<{ readonly snapshot: Saved; readonly digest: string } | undefined> {
  const path = checkpointPath(directory);
  const text = await usable(directory, () => readIfThere(path));
  if (text === undefined) return undefined;
  const anew = `remove ${path} to begin anew`;
  const { body, digest } = unsealed(text, path, anew);
  const lineEnd = body.indexOf('\n');
  const { settings: before, ...saved } = JSON.parse(body.slice(0, lineEnd));
  requireSame(settings, before, directory, anew);
  return { snapshot: { ...saved, state: body.slice(lineEnd + 1) }, digest };
}

/** Throws a `ReplayError` that names the first setting which changed since the checkpoint was written. */
export function requireSame(settings: Settings, before: Settings, where: string, anew: string): void {
  const other = Object.keys(settings).find((key) => settings[key] !== before[key]);
  if (other === undefined) return;
  throw problem(
    `${where} was made with ${other} ${before[other] || 'unset'}, not ${settings[other] || 'unset'}. Run as before, or ${anew}.`,
  );
}

/** The body that `sealed` wrote, and its digest. Throws a `ReplayError` for another format or a damaged text. */
export function unsealed(text: string, where: string, anew: string): { body: string; digest: string } {
  const lineEnd = text.indexOf('\n');
  const header = headerOf(text.slice(0, lineEnd));
  const body = text.slice(lineEnd + 1, -1);
  if (header !== undefined && header.format !== FORMAT) {
    throw problem(
      `${where} was written by hermes-otel ${header.program}, in a format that this version (${packageVersion()}) does not read. Go on with that version, or ${anew}.`,
    );
  }
  const digest = digestOf(body);
  if (header?.sha256 !== digest) throw problem(`${where} is damaged; ${anew}.`);
  return { body, digest };
}

/** The body behind a header that states the format and proves that the rest is whole. */
export function sealed(body: string): { text: string; digest: string } {
  const header: Header = { format: FORMAT, program: packageVersion(), sha256: digestOf(body) };
  return { text: `${JSON.stringify(header)}\n${body}\n`, digest: header.sha256 };
}

/** The first line of the file. It states the format, and proves that the rest is whole. */
interface Header {
  readonly format: string;
  /** Version of the program that wrote the file. */
  readonly program: string;
  readonly sha256: string;
}

function headerOf(line: string): Header | undefined {
  const value = parseJson(line);
  if (!isJsonObject(value)) return undefined;
  const { format, program, sha256 } = value;
  const isHeader = typeof format === 'string' && typeof program === 'string' && typeof sha256 === 'string';
  return isHeader ? { format, program, sha256 } : undefined;
}

function checkpointPath(directory: string): string {
  return join(directory, 'checkpoint.json');
}

function digestOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}

/** Replaces a file in one step: also after a crash of the machine it has the old text or the new one. Throws system errors. */
export async function replaceFile(path: string, text: string | Uint8Array): Promise<void> {
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

/** Without it, a machine that loses power may forget the new name. Some file systems cannot sync a directory. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path).catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** The counters of a report as plain data: the account of a follower continues after a restart. */
export type SavedReport = Omit<
  Report,
  'metrics' | 'diagnosticCounts' | 'files' | 'onDiagnostic' | 'redaction' | 'sessionCount'
> & {
  readonly sessions: { readonly count: number; readonly latest: readonly string[] };
  readonly metrics: readonly string[];
  readonly diagnosticCounts: readonly (readonly [code: string, count: number])[];
};

/** Examples for the summary. Few, as a checkpoint is written often. */
const KEPT_DIAGNOSTICS = 20;

/** Sessions that a rotated one may continue, or whose turns may still come. */
const KEPT_SESSIONS = 200;

export function saveReport({
  files: _files,
  onDiagnostic: _on,
  redaction: _redaction,
  sessionCount,
  ...report
}: Report): SavedReport {
  return {
    ...report,
    sessions: { count: sessionCount.count, latest: [...sessionCount.ids].slice(-KEPT_SESSIONS) },
    metrics: [...report.metrics],
    diagnostics: report.diagnostics.slice(0, KEPT_DIAGNOSTICS),
    diagnosticCounts: [...report.diagnosticCounts],
  };
}

export function resumeReport(files: number, saved: SavedReport | undefined, redaction: Redaction): Report {
  if (saved === undefined) return createReport(files, redaction);
  const { sessions, ...rest } = saved;
  return {
    ...createReport(files, redaction),
    ...rest,
    sessionCount: { ...createSessionCount(), count: sessions.count, ids: new Set(sessions.latest) },
    metrics: new Set(saved.metrics),
    diagnosticCounts: new Map(saved.diagnosticCounts),
  };
}
