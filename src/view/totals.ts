/**
 * Figures over finished spans, gathered one span at a time: what the console's table, `view`, `diff`, budgets and
 * summaries all show, so that they cannot disagree. Everything that happened counts, background turns and sub-agents
 * too: they cost the same.
 */
import type { AgentSpan, AgentSpanKind } from '../model/span.ts';
import { countSpan, createSeries, type Series } from './series.ts';

export interface Totals {
  readonly kinds: Readonly<Record<AgentSpanKind, Series>>;
  /** API calls and auxiliary calls by the model that was asked. */
  readonly models: Map<string, Series>;
  /** Tool calls by name. */
  readonly tools: Map<string, Series>;
  /** By session id, sub-agents' sessions included; stays empty unless asked for. */
  readonly sessions: Map<string, SessionTotals>;
  readonly perSession: boolean;
}

export interface SessionTotals {
  /** The session whose sub-agent this session was. */
  subagentOf: string | undefined;
  readonly ordinary: Work;
  /** Background review turns, which Hermes leaves out of the session's own counts. */
  readonly background: Work;
}

export interface Work {
  readonly turns: Series;
  /** API calls and auxiliary calls. */
  readonly calls: Series;
  readonly tools: Series;
}

/** More names than this are counted together: a log must not fill the memory with them. */
const MAX_NAMES = 1000;
export const OTHER_NAMES = '(others)';

export function createTotals(options: { readonly perSession: boolean }): Totals {
  return {
    kinds: {
      session: createSeries(),
      turn: createSeries(),
      api_call: createSeries(),
      tool_call: createSeries(),
      approval: createSeries(),
      subagent: createSeries(),
      auxiliary_call: createSeries(),
    },
    models: new Map(),
    tools: new Map(),
    sessions: new Map(),
    perSession: options.perSession,
  };
}

/** The totals of all spans of a log. */
export function totalsOf(spans: readonly AgentSpan[]): Totals {
  const totals = createTotals({ perSession: true });
  for (const span of spans) addSpan(totals, span);
  return totals;
}

/** Counts one finished span. A span that is sent again, whole, must not be given twice. */
export function addSpan(totals: Totals, span: AgentSpan): void {
  countSpan(totals.kinds[span.kind], span);
  if (span.kind === 'api_call' || span.kind === 'auxiliary_call') {
    countSpan(named(totals.models, span.model ?? '(model unknown)'), span);
  }
  if (span.kind === 'tool_call') countSpan(named(totals.tools, span.toolName), span);
  if (totals.perSession) addToSession(totals, span);
}

function addToSession(totals: Totals, span: AgentSpan): void {
  if (span.kind === 'subagent' && span.childSessionId !== undefined) {
    sessionTotals(totals, span.childSessionId).subagentOf = span.sessionId;
  }
  const { ordinary, background } = sessionTotals(totals, span.sessionId);
  const series = seriesIn('background' in span && span.background ? background : ordinary, span);
  if (series !== undefined) countSpan(series, span);
}

function seriesIn(work: Work, span: AgentSpan): Series | undefined {
  switch (span.kind) {
    case 'turn':
      return work.turns;
    case 'api_call':
    case 'auxiliary_call':
      return work.calls;
    case 'tool_call':
      return work.tools;
    case 'session':
    case 'subagent':
    case 'approval':
      return undefined;
    default:
      return span satisfies never;
  }
}

function sessionTotals(totals: Totals, sessionId: string): SessionTotals {
  const known = totals.sessions.get(sessionId);
  if (known !== undefined) return known;
  const made = { subagentOf: undefined, ordinary: createWork(), background: createWork() };
  totals.sessions.set(sessionId, made);
  return made;
}

function createWork(): Work {
  return { turns: createSeries(), calls: createSeries(), tools: createSeries() };
}

function named(series: Map<string, Series>, name: string): Series {
  const key = series.has(name) || series.size < MAX_NAMES ? name : OTHER_NAMES;
  const known = series.get(key);
  if (known !== undefined) return known;
  const made = createSeries();
  series.set(key, made);
  return made;
}
