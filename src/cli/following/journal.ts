/**
 * What a follower notes down between two checkpoints: which spans and points have their outcome, and when the log had
 * fallen silent. The next run, which goes over the same lines again, needs no more to send nothing twice.
 */
import type { Settlement } from '../../model/sink.ts';
import type { EpochMicros } from '../../model/time.ts';
import { readSendings, type Sending } from './sendings.ts';

/** `lines`: how many had been read, over all runs. */
export type JournalLine = SpansLine | PointsLine | SilenceLine;

interface SpansLine {
  readonly kind: 'spans';
  readonly lines: number;
  readonly to: string;
  /** `toText()` of `Sendings`. */
  readonly sendings: string;
  readonly how: Settlement;
}

interface PointsLine {
  readonly kind: 'points';
  readonly lines: number;
  readonly to: string;
  readonly time: EpochMicros;
  /** Of the snapshot, so many points from its first one on have their outcome. */
  readonly through: number;
  /** Of those that have it since the line before. */
  readonly how: Settlement;
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
  readonly spans: ReadonlyMap<string, Map<Sending, Settlement>>;
  /** By destination, then by the time of the snapshot. */
  readonly points: ReadonlyMap<string, Map<EpochMicros, SettledPoints>>;
}

export interface SettledPoints {
  /** So many from the first one on. */
  readonly through: number;
  readonly how: Settlement;
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
  const spans = new Map<string, Map<Sending, Settlement>>();
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

function addSpans(spans: Map<Sending, Settlement>, sendings: readonly Sending[], how: Settlement): void {
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
function shareOf({ rejected, failed, deadLettered }: Settlement, at: number): Settlement {
  if (at < rejected) return REJECTED;
  if (at < rejected + deadLettered) return KEPT;
  return at < rejected + failed ? FAILED : ACCEPTED;
}

export const NOTHING: Settlement = { accepted: 0, rejected: 0, failed: 0, deadLettered: 0 };
const ACCEPTED: Settlement = { ...NOTHING, accepted: 1 };
const REJECTED: Settlement = { ...NOTHING, rejected: 1 };
const FAILED: Settlement = { ...NOTHING, failed: 1 };
const KEPT: Settlement = { ...FAILED, deadLettered: 1 };

export function sumOf(a: Settlement, b: Settlement): Settlement {
  return {
    accepted: a.accepted + b.accepted,
    rejected: a.rejected + b.rejected,
    failed: a.failed + b.failed,
    deadLettered: a.deadLettered + b.deadLettered,
  };
}
