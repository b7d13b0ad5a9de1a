import type { InputLine } from '../model/line.ts';
import type { EpochMicros } from '../model/time.ts';
import { readerOf } from './hooks.ts';
import { parseLine } from './parse-line.ts';
import { parseTime } from './time.ts';

/** How recorders begin a line: its time, and the name of the hook. */
const HEAD = /^\{"ts": ?(\d{9,}(?:\.\d+)?), ?(?:"pid": ?\d+, ?)?"(?:event|hook_event_name)": ?"(\w+)"/;

/** The ids of test payloads, wherever they stand. */
const TEST_ID = /"(?:test-|parent-sess")/;

/**
 * The time of a line's event, as `parseLine` would find it; `undefined` when it would find none, or no event. For lines
 * that somebody else takes in: as a rule their first few characters are enough.
 */
export function timeAtAGlance(line: InputLine): EpochMicros | undefined {
  const head = line.damage === undefined ? HEAD.exec(line.text) : null;
  const [, ts = '', hook = ''] = head ?? [];
  // A test payload is told by its ids, and a line may be cut off behind its head.
  if (readerOf(hook) !== undefined && line.text.endsWith('}') && !TEST_ID.test(line.text)) {
    return parseTime(Number(ts));
  }
  const parsed = parseLine(line, { content: false });
  return parsed.kind === 'event' ? parsed.event.time : undefined;
}

/** The same of a line of which only its text is known: damaged or not, its time is the same. */
export function timeOfText(text: string): EpochMicros | undefined {
  return timeAtAGlance({ text, source: '', line: 0, endOffsetBytes: 0, damage: undefined });
}
