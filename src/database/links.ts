/** How sessions hang together: sub-agents, and sessions that go on where another was compressed. */
import type { ChildRow, DatabaseSession, SessionOrigin, SessionRow } from '../model/database.ts';
import type { EpochMicros } from '../model/time.ts';
import type { RowCall, RowTool, RowTurn } from './turns.ts';

/** A sub-agent with the tool that started it, as far as the rows show. */
export interface Delegation {
  readonly child: ChildRow;
  readonly turn: RowTurn | undefined;
  readonly call: RowCall | undefined;
  readonly tool: RowTool | undefined;
}

/** A session that goes on from a compressed one starts when that one ends; its row may be written first. */
const MEANWHILE_MICROS = 1_000_000;

/** True for the session that context compression put in the place of its parent. */
export function isContinuation(session: SessionOrigin): boolean {
  return !isMarked(session) && cameAfter(session, 'compression');
}

/** True for a copy that `/branch` or a client of the API server made; only the command leaves a mark. */
export function isBranch(session: SessionOrigin): boolean {
  return session.branchedFrom !== undefined || (!isMarked(session) && cameAfter(session, 'branched'));
}

/** Before 0.17 only the parent identifies a sub-agent. */
export function isSubagent(session: SessionOrigin): boolean {
  const { branchedFrom, resetFrom, parentSessionId } = session;
  if (isDelegated(session)) return true;
  if (branchedFrom !== undefined || resetFrom !== undefined || parentSessionId === undefined) return false;
  return !isContinuation(session) && !isBranch(session);
}

function isMarked(session: SessionOrigin): boolean {
  return isDelegated(session) || session.branchedFrom !== undefined || session.resetFrom !== undefined;
}

/** `__orphaned__` is a guess of the migration to 0.17 about sessions without a parent: many of them are no sub-agents. */
function isDelegated({ delegateFrom, source }: SessionOrigin): boolean {
  return (delegateFrom !== undefined && delegateFrom !== '__orphaned__') || source === 'subagent';
}

function cameAfter(
  { parentEndReason, parentEndedAt = 0 as EpochMicros, startedAt }: SessionOrigin,
  reason: string,
): boolean {
  return parentEndReason === reason && startedAt >= parentEndedAt - MEANWHILE_MICROS;
}

export function delegatedBy({ delegateFrom, parentSessionId }: SessionRow): string | undefined {
  return delegateFrom === '__orphaned__' ? parentSessionId : (delegateFrom ?? parentSessionId);
}

/** Finds for each sub-agent the `delegate_task` that started it. */
export function assignChildren(rows: DatabaseSession, turns: readonly RowTurn[]): readonly Delegation[] {
  const children = rows.children.filter(isSubagent);
  if (children.length === 0) return [];
  const starts = turns.flatMap((turn) =>
    turn.calls.flatMap((call) =>
      call.tools.filter((tool) => tool.call.name === 'delegate_task').map((tool) => ({ turn, call, tool })),
    ),
  );
  return children.map((child, index) => {
    const start = starts.length === children.length ? starts[index] : findStart(child, starts);
    const turn = start?.turn ?? turns.findLast(({ last, user }) => (user ?? last).time <= child.startedAt);
    return { child, turn, call: start?.call, tool: start?.tool };
  });
}

type Start = Required<Omit<Delegation, 'child'>> & { readonly call: RowCall; readonly tool: RowTool };

function findStart(child: ChildRow, starts: readonly Start[]): Start | undefined {
  const { firstMessageId: first, lastMessageId: last } = child;
  if (first === undefined || last === undefined) {
    return starts.findLast(({ call }) => call.row.time <= child.startedAt) ?? starts[0];
  }
  const around = starts.find(({ call, tool }) => call.row.id < first && resultId(tool) > first);
  // Before 0.18 the parent's rows are written after the child's.
  const after = around ?? starts.find(({ call }) => call.row.id > last);
  return after ?? starts.findLast(({ tool }) => resultId(tool) < first);
}

function resultId({ result }: RowTool): number {
  return result?.id ?? Number.POSITIVE_INFINITY;
}
