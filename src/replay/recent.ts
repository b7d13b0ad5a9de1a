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
 * @param keyOf a whole number from 1 to 2^53 - 1, of which the low bits differ: a set of `bigint` is ten times as slow
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
      if (has(older, key) || !addTo(recent, key)) return false;
      if (recent.size >= remembered) {
        older = recent;
        recent = emptyGeneration();
      }
      return true;
    },
    toText: () => [textOf(recent), textOf(older)],
  };
}

/** Keys in an open hash table that is at most half full; 0 is a free slot. A `Set` of such numbers took 5 % of a replay. */
interface Generation {
  slots: Float64Array;
  size: number;
}

const FIRST_SLOTS = 64;

function emptyGeneration(): Generation {
  return { slots: new Float64Array(FIRST_SLOTS), size: 0 };
}

/** The slot that has the key, or the free one where it belongs. */
function slotOf(slots: Float64Array, key: number): number {
  const mask = slots.length - 1;
  let at = key & mask;
  while (slots[at] !== 0 && slots[at] !== key) at = (at + 1) & mask;
  return at;
}

function has({ slots }: Generation, key: number): boolean {
  return slots[slotOf(slots, key)] === key;
}

/** False when the key is there already. */
function addTo(generation: Generation, key: number): boolean {
  const { slots } = generation;
  const at = slotOf(slots, key);
  if (slots[at] === key) return false;
  slots[at] = key;
  generation.size++;
  if (2 * generation.size > slots.length) {
    generation.slots = new Float64Array(2 * slots.length);
    for (const one of slots) if (one !== 0) generation.slots[slotOf(generation.slots, one)] = one;
  }
  return true;
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

function generationOf(text: string): Generation {
  const generation = emptyGeneration();
  for (const key of readSpanKeys(text)) addTo(generation, Number(key));
  return generation;
}

function textOf({ slots, size }: Generation): string {
  const keys = createSpanKeys(size);
  for (const key of slots) if (key !== 0) keys.addKey(BigInt(key));
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

/** Remembered of finished logs, in two tables of a megabyte. */
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

/** To read the two halves of a time. */
const time = new Float64Array(1);
const [LOW, HIGH] = [0, 1];
const halves = new Uint32Array(time.buffer);
/** Session ids differ at their ends. */
const TAIL_CHARS = 8;

/**
 * Process, number and time name a line on one machine. Logs of several machines may be joined in one file, where process
 * numbers of containers repeat, so something of the hook and the session is part of the key.
 */
export function keyOf({ event, recorder }: ParsedEvent): number {
  const { pid = 0, seq = 0 } = recorder ?? {};
  const { hook, sessionId = '' } = event;
  time[0] = event.time;
  let high = mix(mix(mix(0x811c9dc5, pid), seq), halves[LOW] ?? 0);
  let low = mix(mix(mix(0x9747b28c, halves[HIGH] ?? 0), seq), hook.length);
  for (let at = Math.max(0, sessionId.length - TAIL_CHARS); at < sessionId.length; at++) {
    high = mix(high, sessionId.charCodeAt(at));
    low = mix(low, high);
  }
  low = mix(low, high);
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0) || 1;
}

/** A round of MurmurHash3's finalizer. */
function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}
