/**
 * What a run remembers of the past: a bounded number of keys, the latest ones. Spans that were measured, so that a log that
 * is read twice (beside its copy, or after it lost its end) counts its tokens once; and lines that were delivered.
 */
import type { ParsedEvent } from '../model/line.ts';
import type { AgentSpan } from '../model/span.ts';
import { createSpanKeys, keyWith, readSpanKeys } from './checkpoint/span-key.ts';

export interface Recent<Item> {
  /** False when an item with the same key was added before, as far as is remembered. */
  add(item: Item): boolean;
  /** For the next run. */
  toText(): RecentText;
}

/** Plain data: the keys of both generations. */
export type RecentText = readonly [current: string, before: string];

/**
 * @param keyOf a whole number below 2^53: a set of `bigint` is ten times as slow
 * @param remembered at least so many keys are remembered, at most twice as many. `toText` has 11 characters for each.
 */
export function createRecent<Item>(
  keyOf: (item: Item) => number,
  [current, before]: RecentText = ['', ''],
  remembered: number,
): Recent<Item> {
  let recent = generationOf(current);
  let older = generationOf(before);
  return {
    add(item) {
      const key = keyOf(item);
      if (recent.has(key) || older.has(key)) return false;
      recent.add(key);
      if (recent.size >= remembered) {
        older = recent;
        recent = new Set();
      }
      return true;
    },
    toText: () => [textOf(recent), textOf(older)],
  };
}

/** Spans by their id and end. */
export type Measured = Recent<AgentSpan>;

const MEASURED_SPANS = 16_384;

export function createMeasured(before?: RecentText, remembered = MEASURED_SPANS): Measured {
  return createRecent(
    ({ spanId, endTime }) => Number(keyWith(spanId, endTime, undefined) >> 11n),
    before,
    remembered,
  );
}

function generationOf(text: string): Set<number> {
  return new Set(readSpanKeys(text).map(Number));
}

function textOf(generation: ReadonlySet<number>): string {
  const keys = createSpanKeys(generation.size);
  for (const key of generation) keys.addKey(BigInt(key));
  return keys.toText();
}

/**
 * Lines that are delivered twice. Whatever ships a log sends its last lines again after a restart. Our recorders write the
 * process and the number of each line, so such a line is recognised. Lines of other recorders are never left out: two calls
 * of one moment may be equal to the letter.
 */
export interface Repeats {
  /** True for a line that was here before, as far as is remembered. Otherwise remembers it. */
  isRepeat(line: ParsedEvent): boolean;
}

export type LogRepeats = Repeats & Pick<Recent<ParsedEvent>, 'toText'>;

/** Remembered of finished logs: several megabytes of memory. */
const FINISHED_LINES = 65_536;
/** Remembered of a followed log, in each checkpoint: more than a shipper sends again. */
export const FOLLOWED_LINES = 4096;

export function createRepeats(before?: RecentText, remembered: number = FINISHED_LINES): LogRepeats {
  const { add, toText } = createRecent(keyOf, before, remembered);
  return { isRepeat: (line) => isMarked(line) && !add(line), toText };
}

type MarkedEvent = ParsedEvent & Required<Pick<ParsedEvent, 'recorder'>>;

const SECOND_MICROS = 1_000_000;

/** Two lines of one process are distinguished by their times, so whole seconds do not suffice. */
export function isMarked(line: ParsedEvent): line is MarkedEvent {
  return line.recorder !== undefined && line.event.time % SECOND_MICROS !== 0;
}

/**
 * Process, number and time name a line on one machine. Logs of several machines may be joined in one file, where process
 * numbers of containers repeat, so the hook and the session are part of the key.
 */
export function keyOf({ event, recorder }: ParsedEvent): number {
  const { pid = 0, seq = 0 } = recorder ?? {};
  let high = 0x811c9dc5;
  let low = 0x9747b28c;
  const add = (word: number) => {
    high = mix(high, word);
    low = mix(low, word);
  };
  add(pid);
  add(seq);
  add(event.time % 0x1_0000_0000);
  add(Math.floor(event.time / 0x1_0000_0000));
  const { hook, sessionId = '' } = event;
  for (let at = 0; at < hook.length; at++) add(hook.charCodeAt(at));
  for (let at = 0; at < sessionId.length; at++) add(sessionId.charCodeAt(at));
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0);
}

/** A round of MurmurHash3's finalizer. */
function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}
