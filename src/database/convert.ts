/**
 * Hermes's database → the hook log that a recorder would have written: the rows of a session (and its part of `agent.log`) in, hook
 * events out, in the dialect that `parse` reads. Knows no SQL, no file and no span. docs/backfill.md holds what is exact, what
 * is inferred, and what is in no row.
 */
import type { DatabaseSession, SessionRow } from '../model/database.ts';
import { type EpochMicros, later } from '../model/time.ts';
import { type AgentLog, type LogTurn, offsetOf, type SessionLog, sessionLog } from './agent-log.ts';
import { type Seen, withoutCopies } from './copies.ts';
import { type KnownSessions, matchKnown, WAITED_MICROS } from './known.ts';
import { assignChildren, type Delegation, isBranch, isContinuation, isSubagent } from './links.ts';
import { type TimedTurn, timeTurn } from './times.ts';
import { type KeptSums, shareUsage } from './tokens.ts';
import { type RowTurn, splitTurns, writtenAtEnd } from './turns.ts';
import { type HookLine, type NamedTurn, writeEnd, writeStart, writeTurn } from './write.ts';

/** What is known beside the database, and what sessions hand on to those that go on from them. Plain data, by session id. */
export interface Conversion {
  readonly log: AgentLog;
  /** What hook logs have that are read with it. */
  readonly known: KnownSessions;
  /** What an earlier run has counted already. */
  readonly kept: ReadonlyMap<string, KeptSums>;
  /** As long as another session may go on from one. */
  readonly lineages: Map<string, Lineage>;
}

interface Lineage {
  readonly seen: Seen;
  /** The turn that had not ended with the session's last row. */
  readonly open: OpenTurn | undefined;
  /** How many sessions may still go on from it. */
  waiting: number;
}

/** A turn that may go on in another session, after a compression. */
interface OpenTurn {
  readonly turnId: string;
  readonly calls: number;
  readonly end: EpochMicros;
}

/**
 * The lines of one session, in order of time. A session that it goes on from must have been converted before. Empty for a session
 * in which nothing happened.
 */
export function convertSession(conversion: Conversion, rows: DatabaseSession): readonly HookLine[] {
  const { session } = rows;
  const before = takeLineage(conversion, session);
  const seen: Seen = new Map(before?.seen);
  const { startedAt } = session;
  const originals = withoutCopies(rows.messages, seen, { startedAt, branched: isBranch(session) });
  const rowTurns = splitTurns(originals.rows, session.apiCallCount ?? 0);
  const open = rowTurns[0]?.user === undefined && isContinuation(session) ? before?.open : undefined;
  const delegations = assignChildren(rows, rowTurns);
  const known = conversion.known.get(session.id);
  const timed = timeTurns(conversion, rows, rowTurns, { delegations, open });
  const turns = nameTurns(session.id, timed, open, matchKnown(timed, known));
  keepLineage(conversion, rows, seen, openTurn(turns.at(-1)));
  if (turns.length === 0 && session.apiCallCount === undefined) return [];
  const linked = isContinuation(session) && (open !== undefined || originals.mixed);
  const usage = shareUsage(rows, turns, { known, kept: conversion.kept.get(session.id) });
  const out = { session, turns, delegations, known, usage, lines: [] as HookLine[] };
  writeStart(out, linked);
  for (const turn of turns) writeTurn(out, turn);
  writeEnd(out);
  return out.lines.sort((a, b) => a.time - b.time || a.rank - b.rank);
}

function takeLineage({ lineages }: Conversion, session: SessionRow): Lineage | undefined {
  if (isSubagent(session)) return undefined;
  const id = session.branchedFrom ?? session.parentSessionId ?? '';
  const lineage = lineages.get(id);
  if (lineage === undefined) return undefined;
  lineage.waiting--;
  if (lineage.waiting <= 0) lineages.delete(id);
  return lineage;
}

function keepLineage(
  { lineages }: Conversion,
  { session, children }: DatabaseSession,
  seen: Seen,
  open: OpenTurn | undefined,
): void {
  const waiting = children.filter((child) => !isSubagent(child)).length;
  if (waiting > 0) lineages.set(session.id, { seen, open, waiting });
}

interface Around {
  readonly delegations: readonly Delegation[];
  readonly open: OpenTurn | undefined;
}

function timeTurns(
  { log }: Conversion,
  rows: DatabaseSession,
  turns: readonly RowTurn[],
  { delegations, open }: Around,
): readonly TimedTurn[] {
  const found = findLog(log, rows);
  const matched = matchTurns(turns, found?.turns ?? []);
  const written = turns.map(writtenAtEnd);
  const timed: TimedTurn[] = [];
  for (const [index, turn] of turns.entries()) {
    const anchors = delegations
      .filter((delegation) => delegation.turn === turn)
      .map(({ call, child }) => ({ id: call?.row.id ?? turn.last.id, time: child.startedAt }));
    timed.push(
      timeTurn(turn, {
        before: index === 0 ? open?.end : undefined,
        writtenAsItHappens: written.includes(false),
        writtenAtEnd: written.includes(true) && !written.includes(false),
        anchors,
        log: found,
        logTurn: matched.get(turn),
      }),
    );
  }
  return timed;
}

/** Enough rows to find the log's zone. */
const ROWS_FOR_OFFSET = 200;

function findLog(log: AgentLog, { session, messages }: DatabaseSession): SessionLog | undefined {
  const lines = log.get(session.id);
  if (lines === undefined) return undefined;
  const times = messages.slice(-ROWS_FOR_OFFSET).map(({ time }) => time);
  const offset = offsetOf(lines, times);
  return offset === undefined ? undefined : sessionLog(lines, offset);
}

/** A user's row is written so soon after the log's line about the turn; the last row so near to the line about its end. */
const START_MICROS = 150_000;
const END_MICROS = 3_000_000;

/** The log's turn for each turn of the rows: the nearest by its start, or by its end where rows are written then. */
function matchTurns(turns: readonly RowTurn[], logTurns: readonly LogTurn[]): Map<RowTurn, LogTurn> {
  const matched = new Map<RowTurn, LogTurn>();
  const free = logTurns.filter(({ background, beside }) => !background && !beside);
  const pairs = turns.flatMap((turn) =>
    free.map((logTurn) => ({ turn, logTurn, distance: distanceOf(turn, logTurn) })),
  );
  const near = pairs.filter(({ distance }) => distance <= END_MICROS);
  for (const { turn, logTurn } of near.sort((a, b) => a.distance - b.distance)) {
    const at = free.indexOf(logTurn);
    if (matched.has(turn) || at < 0) continue;
    matched.set(turn, logTurn);
    free.splice(at, 1);
  }
  return matched;
}

function distanceOf(turn: RowTurn, logTurn: LogTurn): number {
  const user = turn.user?.time ?? Number.POSITIVE_INFINITY;
  const start = Math.abs(user - logTurn.start);
  if (start <= START_MICROS) return start;
  const last = turn.last.time;
  if (logTurn.end !== undefined) return Math.abs(last - logTurn.end);
  // One that never ended has its last row after its start; a gateway has the user's message for seconds before.
  return last < logTurn.start - WAITED_MICROS
    ? Number.POSITIVE_INFINITY
    : Math.min(Math.abs(last - logTurn.start), END_MICROS);
}

/** Gives the turns their ids. No id of Hermes's own is like one of these: those end in 8 hex digits. */
function nameTurns(
  sessionId: string,
  turns: readonly TimedTurn[],
  open: OpenTurn | undefined,
  matched: ReturnType<typeof matchKnown>,
): readonly NamedTurn[] {
  let ordinal = 0;
  return turns.map((turn, index) => {
    const known = matched.get(turn);
    if (index === 0 && open !== undefined) {
      return { ...turn, known, turnId: open.turnId, ordinal: undefined, firstCall: open.calls + 1 };
    }
    ordinal++;
    return { ...turn, known, turnId: known?.turnId ?? `${sessionId}:db:${ordinal}`, ordinal, firstCall: 1 };
  });
}

function openTurn(turn: NamedTurn | undefined): OpenTurn | undefined {
  if (turn === undefined || turn.ended) return undefined;
  const { turnId, firstCall, calls } = turn;
  const last = calls.at(-1);
  return { turnId, calls: firstCall - 1 + calls.length, end: later(turn.start, last?.end ?? turn.start) };
}
