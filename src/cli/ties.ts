/** The look at whole logs before they are shared: who belongs together. */
import type { ByteSource } from '../input/byte-source.ts';
import { readLines } from '../input/read-lines.ts';
import type { Skim } from '../input/split-lines.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { lineKeys } from '../parse/line-keys.ts';
import { createGroups, type Groups } from '../shard/groups.ts';
import { createLineIds, type LineIds, NO_ID } from '../shard/line-ids.ts';
import { createLineTies, type LineTies } from '../shard/line-ties.ts';

export interface Ties {
  readonly groups: Groups;
  /** By the number of the piece: an id of each of its lines, but of a last one that was cut off. */
  readonly idsByPiece: ReadonlyMap<number, Int32Array>;
  /** True when there may be test payloads, which have no part in the log's time. */
  readonly testIds: boolean;
  /** The first log with a line that only a replay of the whole can place; then the ties are not complete. */
  readonly unplaceable: string | undefined;
  /** A log of which a piece could not be read to its end: then ids are missing in the middle. */
  readonly unreadable: string | undefined;
}

/** A log, or a part of one that begins and ends with a line. */
export interface Piece {
  readonly number: number;
  readonly source: ByteSource;
}

/** An id of every line of a log, in one piece after the other. */
export type LogIds = readonly Int32Array[];

/** Looks at one piece after the other, until there is none left or one cannot be placed. */
export async function findTies(pieces: Iterable<Piece>, signal: AbortSignal): Promise<Ties> {
  const groups = createGroups();
  const idsByPiece = new Map<number, Int32Array>();
  let testIds = false;
  let unplaceable: string | undefined;
  let unreadable: string | undefined;
  for (const { number, source } of pieces) {
    const found = await tieLines(source, groups, signal);
    testIds ||= found.testIds;
    idsByPiece.set(number, found.ids);
    if (!found.readable) unreadable ??= source.name;
    if (found.placeable) continue;
    unplaceable = source.name;
    break;
  }
  return { groups, idsByPiece, testIds, unplaceable, unreadable };
}

/** Why a log cannot be shared, and what is done about it. */
export const NOT_SHARED = {
  unplaceable: (log: string, consequence: string) =>
    `${log} has approvals without a session, as Hermes wrote them before 0.16: ${consequence}.`,
  unreadable: (log: string, consequence: string) => `${log} could not be read to its end: ${consequence}.`,
};

interface TiedLines {
  /** False as soon as one of them is not; what comes after it was not looked at. */
  readonly placeable: boolean;
  /** False when it ended in the middle; damaged gzip ends where it always ends. */
  readonly readable: boolean;
  readonly testIds: boolean;
  readonly ids: Int32Array;
}

async function tieLines(source: ByteSource, groups: Groups, signal: AbortSignal): Promise<TiedLines> {
  const ties = createLineTies(groups, lineKeys);
  const ids = createLineIds();
  const look = createLook(ties, ids);
  let readable = true;
  const onDiagnostic = ({ code }: Diagnostic) => {
    readable &&= code !== 'read-failed';
  };
  for await (const _ of readLines(source, { signal, onDiagnostic, skim: look.skim })) {
    if (!look.placeable()) break;
  }
  return { placeable: look.placeable(), readable, testIds: ties.sawTestId(), ids: ids.all() };
}

/** Approvals before 0.16 name no session: they go to the only open turn, if there is one, and only the whole log can tell. */
const APPROVAL = /"(?:pre_approval_request|post_approval_response)"/;

function createLook(ties: LineTies, ids: LineIds): { skim: Skim<true>; placeable: () => boolean } {
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
        return true;
      },
      line({ text, damage }) {
        const id = ties.lookAtText(text);
        // Without its end somebody is writing it: what it names may be still to come.
        if (damage?.kind !== 'no_line_end') ids.add(id);
        if (id === NO_ID) noteWithoutId(text);
        return true;
      },
    },
    placeable: () => placeable,
  };
}
