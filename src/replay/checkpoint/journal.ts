/**
 * The journal: what happened since a checkpoint, one line each, in a file beside it. It notes which spans and points have
 * their outcome and when the log had fallen silent, so that the next run, which reads the same lines again, sends nothing
 * twice. The digest of the checkpoint is in its name, so the two belong together at every moment of a crash.
 */
import { closeSync, fstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../model/json.ts';
import { type Counts, NO_COUNTS, NO_OUTCOME, type OutcomeCounts, plus } from '../../model/sink.ts';
import { errorCode, systemProblem } from '../../model/system-error.ts';
import { readSpanKeys, type SpanKey } from './span-key.ts';

/** `lines`: the number of lines read by then, over all runs. */
export type JournalLine = SpansLine | PointsLine | SilenceLine;

interface OutcomeLine {
  readonly lines: number;
  /** The destination, as in its account. */
  readonly to: string;
  /** Outcomes of these spans, or of the points since the line before. */
  readonly how: OutcomeCounts;
}

interface SpansLine extends OutcomeLine {
  readonly kind: 'spans';
  /** `toText()` of `SpanKeys`. */
  readonly keys: string;
}

interface PointsLine extends OutcomeLine, Pick<SettledPoints, 'through'> {
  readonly kind: 'points';
  /** Identifies the snapshot: the time of its points, or its place. */
  readonly time: number;
}

interface SilenceLine {
  readonly kind: 'silence';
  readonly lines: number;
}

/** What earlier runs did since the checkpoint. */
export interface JournalState {
  /** Number of lines that had been read, as far as is known. */
  readonly upTo: number;
  /** Line counts at which the log had fallen silent, ascending: events in the reorder window were released there. */
  readonly silences: readonly number[];
  /** The outcome of each span, by destination. */
  readonly spans: ReadonlyMap<string, Map<SpanKey, OutcomeCounts>>;
  /** By destination, then by the time of the snapshot. */
  readonly points: ReadonlyMap<string, Map<number, SettledPoints>>;
  /** Number of whole lines that are none of the above. */
  readonly strangeLines: number;
}

export interface SettledPoints {
  /** Number of points from the first one on. */
  readonly through: number;
  readonly how: Counts;
}

export type Journal = ReturnType<typeof openJournal>;

/** About 1.5 million spans. A journal must fill neither the disk nor the memory of the next run. */
const MOST_BYTES = 16 * 1024 * 1024;

export function openJournal(directory: string, onNotice: (sentence: string) => void, mostBytes = MOST_BYTES) {
  let path: string | undefined;
  let descriptor: number | undefined;
  let bytes = 0;
  let problem: string | undefined;
  /** Ends whatever the file ends with, such as half a line of a killed writer. Blank lines mean nothing. */
  let lead = '\n';

  /** Closes the file; the next `begin` opens it again. */
  function close(): void {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
    path = undefined;
    lead = '\n';
    bytes = 0;
  }

  function open(at: string): number {
    const opened = openSync(at, 'a', 0o600);
    bytes = fstatSync(opened).size;
    return opened;
  }

  function append(text: string): string | undefined {
    if (path === undefined) return undefined;
    try {
      descriptor ??= open(path);
      if (bytes > mostBytes) return 'it is full';
      const all = `${lead}${text}\n`;
      lead = '\n';
      writeText(descriptor, all);
      lead = '';
      bytes += Buffer.byteLength(all);
      return undefined;
    } catch (error) {
      return systemProblem(error);
    }
  }

  return {
    /** Starts the journal of the checkpoint with this digest and removes the one before. */
    begin(digest: string): void {
      const before = path;
      const next = pathOf(directory, digest);
      if (next === before) return;
      close();
      path = next;
      try {
        if (before !== undefined) rmSync(before, { force: true });
        descriptor = open(path);
      } catch {
        // The next `note` tries again and reports it. The next start removes an old journal that is left.
      }
    },
    /**
     * Notes lines, which then survive this process (not the machine: nothing is synced). Before the first `begin` nothing is
     * kept. A line that cannot be written is reported once: after a crash its spans are sent again.
     */
    note(...lines: readonly JournalLine[]): void {
      const now = append(lines.map((line) => JSON.stringify(line)).join('\n'));
      if (now !== undefined && now !== problem) {
        onNotice(
          `the journal of the checkpoint cannot be written: ${now}; after a crash, spans would be sent again.`,
        );
      }
      problem = now;
    },
    /** True when a new checkpoint should soon replace it. */
    isHalfFull: () => bytes > mostBytes / 2,
    close,
  };
}

/** Synchronous: an asynchronous write would leave a gap after the answer in which a kill doubles a whole request. */
function writeText(descriptor: number, text: string): void {
  // As text, and nearly always at once: bytes are encoded only when the system took a part of them.
  let written = writeSync(descriptor, text);
  if (written === Buffer.byteLength(text)) return;
  const all = Buffer.from(text);
  while (written < all.length) written += writeSync(descriptor, all, written);
}

/** The lines that belong to the checkpoint with this digest; the last one may be cut short. Throws system errors. */
export async function readJournal(directory: string, digest: string): Promise<readonly string[]> {
  try {
    return (await readFile(pathOf(directory, digest), 'utf8')).split('\n').filter(Boolean);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Removes the journals of other checkpoints, which a killed run may have left. */
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

export function readState(texts: readonly string[]): JournalState {
  const spans = new Map<string, Map<SpanKey, OutcomeCounts>>();
  const points = new Map<string, Map<number, SettledPoints>>();
  const silences = new Set<number>();
  let [upTo, strangeLines] = [0, 0];
  for (const text of texts) {
    const line = lineOf(text);
    if (line === 'strange') strangeLines += 1;
    if (line === undefined || line === 'strange') continue;
    upTo = Math.max(upTo, line.lines);
    if (line.kind === 'silence') silences.add(line.lines);
    else if (line.kind === 'points') addPoints(mapOf(points, line.to), line);
    else addSpans(mapOf(spans, line.to), line);
  }
  return { upTo, silences: [...silences].sort((a, b) => a - b), spans, points, strangeLines };
}

function addPoints(points: Map<number, SettledPoints>, line: PointsLine): void {
  const how = plus(points.get(line.time)?.how ?? NO_COUNTS, line.how);
  points.set(line.time, { through: line.through, how });
}

function addSpans(spans: Map<SpanKey, OutcomeCounts>, { keys, how }: SpansLine): void {
  for (const [at, key] of readSpanKeys(keys).entries()) spans.set(key, shareOf(how, at));
}

/** `undefined` for half a line, whose writer was killed. */
function lineOf(text: string): JournalLine | 'strange' | undefined {
  const value = parseJson(text);
  if (value === undefined) return undefined;
  return isLine(value) ? value : 'strange';
}

function isLine(value: JsonValue): value is JsonValue & JournalLine {
  if (!isJsonObject(value) || !hasCounts(value, ['lines'])) return false;
  if (value.kind === 'silence') return true;
  const isCounted =
    typeof value.to === 'string' && isJsonObject(value.how) && hasCounts(value.how, Object.keys(NO_OUTCOME));
  if (value.kind === 'spans') return isCounted && typeof value.keys === 'string';
  return value.kind === 'points' && isCounted && hasCounts(value, ['time', 'through']);
}

function hasCounts(object: JsonObject, names: readonly string[]): boolean {
  return names.every((name) => Number.isSafeInteger(object[name]) && Number(object[name]) >= 0);
}

function mapOf<K, V>(maps: Map<string, Map<K, V>>, name: string): Map<K, V> {
  const map = maps.get(name) ?? new Map<K, V>();
  maps.set(name, map);
  return map;
}

/** The share of the `at`-th span in the outcomes of its request: a receiver does not say which of them it refused. */
function shareOf({ accepted, rejected, failed, deadLettered }: OutcomeCounts, at: number): OutcomeCounts {
  // What waits on disk is counted when it is sent from there.
  if (accepted + rejected + failed === 0) return NO_OUTCOME;
  if (at < rejected) return REJECTED;
  if (at < rejected + deadLettered) return KEPT;
  return at < rejected + failed ? FAILED : ACCEPTED;
}

const ACCEPTED: OutcomeCounts = { ...NO_OUTCOME, accepted: 1 };
const REJECTED: OutcomeCounts = { ...NO_OUTCOME, rejected: 1 };
const FAILED: OutcomeCounts = { ...NO_OUTCOME, failed: 1 };
const KEPT: OutcomeCounts = { ...FAILED, deadLettered: 1 };
