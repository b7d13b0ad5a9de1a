/** What each job takes of the logs: the main thread puts it together, and a job reads in it whose a line is and where to look for its own. */
import { createGroups, tiePairs } from '../../shard/groups.ts';
import { NO_ID } from '../../shard/line-ids.ts';
import { type Shard, shardOf } from '../../shard/shard.ts';
import { reorderWindowMicros } from '../reconstruct-options.ts';
import type { ReplayFlags } from '../replay-flags.ts';
import { addDiagnostic, type Report } from '../report.ts';
import type { KnownLines, LogPart } from '../shard.ts';
import { NOT_SHARED } from '../ties.ts';
import { allot } from './allot.ts';
import type { FoundTies, Order, Share } from './messages.ts';
import { maySkip, type PlannedLog, partOf, piecesOf } from './plan.ts';

/** A sentence that says why several jobs cannot share the logs; `undefined` when they can. */
export function reasonNotToShare(
  found: readonly FoundTies[],
  logs: readonly PlannedLog[],
): string | undefined {
  for (const { name } of logs) {
    for (const why of ['unplaceable', 'unreadable'] as const) {
      if (found.some((one) => one[why] === name)) return NOT_SHARED[why](name, 'one job replays it all');
    }
  }
  return undefined;
}

/** What each job takes, of what all of them have found. */
export function sharesOf(
  found: readonly FoundTies[],
  logs: readonly PlannedLog[],
  flags: ReplayFlags,
  pieceBytes: number,
): readonly Share[] {
  const jobs = found.length;
  const groups = createGroups();
  for (const { pairs } of found) tiePairs(groups, pairs);
  const testIds = found.some((one) => one.testIds);
  const looked = new Map(found.flatMap((one) => [...one.looked]));
  // Only after an interrupt some were not looked at, and then nothing more is read.
  const pieces = piecesOf(logs, pieceBytes).map(({ number, log }) => ({
    log,
    ...(looked.get(number) ?? NOT_LOOKED_AT),
  }));
  // Test payloads have no part in the log's time, and bytes alone do not tell them.
  const skip = maySkip({ logs, flags }) && !testIds;
  const { owners, homes, runs } = allot(pieces, groups, jobs, skip ? reorderWindowMicros(flags) : undefined);
  const ids = logs.map((): Int32Array[] => []);
  const homesByLog = logs.map((): number[] => []);
  for (const [number, piece] of pieces.entries()) {
    ids[piece.log]?.push(piece.ids);
    homesByLog[piece.log]?.push(homes[number] ?? 0);
  }
  const all = { pairs: groups.pairs(), ids, testIds, owners, homes: homesByLog };
  return found.map((_, job) => ({ ...all, runs: runs?.[job] }));
}

const NOT_LOOKED_AT = { ids: new Int32Array(0), counts: new Int32Array(0), times: undefined };

/** Every line has one job that takes it, as long as the logs stay as they are between the two looks: else it is said. */
export function tellOfChange(report: Report, found: readonly Pick<FoundTies, 'looked'>[]): void {
  const pieces = found.flatMap(({ looked }) => [...looked.values()]);
  const lines = pieces.reduce((sum, piece) => sum + piece.lines, 0);
  if (report.lines === lines) return;
  addDiagnostic(report, {
    severity: 'error',
    code: 'log-changed',
    message: `${lines} lines were found, and ${report.lines} replayed: a log was changed meanwhile; replay it again`,
    at: undefined,
  });
}

/** By a line's id, whose it is; of a session that only a last line without its end names, its hash tells. */
export function ownerOf({ pairs, owners, homes }: Share, { index, count }: Shard): KnownLines['owns'] {
  const groups = createGroups();
  tiePairs(groups, pairs);
  const jobs = new Map<number, number>();
  for (let at = 0; at < owners.length; at += 2) jobs.set(owners[at] ?? 0, owners[at + 1] ?? 0);
  return (id, log, piece) => {
    if (id === NO_ID) return (homes[log]?.[piece] ?? 0) === index;
    const group = groups.nameOf(id);
    return (jobs.get(group) ?? shardOf(group, count)) === index;
  };
}

/** What is to be read of the only log, and on which line each part begins; `undefined`: all of all logs. */
export function partsOf({ runs, ids }: Share, { logs, pieceBytes }: Order): readonly LogPart[] | undefined {
  const [log] = logs;
  if (runs === undefined || log === undefined) return undefined;
  return runs.map((run) => {
    const before = ids[0]?.slice(0, run.from) ?? [];
    const line = before.reduce((sum, { length }) => sum + length, 0);
    // Nobody asks a job how far it has read; that it does not read the beginning of the log is all that counts.
    const start = { line, offsetBytes: run.from * pieceBytes };
    return { source: partOf(log, run, pieceBytes), piece: run.from, start };
  });
}
