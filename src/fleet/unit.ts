/** One source among many: its reconstruction, and which of its lines were delivered. Nothing is shared between two sources. */
import type { Redaction } from '../model/redact.ts';
import type { ReconstructOptions } from '../reconstruct/options.ts';
import { createState } from '../reconstruct/state.ts';
import { stateFromText, stateToText } from '../reconstruct/state-text.ts';
import type { Ingestion } from '../replay/ingest.ts';
import {
  createRecent,
  createRepeats,
  FOLLOWED_LINES,
  isMarked,
  keyOf,
  type RecentText,
  type Repeats,
} from '../replay/recent.ts';

export interface Unit extends Pick<Ingestion, 'state'> {
  readonly source: string;
  readonly repeats: SourceRepeats;
  /** Of its last message, by the wall clock. */
  receivedAt: number;
  /** True when it was closed as silent, and no message came since. */
  closed: boolean;
  /** As it was written last; `undefined` when something happened since. */
  text: string | undefined;
}

/** A unit's own facts, without its state. */
interface SavedUnit {
  readonly source: string;
  readonly closed: boolean;
  readonly repeats: SavedRepeats;
}

export function createUnit(source: string, options: ReconstructOptions, now: number): Unit {
  const state = createState(options);
  const repeats = createSourceRepeats(source);
  return { source, state, repeats, receivedAt: now, closed: false, text: undefined };
}

/** Two lines: its own facts, and its state. */
export function unitToText(unit: Unit, redaction: Redaction): string {
  const { source, closed, repeats, state } = unit;
  unit.text ??= `${JSON.stringify({ source, closed, repeats: repeats.saved() } satisfies SavedUnit)}\n${stateToText(state, redaction)}`;
  return unit.text;
}

/** @param now the wall clock: a source counts as silent from here on */
export function unitFromText(
  [facts, stateText]: readonly [facts: string, state: string],
  options: ReconstructOptions,
  now: number,
): Unit {
  const { source, closed, repeats }: SavedUnit = JSON.parse(facts);
  const state = stateFromText(stateText, options);
  return {
    source,
    closed,
    state,
    repeats: createSourceRepeats(source, repeats),
    receivedAt: now,
    text: `${facts}\n${stateText}`,
  };
}

/** Plain data. */
interface SavedRepeats {
  readonly recent: RecentText;
  /** The last line of each process. */
  readonly last: readonly (readonly [pid: number, seq: number, time: number])[];
}

interface SourceRepeats extends Repeats {
  saved(): SavedRepeats;
}

/** Lines of shell hooks that are remembered. Each has a process of its own, so only the lines themselves are known. */
const RECENT_LINES = 256;
/** Processes that are remembered. */
const RECENT_PROCESSES = 64;

/**
 * One log, whose recorder numbers the lines of each process: a line that is not newer than the last one of its process was
 * here before. A process whose numbers begin anew has later times. Without a source, several logs are mixed: then only
 * the lines themselves say.
 */
function createSourceRepeats(source: string, saved?: SavedRepeats): SourceRepeats {
  const last = new Map(saved?.last.map(([pid, seq, time]) => [pid, { seq, time }]));
  if (source === '') {
    const repeats = createRepeats(saved?.recent, FOLLOWED_LINES);
    return { isRepeat: repeats.isRepeat, saved: () => ({ recent: repeats.toText(), last: [] }) };
  }
  const recent = createRecent(keyOf, saved?.recent, RECENT_LINES);
  return {
    isRepeat(line) {
      if (!isMarked(line)) return false;
      const { pid = 0, seq } = line.recorder ?? {};
      if (seq === undefined) return !recent.add(line);
      const { time } = line.event;
      const before = last.get(pid);
      if (before !== undefined && seq <= before.seq && time <= before.time) return true;
      last.delete(pid);
      last.set(pid, { seq, time: Math.max(time, before?.time ?? 0) });
      const [oldest = pid] = last.keys();
      if (last.size > RECENT_PROCESSES) last.delete(oldest);
      return false;
    },
    saved: () => ({
      recent: recent.toText(),
      last: Array.from(last, ([pid, { seq, time }]) => [pid, seq, time]),
    }),
  };
}
