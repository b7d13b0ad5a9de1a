/**
 * Replays of databases that grow: which sessions changed since the run before, and what was counted then. A session is replayed
 * whole, as its spans have the same ids each time, but metrics count only what is new. Kept in a checkpoint.
 */
import { resolve } from 'node:path';
import { type KeptSums, sumsOf } from '../database/tokens.ts';
import type { ListedSession } from '../input/database.ts';
import type { DatabaseSession } from '../model/database.ts';
import { append } from '../model/lists.ts';
import type { AgentSpan } from '../model/span.ts';
import { systemProblem } from '../model/system-error.ts';
import { openCheckpoint, type SavedState } from './checkpoint/checkpoint.ts';

export interface IncrementalOptions {
  readonly directory: string;
  /** A session without an end is replayed when it was silent for so long. Default one hour. */
  readonly settleMillis?: number | undefined;
}

export type Incremental = Awaited<ReturnType<typeof openIncremental>>;

const HOUR_MILLIS = 3_600_000;

interface KeptSession extends KeptSums {
  /** The highest `messages.id`. */
  readonly last: number;
}

/** By the path of the database and by session id. */
interface Kept extends SavedState {
  readonly databases: Record<string, Record<string, KeptSession>>;
}

/** Throws a `ReplayError` when the directory is in use, or holds something else. `nowMillis` is the wall clock. */
export async function openIncremental(
  { directory, settleMillis = HOUR_MILLIS }: IncrementalOptions,
  nowMillis: number,
  onNotice: (sentence: string) => void,
) {
  const checkpoint = await openCheckpoint<Kept>(directory, { of: 'databases' }, onNotice);
  const saved = checkpoint.snapshot?.databases ?? {};
  const kept = new Map<string, KeptSession>();
  const replayed = new Map<string, KeptSession>();
  const databases = new Map<string, string>();
  const settledBefore = (nowMillis - settleMillis) * 1000;

  function select(database: string, sessions: readonly ListedSession[]): ReadonlySet<string> {
    const name = resolve(database);
    const before = saved[name] ?? {};
    if (isReplaced(before, sessions)) {
      onNotice(`${database} is another database than in the run before: it is replayed from its beginning.`);
      delete saved[name];
    }
    for (const { id } of sessions) {
      databases.set(id, name);
      const session = saved[name]?.[id];
      if (session !== undefined) kept.set(id, session);
    }
    const due = [...familiesOf(sessions)].filter(
      (family) =>
        family.some(({ id, lastMessageId = 0 }) => lastMessageId > (kept.get(id)?.last ?? 0)) &&
        family.every(({ endedAt, lastMessageAt, startedAt }) =>
          endedAt === undefined ? (lastMessageAt ?? startedAt) <= settledBefore : true,
        ),
    );
    return new Set(due.flat().map(({ id }) => id));
  }

  return {
    kept,
    select,
    /** Called with the rows of each session that is replayed. */
    onRead: (rows: DatabaseSession): void => {
      const row = rows.messages.at(-1);
      if (row !== undefined)
        replayed.set(rows.session.id, { last: row.id, time: row.time, usage: sumsOf(rows) });
    },
    /** False for a span that an earlier run has measured. */
    isNew: ({ kind, sessionId, endTime }: AgentSpan): boolean =>
      kind === 'session' || kind === 'subagent' || endTime > (kept.get(sessionId)?.time ?? 0),
    /** Keeps how far this run came. Called when everything was delivered. */
    async save(): Promise<void> {
      for (const [id, session] of replayed) {
        const name = databases.get(id) ?? '';
        saved[name] ??= {};
        saved[name][id] = session;
      }
      try {
        await checkpoint.write({ databases: saved });
      } catch (error) {
        onNotice(
          `the checkpoint could not be written: ${systemProblem(error)}; the next run replays these sessions again.`,
        );
      }
    },
    release: checkpoint.release,
  };
}

/** Sessions that belong together: a span of one may be a child of a span of another. */
function familiesOf(sessions: readonly ListedSession[]): Iterable<readonly ListedSession[]> {
  const parents = new Map(sessions.map(({ id, parentSessionId }) => [id, parentSessionId]));
  const families = new Map<string, ListedSession[]>();
  for (const session of sessions) {
    let root = session.id;
    const seen = new Set<string>();
    for (
      let up = parents.get(root);
      up !== undefined && parents.has(up) && !seen.has(up);
      up = parents.get(up)
    ) {
      seen.add(up);
      root = up;
    }
    append(families, root, session);
  }
  return families.values();
}

/** Row ids only grow, so a lower highest id means that another database replaced the old one. */
function isReplaced(before: Record<string, KeptSession>, sessions: readonly ListedSession[]): boolean {
  const highest = (ids: readonly number[]) => ids.reduce((most, id) => Math.max(most, id), 0);
  const now = highest(sessions.map(({ lastMessageId = 0 }) => lastMessageId));
  return highest(Object.values(before).map(({ last }) => last)) > now;
}
