/**
 * Rows that Hermes copied: compaction writes what it keeps once more (in place, or at the head of a new session), and
 * `/branch` copies the whole conversation. Each message is in the trace once, where it was written first.
 */
import type { MessageRow } from '../model/database.ts';
import { append } from '../model/lists.ts';
import type { EpochMicros } from '../model/time.ts';

/** How Hermes opens a summary. One may be joined to a copied message. */
const SUMMARY = /^\[(?:CONTEXT COMPACTION|CONTEXT SUMMARY\]:|PRIOR CONTEXT)/;
/** Copies are stamped in steps of 1 µs, which a double of epoch seconds rounds to 0.95 or 0. */
const STEP_MICROS = 2;

/** When each message was written, by what identifies it: of a session and of those that it continues. */
export type Seen = Map<string, EpochMicros[]>;

export interface Originals {
  readonly rows: readonly MessageRow[];
  /** True when rows that are no copies stand among copies: a turn that ran while its session was replaced (before 0.18). */
  readonly mixed: boolean;
}

/** The rows of a session that are no copies; they are added to `seen`. `branched`: it opens as a copy of another session. */
export function withoutCopies(
  messages: readonly MessageRow[],
  seen: Seen,
  { startedAt, branched }: { readonly startedAt: EpochMicros; readonly branched: boolean },
): Originals {
  const rows: MessageRow[] = [];
  const older = olderThanSession(messages, startedAt);
  let inHead = branched;
  let mixed = false;
  for (const [index, row] of messages.entries()) {
    const key = keyOf(row);
    const times = seen.get(key);
    const stepped = isStep(messages[index - 1], row) || isStep(row, messages[index + 1]);
    inHead &&= times !== undefined || row.role === 'session_meta';
    const repeated = times !== undefined && (stepped || times.includes(row.time));
    if (index < older || SUMMARY.test(row.head) || inHead || repeated) continue;
    mixed ||= stepped && rows.length < index;
    rows.push(row);
    append(seen, key, row.time);
  }
  return { rows, mixed };
}

/**
 * How many rows at the head are older than the session: a client of the API server had it forked from one that is gone. The
 * user's first message may be older, where a chat platform stamps it.
 */
function olderThanSession(messages: readonly MessageRow[], startedAt: EpochMicros): number {
  const last = messages.findLastIndex(({ role, time }) => role === 'assistant' && time < startedAt);
  return last === messages.length - 1 ? 0 : last + 1;
}

/** Results may be shortened in a copy, so calls and results are known by their ids. */
function keyOf(row: MessageRow): string {
  if (row.toolCallId !== undefined) return `${row.role}\0${row.toolCallId}`;
  if (row.toolCalls.length > 0) return `${row.role}\0${row.toolCalls.map(({ id }) => id).join('\0')}`;
  return `${row.role}\0${row.length}\0${row.head}\0${row.tail}`;
}

function isStep(before: MessageRow | undefined, after: MessageRow | undefined): boolean {
  if (before === undefined || after === undefined) return false;
  return Math.abs(after.time - before.time) <= STEP_MICROS;
}
