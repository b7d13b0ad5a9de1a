/**
 * Figures of each session, added one span at a time in any order. A span belongs to the session at the top of its tree,
 * not to the session id that it carries: the two differ for sub-agents, and for the turn in which a session is rotated.
 */
import { addToWork, addWork, countedOf, createWork, type Work } from '../model/figures.ts';
import type { AgentSpan, TurnSpan } from '../model/span.ts';
import { type EpochMicros, earlier } from '../model/time.ts';
import { createRecent, remember } from './recent.ts';
import { isOfUser } from './tree.ts';

/** A session with everything that its sub-agents did. */
export interface SessionFigures {
  readonly sessionId: string;
  /** The first message of the user, with content. */
  readonly title: string | undefined;
  /** The first moment of the session that is known. */
  readonly startTime: EpochMicros;
  /** Duration in microseconds; 0 when the session's span is missing. */
  readonly micros: number;
  readonly all: Work;
  /** The part that sub-agents did. */
  readonly inSubagents: Work;
  /** The part that background reviews did. */
  readonly inReviews: Work;
}

/** Figures below a span that has not arrived, or of the spans without a parent in one session. */
export interface Parts {
  readonly sessionId: string;
  /** The first moment that is known. */
  readonly startTime: EpochMicros;
  /** The first turn of the user that has content. */
  readonly first: TurnSpan | undefined;
  /** Duration of the session's span, once it has arrived. */
  readonly micros: number;
  readonly own: Work;
  readonly subagents: Work;
  readonly reviews: Work;
}

export type Scope = 'own' | 'subagents' | 'reviews';

/** Where the figures below a span go that has arrived. */
export interface Above {
  /** The key of `parts` for its parent, or for its session. */
  readonly key: string;
  readonly scope: Scope;
}

export type SessionTrees = ReturnType<typeof createSessionTrees>;

/** Spans that are remembered for children that arrive after them. */
const MAX_ABOVE = 200_000;

export function createSessionTrees() {
  return {
    /** By the id of the missing span, or by session id. */
    parts: new Map<string, Parts>(),
    above: createRecent<Above>(MAX_ABOVE),
  };
}

/** Counts one finished span. */
export function addToSession(trees: SessionTrees, span: AgentSpan): void {
  const { spanId, sessionId, kind, startTime } = span;
  const parentId = kind === 'session' ? undefined : span.parentSpanId;
  const inReview = 'background' in span && span.background;
  const own = createWork();
  addToWork(own, countedOf(span));
  addParts(
    trees,
    parentId ?? sessionKey(sessionId),
    within(inReview ? 'reviews' : 'own', {
      ...NOTHING,
      sessionId,
      startTime,
      first: isOfUser(span) && span.userMessage !== undefined ? span : undefined,
      micros: kind === 'session' ? span.endTime - startTime : 0,
      own,
    }),
  );
  const scope = inReview ? 'reviews' : kind === 'subagent' ? 'subagents' : 'own';
  remember(trees.above, spanId, { key: parentId ?? sessionKey(sessionId), scope });
  const below = trees.parts.get(spanId);
  trees.parts.delete(spanId);
  if (below !== undefined) addParts(trees, spanId, { ...below, sessionId });
}

/** The figures of each session, in order of its first span. None when sessions were not counted. */
export function sessionFigures(trees: SessionTrees | undefined): readonly SessionFigures[] {
  if (trees === undefined) return [];
  const sessions = new Map<string, Parts>();
  for (const each of trees.parts.values()) {
    const before = sessions.get(each.sessionId);
    sessions.set(each.sessionId, before === undefined ? each : sum(before, each));
  }
  return Array.from(sessions.values(), ({ sessionId, startTime, first, micros, ...each }) => ({
    sessionId,
    title: first?.userMessage,
    startTime,
    micros,
    all: sumOf(each),
    inSubagents: each.subagents,
    inReviews: each.reviews,
  }));
}

/** Span ids have no colon. */
function sessionKey(sessionId: string): string {
  return `session:${sessionId}`;
}

/** Adds to the nearest span above that has not arrived, or to the session. */
function addParts(trees: SessionTrees, key: string, parts: Parts): void {
  const above = trees.above.values.get(key);
  if (above !== undefined) {
    addParts(trees, above.key, within(above.scope, parts));
    return;
  }
  const before = trees.parts.get(key);
  trees.parts.set(key, before === undefined ? parts : sum(before, parts));
}

const NOTHING = { own: createWork(), subagents: createWork(), reviews: createWork() };

/** The same figures, as those of a span in `scope`. Reviews stay reviews. */
function within(scope: Scope, parts: Parts): Parts {
  if (scope === 'own') return parts;
  if (scope === 'reviews') return { ...parts, ...NOTHING, reviews: sumOf(parts) };
  return { ...parts, own: NOTHING.own, subagents: addWork(parts.own, parts.subagents) };
}

function sumOf({ own, subagents, reviews }: typeof NOTHING): Work {
  return addWork(addWork(own, subagents), reviews);
}

function sum(a: Parts, b: Parts): Parts {
  return {
    sessionId: a.sessionId,
    startTime: earlier(a.startTime, b.startTime),
    first: b.first === undefined || (a.first && a.first.startTime <= b.first.startTime) ? a.first : b.first,
    micros: a.micros + b.micros,
    own: addWork(a.own, b.own),
    subagents: addWork(a.subagents, b.subagents),
    reviews: addWork(a.reviews, b.reviews),
  };
}
