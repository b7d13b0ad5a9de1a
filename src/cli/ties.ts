/** The look at whole logs before they are shared: who belongs together, and when it happened. */
import type { ByteSource } from '../input/byte-source.ts';
import { readLines } from '../input/read-lines.ts';
import type { Skim } from '../input/split-lines.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { timeOfText } from '../parse/glance.ts';
import { createTimeInBytes } from '../parse/head-bytes.ts';
import { lineKeys } from '../parse/line-keys.ts';
import { createGroups, type Groups } from '../shard/groups.ts';
import { createLineIds, type LineIds, NO_ID } from '../shard/line-ids.ts';
import { createLineTies, type LineTies } from '../shard/line-ties.ts';
import { createTimeBounds, type TimeBounds } from '../shard/time-bounds.ts';

export interface Ties {
  readonly groups: Groups;
  /** By the number of the piece. */
  readonly looked: ReadonlyMap<number, LookedAt>;
  /** True when there may be test payloads, which have no part in the log's time. */
  readonly testIds: boolean;
  /** The first log with a line that only a replay of the whole can place; then the ties are not complete. */
  readonly unplaceable: string | undefined;
  /** A log of which a piece could not be read to its end: then ids are missing in the middle. */
  readonly unreadable: string | undefined;
}

/** What is kept of a piece. Plain data. */
export interface LookedAt {
  /** An id of each of its lines, but of a last one that was cut off. */
  readonly ids: Int32Array;
  /** How many lines it has, with that one. */
  readonly lines: number;
  /** `undefined` when nobody asked, or bytes tell too little of too many lines. */
  readonly times: TimeBounds | undefined;
}

/** A log, or a part of one that begins and ends with a line. */
export interface Piece {
  readonly number: number;
  readonly source: ByteSource;
}

/** An id of every line of a log, in one piece after the other. */
export type LogIds = readonly Int32Array[];

/**
 * Looks at one piece after the other, until there is none left or one cannot be placed.
 * @param options `times`: true to look at these too
 */
export async function findTies(
  pieces: Iterable<Piece>,
  signal: AbortSignal,
  options: { readonly times: boolean },
): Promise<Ties> {
  const groups = createGroups();
  const looked = new Map<number, LookedAt>();
  let testIds = false;
  let unplaceable: string | undefined;
  let unreadable: string | undefined;
  for (const { number, source } of pieces) {
    const found = await tieLines(source, groups, signal, options);
    testIds ||= found.testIds;
    looked.set(number, { ids: found.ids, lines: found.lines, times: found.times });
    if (!found.readable) unreadable ??= source.name;
    if (found.placeable) continue;
    unplaceable = source.name;
    break;
  }
  return { groups, looked, testIds, unplaceable, unreadable };
}

/** Why a log cannot be shared, and what is done about it. */
export const NOT_SHARED = {
  unplaceable: (log: string, consequence: string) =>
    `${log} has approvals without a session, as Hermes wrote them before 0.16: ${consequence}.`,
  unreadable: (log: string, consequence: string) => `${log} could not be read to its end: ${consequence}.`,
};

interface TiedLines extends LookedAt {
  /** False as soon as one of them is not; what comes after it was not looked at. */
  readonly placeable: boolean;
  /** False when it ended in the middle; damaged gzip ends where it always ends. */
  readonly readable: boolean;
  readonly testIds: boolean;
}

async function tieLines(
  source: ByteSource,
  groups: Groups,
  signal: AbortSignal,
  options: { readonly times: boolean },
): Promise<TiedLines> {
  const ties = createLineTies(groups, lineKeys);
  const ids = createLineIds();
  const times = options.times ? createTimesLook() : undefined;
  const look = createLook(ties, ids, times);
  let lines = 0;
  let readable = true;
  const onDiagnostic = ({ code }: Diagnostic) => {
    readable &&= code !== 'read-failed';
  };
  for await (const batch of readLines(source, { signal, onDiagnostic, skim: look.skim })) {
    lines += batch.length;
    if (!look.placeable()) break;
  }
  return {
    placeable: look.placeable(),
    readable,
    testIds: ties.sawTestId(),
    ids: ids.all(),
    lines,
    times: times?.bounds(),
  };
}

/** Approvals before 0.16 name no session: they go to the only open turn, if there is one, and only the whole log can tell. */
const APPROVAL = /"(?:pre_approval_request|post_approval_response)"/;

function createLook(
  ties: LineTies,
  ids: LineIds,
  times: TimesLook | undefined,
): { skim: Skim<true>; placeable: () => boolean } {
  let placeable = true;
  const noteWithoutId = (text: string) => {
    if (APPROVAL.test(text)) placeable = false;
  };
  return {
    skim: {
      bytes(chunk, start, end) {
        const id = ties.look(chunk, start, end);
        ids.add(id);
        if (id === NO_ID) noteWithoutId(chunk.toString('utf8', start, end));
        times?.look(chunk, start, end);
        return true;
      },
      line({ text, damage }) {
        const id = ties.lookAtText(text);
        // Without its end somebody is writing it: what it names may be still to come.
        if (damage?.kind !== 'no_line_end') ids.add(id);
        if (id === NO_ID) noteWithoutId(text);
        times?.lookAtText(text);
        return true;
      },
    },
    placeable: () => placeable,
  };
}

interface TimesLook {
  look(chunk: Buffer, start: number, end: number): void;
  lookAtText(text: string): void;
  bounds(): TimeBounds | undefined;
}

/** So many lines of a piece are parsed to learn their times; a log of another form is rather read whole by everyone. */
const MOST_PARSED = 256;

function createTimesLook(): TimesLook {
  const timeInBytes = createTimeInBytes();
  const bounds = createTimeBounds();
  let parsed = 0;

  function lookAtText(text: string): void {
    parsed += 1;
    if (parsed > MOST_PARSED) return;
    const time = timeOfText(text);
    if (time !== undefined) bounds.add(time);
  }

  return {
    lookAtText,
    look(chunk, start, end) {
      const time = timeInBytes(chunk, start, end);
      if (time === undefined) lookAtText(chunk.toString('utf8', start, end));
      else bounds.add(time);
    },
    bounds: () => (parsed > MOST_PARSED ? undefined : bounds.bounds()),
  };
}
