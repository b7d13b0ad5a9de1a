/**
 * Totals over finished spans, added one span at a time. The console's table, `view`, `diff`, budgets and summaries all
 * use them, so they cannot disagree. Background reviews and sub-agents are included: they cost the same.
 */
import {
  addToWork,
  countedOf,
  createSessionCount,
  createWork,
  type Figures,
  figuresOf,
  isEmpty,
  noteSession,
} from '../model/figures.ts';
import type { AgentSpan } from '../model/span.ts';
import { createRecent, remember } from './recent.ts';
import { countSpan, createSeries, isOfLatest, mean, quantiles, type Sample, type Series } from './series.ts';
import { addToSession, createSessionTrees, sessionFigures } from './session-figures.ts';
import { blocksOf, placedSpans, rootsOf } from './tree.ts';
import { type NotableTurns, notableTurns, turnJson } from './turns.ts';

/** Further names are counted together, so that a log cannot fill the memory. */
const MAX_NAMES = 1000;
export const OTHER_NAMES = '(others)';

/** Sessions and turns that are remembered: a span that is sent again must not count twice. */
const MAX_COUNTED = 20_000;

export type Totals = ReturnType<typeof createTotals>;

/** @param options `perSession`: sessions are counted too */
export function createTotals(options: { readonly perSession: boolean }) {
  return {
    /** Everything. */
    work: createWork(),
    kinds: {
      session: createSeries(),
      turn: createSeries(),
      api_call: createSeries(),
      tool_call: createSeries(),
      approval: createSeries(),
      subagent: createSeries(),
      auxiliary_call: createSeries(),
    },
    /** API calls and auxiliary calls by the model that was asked. */
    models: new Map<string, Series>(),
    /** Tool calls by name. */
    tools: new Map<string, Series>(),
    sessions: options.perSession ? createSessionTrees() : undefined,
    sessionCount: createSessionCount(),
    /** Sessions and turns that were counted by `addOnce`. */
    counted: createRecent<true>(MAX_COUNTED),
  };
}

/** The totals of a whole log, with what only all spans together show. */
export interface LogTotals extends Totals {
  readonly figures: Figures;
  readonly turns: NotableTurns;
}

export function totalsOf(spans: readonly AgentSpan[]): LogTotals {
  const totals = createTotals({ perSession: true });
  for (const span of spans) addSpan(totals, span);
  const blocks = blocksOf(spans);
  return { ...totals, figures: figuresOf(placedSpans(blocks.flatMap(rootsOf))), turns: notableTurns(blocks) };
}

/** Counts a span, but a session or a turn that is sent again only once. */
export function addOnce(totals: Totals, span: AgentSpan): void {
  if (totals.counted.values.has(span.spanId)) return;
  addSpan(totals, span);
  if (span.kind === 'session' || span.kind === 'turn') remember(totals.counted, span.spanId, true);
}

/** Counts one finished span. The caller must not pass a span twice. */
export function addSpan(totals: Totals, span: AgentSpan): void {
  addToWork(totals.work, countedOf(span));
  countSpan(totals.kinds[span.kind], span);
  noteSession(totals.sessionCount, span);
  if (span.kind === 'api_call' || span.kind === 'auxiliary_call') {
    countSpan(named(totals.models, span.model ?? '(model unknown)'), span);
  }
  if (span.kind === 'tool_call') countSpan(named(totals.tools, span.toolName), span);
  if (totals.sessions !== undefined) addToSession(totals.sessions, span);
}

function named(series: Map<string, Series>, name: string): Series {
  const key = series.has(name) || series.size < MAX_NAMES ? name : OTHER_NAMES;
  const known = series.get(key);
  if (known !== undefined) return known;
  const made = createSeries();
  series.set(key, made);
  return made;
}

/** The figures of all tables, not rounded, for scripts. */
export function totalsJson(totals: LogTotals): object {
  const { sessions, time } = totals.figures;
  return {
    figures: { sessions, time, ...figuresJson(totals.figures) },
    kinds: namedSeries(Object.entries(totals.kinds).filter(([, { count }]) => count > 0)),
    models: namedSeries([...totals.models]),
    tools: namedSeries([...totals.tools]),
    sessions: sessionFigures(totals.sessions).map((session) => ({
      sessionId: session.sessionId,
      title: session.title,
      startTime: session.startTime,
      micros: session.micros,
      ...figuresJson(session),
    })),
    slowestTurns: totals.turns.slowest.map(turnJson),
    dearestTurns: totals.turns.dearest.map(turnJson),
  };
}

export function figuresJson({
  all,
  inSubagents,
  inReviews,
}: Pick<Figures, 'all' | 'inSubagents' | 'inReviews'>): object {
  return {
    ...all,
    ...(isEmpty(inSubagents) ? {} : { inSubagents }),
    ...(isEmpty(inReviews) ? {} : { inReviews }),
  };
}

/** A series as JSON, durations in microseconds. Figures that do not exist are left out. */
export function seriesJson(series: Series): object {
  const { count, errors, incomplete, durations, tokens, cost, slowest, firstError } = series;
  return {
    count,
    errors,
    incomplete,
    ...(durations.count === 0 ? {} : durationsJson(durations)),
    ...(tokens.input + tokens.output === 0 ? {} : { tokens }),
    ...(cost === undefined ? {} : { cost }),
    ...(slowest === undefined ? {} : { slowest }),
    ...(firstError === undefined ? {} : { firstError }),
  };
}

/** `approximate` when the percentiles are of the latest spans only. */
function durationsJson(durations: Sample): object {
  const [p50Micros, p95Micros, p99Micros] = quantiles(durations, [0.5, 0.95, 0.99]);
  return {
    totalMicros: durations.sum,
    meanMicros: mean(durations),
    p50Micros,
    p95Micros,
    p99Micros,
    maxMicros: durations.max,
    ...(isOfLatest(durations) ? { approximate: true } : {}),
  };
}

/** A list and not an object, because a tool may be called `__proto__`. */
function namedSeries(series: readonly (readonly [string, Series])[]): readonly object[] {
  return series.map(([name, each]) => ({ name, ...seriesJson(each) }));
}
