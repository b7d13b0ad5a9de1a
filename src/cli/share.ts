/** `--shard`: which lines of the logs are ours. The logs are read once before the replay, to learn who belongs together. */
import type { ByteSource } from '../input/byte-source.ts';
import { readLines } from '../input/read-lines.ts';
import { lineKeys } from '../parse/line-keys.ts';
import { createGroups, type Groups } from '../share/groups.ts';
import { owns, type Part } from '../share/share.ts';
import { CliError } from './cli-error.ts';

export interface Share {
  /** True when the line is ours; what others take is only looked at for its time. */
  readonly owns: (text: string) => boolean;
}

/** `0/4` is the first of four. Throws a `CliError` for anything else; `undefined`: all of it is ours. */
export function readPart(text: string | undefined): Part | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text.trim());
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (!(index < count)) {
    throw new CliError(`--shard takes index/count, counted from 0, such as 0/4 to 3/4, not "${text}".`);
  }
  return { index, count };
}

/** Approvals before 0.16 name no session: they go to the only open turn, if there is one, and only the whole log can tell. */
const APPROVAL = /"(?:pre_approval_request|post_approval_response)"/;

/**
 * Reads every log once. When it holds a line that only a replay of the whole can place, the first part takes all.
 * @param warn told why a log cannot be shared
 */
export async function openShare(
  sources: readonly ByteSource[],
  part: Part,
  signal: AbortSignal,
  warn: (sentence: string) => void,
): Promise<Share> {
  const live = sources.find((source) => !source.reopenable);
  if (live !== undefined) {
    throw new CliError(`--shard reads a log twice, which ${live.name} cannot be: name files.`);
  }
  const groups = createGroups();
  for (const source of sources) {
    if (await tieAll(source, groups, signal)) continue;
    warn(
      `${source.name} has approvals without a session, as Hermes wrote them before 0.16: shard 0 takes the whole log.`,
    );
    return { owns: () => part.index === 0 };
  }
  return { owns: (text) => owns(part, groups, lineKeys(text)) };
}

/** False when the source holds a line that cannot be placed by its ids. */
async function tieAll(source: ByteSource, groups: Groups, signal: AbortSignal): Promise<boolean> {
  for await (const batch of readLines(source, { signal, onDiagnostic: () => {} })) {
    for (const { text } of batch) {
      const keys = lineKeys(text);
      if (keys.length === 0 && APPROVAL.test(text)) return false;
      groups.tie(keys);
    }
  }
  return true;
}
