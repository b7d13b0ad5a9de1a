/**
 * Totals over finished spans, added one span at a time. The console's table, `view`, `diff`, budgets and summaries all
 * use them, so they cannot disagree. Background turns and sub-agents are included: they cost the same.
 */
import type { AgentSpan, AgentSpanKind } from '../model/span.ts';
import {
  countSpan,
  createSeries,
  mean,
  quantiles,
  type Series,
  type SpanRef,
  type TokenTotals,
} from './series.ts';

export interface Totals {
  readonly kinds: Readonly<Record<AgentSpanKind, Series>>;
  /** API calls and auxiliary calls by the model that was asked. */
  readonly models: Map<string, Series>;
  /** Tool calls by name. */
  readonly tools: Map<string, Series>;
  /** By session id, including sub-agents' sessions. Empty unless `perSession`. */
  readonly sessions: Map<string, SessionTotals>;
  readonly perSession: boolean;
}

export interface SessionTotals {
  /** The session that started this one as a sub-agent. */
  subagentOf: string | undefined;
  readonly ordinary: Work;
  /** Background review turns, which Hermes leaves out of a session's counts. */
  readonly background: Work;
}

export interface Work {
  readonly turns: Series;
  /** API calls and auxiliary calls. */
  readonly calls: Series;
  readonly tools: Series;
}

/** Further names are counted together, so that a log cannot fill the memory. */
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

/** Counts one finished span. The caller must not pass a span twice. */
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

/** A series as JSON. Figures that do not exist are left out. */
export interface SeriesJson {
  readonly count: number;
  readonly errors: number;
  readonly incomplete: number;
  readonly meanMicros?: number;
  readonly p50Micros?: number;
  readonly p95Micros?: number;
  readonly p99Micros?: number;
  readonly maxMicros?: number;
  /** True when the percentiles are within 0.5 %, not exact. */
  readonly approximate?: true;
  readonly tokens?: Omit<TokenTotals, 'largest' | 'inputReports' | 'outputReports'>;
  readonly slowest?: SpanRef;
  readonly firstError?: SpanRef;
}

/** The figures of all tables, not rounded, for scripts. */
export function totalsJson(totals: Totals): object {
  return {
    kinds: namedSeries(Object.entries(totals.kinds).filter(([, { count }]) => count > 0)),
    models: namedSeries([...totals.models]),
    tools: namedSeries([...totals.tools]),
    sessions: [...totals.sessions].map(([sessionId, { subagentOf, ordinary, background }]) => ({
      sessionId,
      subagentOf,
      ...workJson(ordinary),
      background: workJson(background),
    })),
  };
}

/** One series; durations in microseconds. */
export function seriesJson(series: Series): SeriesJson {
  const { count, errors, incomplete, durations, tokens, slowest, firstError } = series;
  const { largest: _, inputReports: _in, outputReports: _out, ...sums } = tokens;
  return {
    count,
    errors,
    incomplete,
    ...(durations.count === 0 ? {} : durationsJson(series)),
    ...(tokens.total === 0 ? {} : { tokens: sums }),
    ...(slowest === undefined ? {} : { slowest }),
    ...(firstError === undefined ? {} : { firstError }),
  };
}

function durationsJson({ durations }: Series): Partial<SeriesJson> {
  const [p50Micros = 0, p95Micros = 0, p99Micros = 0] = quantiles(durations, [0.5, 0.95, 0.99]);
  return {
    meanMicros: mean(durations) ?? 0,
    p50Micros,
    p95Micros,
    p99Micros,
    maxMicros: durations.max,
    ...(durations.sketch === undefined ? {} : { approximate: true }),
  };
}

function workJson({ turns, calls, tools }: Work): object {
  return { turns: seriesJson(turns), calls: seriesJson(calls), tools: seriesJson(tools) };
}

/** A list and not an object, because a tool may be called `__proto__`. */
function namedSeries(series: readonly (readonly [string, Series])[]): readonly object[] {
  return series.map(([name, each]) => ({ name, ...seriesJson(each) }));
}
