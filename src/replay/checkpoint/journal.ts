/**
 * What a follower notes down between two checkpoints: which spans and points have their outcome, and when the log had
 * fallen silent. The next run, which goes over the same lines again, needs no more to send nothing twice.
 */

import { closeSync, fstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutcomeCounts } from '../../model/sink.ts';
import { errorCode } from '../../model/system-error.ts';
import type { EpochMicros } from '../../model/time.ts';
import { systemProblem } from '../system-problem.ts';
import { readSendings, type Sending } from './span-key.ts';

/** `lines`: how many had been read, over all runs. */
export type JournalLine = SpansLine | PointsLine | SilenceLine;

interface SpansLine {
  readonly kind: 'spans';
  readonly lines: number;
  readonly to: string;
  /** `toText()` of `Sendings`. */
  readonly sendings: string;
  readonly how: OutcomeCounts;
}

interface PointsLine {
  readonly kind: 'points';
  readonly lines: number;
  readonly to: string;
  readonly time: EpochMicros;
  /** Of the snapshot, so many points from its first one on have their outcome. */
  readonly through: number;
  /** Of those that have it since the line before. */
  readonly how: OutcomeCounts;
}

interface SilenceLine {
  readonly kind: 'silence';
  readonly lines: number;
}

/** What earlier runs did since the checkpoint. */
export interface Earlier {
  /** So many lines had been read by then, at most. */
  readonly upTo: number;
  /** After how many lines the log had fallen silent, in order: what waited for earlier events was then let go. */
  readonly silences: readonly number[];
  /** By destination: how each ended. */
  readonly spans: ReadonlyMap<string, Map<Sending, OutcomeCounts>>;
  /** By destination, then by the time of the snapshot. */
  readonly points: ReadonlyMap<string, Map<EpochMicros, SettledPoints>>;
}

export interface SettledPoints {
  /** So many from the first one on. */
  readonly through: number;
  readonly how: OutcomeCounts;
}

export function textOf(line: JournalLine): string {
  if (line.kind !== 'spans') return JSON.stringify(line);
  const { lines, how, to, sendings } = line;
  // One for each request, and JSON would look at every character of it.
  const counts = `${how.accepted}\t${how.rejected}\t${how.failed}\t${how.deadLettered}`;
  return `${SPANS}\t${lines}\t${counts}\t${JSON.stringify(to)}\t${sendings}\t${END}`;
}

const SPANS = 'spans';

/** Without it a line was cut short: its writer was killed. */
const END = '.';

export function readEarlier(texts: readonly string[]): Earlier {
  const spans = new Map<string, Map<Sending, OutcomeCounts>>();
  const points = new Map<string, Map<EpochMicros, SettledPoints>>();
  const silences = new Set<number>();
  let upTo = 0;
  for (const text of texts) {
    const line = lineOf(text);
    if (line === undefined) continue;
    upTo = Math.max(upTo, line.lines);
    if (line.kind === 'silence') silences.add(line.lines);
    else if (line.kind === 'points') addPoints(below(points, line.to), line);
    else addSpans(below(spans, line.to), readSendings(line.sendings), line.how);
  }
  return { upTo, silences: [...silences].sort((a, b) => a - b), spans, points };
}

function addPoints(points: Map<EpochMicros, SettledPoints>, line: PointsLine): void {
  const how = sumOf(points.get(line.time)?.how ?? NOTHING, line.how);
  points.set(line.time, { through: line.through, how });
}

function addSpans(
  spans: Map<Sending, OutcomeCounts>,
  sendings: readonly Sending[],
  how: OutcomeCounts,
): void {
  for (const [at, sending] of sendings.entries()) spans.set(sending, shareOf(how, at));
}

/** Half a line is no line: its writer was killed. */
function lineOf(text: string): JournalLine | undefined {
  try {
    return text.startsWith(SPANS) ? spansLineOf(text) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function spansLineOf(text: string): SpansLine | undefined {
  const [, lines, accepted, rejected, failed, deadLettered, to = '', sendings = '', end] = text.split('\t');
  if (end !== END) return undefined;
  const how = {
    accepted: Number(accepted),
    rejected: Number(rejected),
    failed: Number(failed),
    deadLettered: Number(deadLettered),
  };
  return { kind: 'spans', lines: Number(lines), to: JSON.parse(to), sendings, how };
}

function below<K, V>(maps: Map<string, Map<K, V>>, name: string): Map<K, V> {
  const map = maps.get(name) ?? new Map<K, V>();
  maps.set(name, map);
  return map;
}

/** What fell to the `at`-th of the spans that ended so: who was refused in a request that was taken, nobody says. */
function shareOf({ rejected, failed, deadLettered }: OutcomeCounts, at: number): OutcomeCounts {
  if (at < rejected) return REJECTED;
  if (at < rejected + deadLettered) return KEPT;
  return at < rejected + failed ? FAILED : ACCEPTED;
}

export const NOTHING: OutcomeCounts = { accepted: 0, rejected: 0, failed: 0, deadLettered: 0 };
const ACCEPTED: OutcomeCounts = { ...NOTHING, accepted: 1 };
const REJECTED: OutcomeCounts = { ...NOTHING, rejected: 1 };
const FAILED: OutcomeCounts = { ...NOTHING, failed: 1 };
const KEPT: OutcomeCounts = { ...FAILED, deadLettered: 1 };

export function sumOf(a: OutcomeCounts, b: OutcomeCounts): OutcomeCounts {
  return {
    accepted: a.accepted + b.accepted,
    rejected: a.rejected + b.rejected,
    failed: a.failed + b.failed,
    deadLettered: a.deadLettered + b.deadLettered,
  };
}

/**
 * What happened since a checkpoint, a line each, in a file beside it. The file has the checkpoint's digest in its name,
 * so that the two belong together at every moment, whoever was killed in between. Knows nothing of what lines say.
 */
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

/** Writing down what came after a checkpoint, as far as the disk lets us. */
/** All lines at once. What cannot be noted is sent again after a crash, and that is all: it is told once. */
export type Note = (...lines: readonly JournalLine[]) => void;

export function noteIn(journal: JournalFile, tell: (sentence: string) => void): Note {
  let problem: string | undefined;

  function append(lines: readonly JournalLine[]): string | undefined {
    try {
      return journal.append(lines.map(textOf).join('\n')) ? undefined : 'it is full';
    } catch (error) {
      return systemProblem(error);
    }
  }

  return (...lines) => {
    const said = append(lines);
    if (said !== undefined && said !== problem) {
      tell(
        `what is sent cannot be noted beside the checkpoint: ${said}; after a crash it would be sent again.`,
      );
    }
    problem = said;
  };
}
