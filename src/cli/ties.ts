/** The look at whole logs before they are shared: who belongs together. */
import type { ByteSource } from '../input/byte-source.ts';
import { readLines } from '../input/read-lines.ts';
import type { Skim } from '../input/skim-lines.ts';
import { lineKeys } from '../parse/line-keys.ts';
import { createGroups, type Groups } from '../share/groups.ts';
import { createLineTies, type LineTies } from '../share/line-ties.ts';

export interface Ties {
  readonly groups: Groups;
  /** True when there may be test payloads, which have no part in the log's time. */
  readonly testIds: boolean;
  /** The first log with a line that only a replay of the whole can place; then the ties are not complete. */
  readonly unplaceable: string | undefined;
}

export async function findTies(sources: readonly ByteSource[], signal: AbortSignal): Promise<Ties> {
  const groups = createGroups();
  let testIds = false;
  for (const source of sources) {
    const found = await tieLines(source, groups, signal);
    testIds ||= found.testIds;
    if (!found.placeable) return { groups, testIds, unplaceable: source.name };
  }
  return { groups, testIds, unplaceable: undefined };
}

/** Looks at the lines of one source, or at a part of them. `placeable` is false as soon as one of them is not. */
export async function tieLines(
  source: ByteSource,
  groups: Groups,
  signal: AbortSignal,
): Promise<{ readonly placeable: boolean; readonly testIds: boolean }> {
  const ties = createLineTies(groups, lineKeys);
  const look = createLook(ties);
  for await (const _ of readLines(source, { signal, onDiagnostic: () => {}, skim: look.skim })) {
    if (!look.placeable()) break;
  }
  return { placeable: look.placeable(), testIds: ties.sawTestId() };
}

/** Approvals before 0.16 name no session: they go to the only open turn, if there is one, and only the whole log can tell. */
const APPROVAL = /"(?:pre_approval_request|post_approval_response)"/;

function createLook(ties: LineTies): { skim: Skim<true>; placeable: () => boolean } {
  let placeable = true;
  const lookAt = (chunk: Buffer, start: number, end: number): true => {
    if (ties.look(chunk, start, end) > 0) return true;
    if (APPROVAL.test(chunk.toString('utf8', start, end))) placeable = false;
    return true;
  };
  return {
    skim: {
      bytes: lookAt,
      line: ({ text }) => {
        const bytes = Buffer.from(text);
        return lookAt(bytes, 0, bytes.length);
      },
    },
    placeable: () => placeable,
  };
}
