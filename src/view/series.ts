/** Spans of one sort, counted one at a time: how many, how long, how many tokens, and which stand out. */
import type { Usage } from '../model/event.ts';
import { type AgentSpan, isError, type SpanId, type TraceId } from '../model/span.ts';
import { labelOf } from './label.ts';
import { addValue, createSample, type Sample } from './sample.ts';
import type { Visible } from './visible.ts';

/** Names a span in a report. */
export interface SpanRef {
  readonly name: Visible;
  readonly sessionId: string;
  readonly traceId: TraceId;
  readonly spanId: SpanId;
}

/** Spans of one sort. */
export interface Series {
  count: number;
  errors: number;
  /** Their end is not in the log: they are counted, but a duration they have not. */
  incomplete: number;
  /** Microseconds, of spans whose end is in the log. */
  readonly durations: Sample;
  /** Reported by API calls and auxiliary calls. */
  readonly tokens: TokenTotals;
  /** The longest. */
  slowest: SpanRef | undefined;
  firstError: SpanRef | undefined;
  firstIncomplete: SpanRef | undefined;
  /** The one with the most tokens. */
  heaviest: SpanRef | undefined;
}

export interface TokenTotals {
  /** Uncached. */
  input: number;
  output: number;
  /** Read from and written to the cache. */
  cached: number;
  /** All of these. */
  total: number;
  /** The most that one call took. */
  largest: number;
}

export function createSeries(): Series {
  return {
    count: 0,
    errors: 0,
    incomplete: 0,
    durations: createSample(),
    tokens: { input: 0, output: 0, cached: 0, total: 0, largest: 0 },
    slowest: undefined,
    firstError: undefined,
    firstIncomplete: undefined,
    heaviest: undefined,
  };
}

export function countSpan(series: Series, span: AgentSpan): void {
  series.count += 1;
  if (isError(span)) {
    series.errors += 1;
    series.firstError ??= refOf(span);
  }
  if (span.incomplete === undefined) countDuration(series, span);
  else {
    series.incomplete += 1;
    series.firstIncomplete ??= refOf(span);
  }
  if ((span.kind === 'api_call' || span.kind === 'auxiliary_call') && span.usage !== undefined) {
    countTokens(series, span, span.usage);
  }
}

function countDuration(series: Series, span: AgentSpan): void {
  const micros = span.endTime - span.startTime;
  if (series.slowest === undefined || micros > series.durations.max) series.slowest = refOf(span);
  addValue(series.durations, micros);
}

function countTokens(series: Series, span: AgentSpan, usage: Usage): void {
  const { tokens } = series;
  const input = usage.inputTokens ?? 0;
  const output = usage.outputTokens ?? 0;
  const cached = (usage.cacheReadTokens ?? 0) + (usage.cacheWriteTokens ?? 0);
  const total = input + output + cached;
  tokens.input += input;
  tokens.output += output;
  tokens.cached += cached;
  tokens.total += total;
  if (total <= tokens.largest) return;
  tokens.largest = total;
  series.heaviest = refOf(span);
}

function refOf(span: AgentSpan): SpanRef {
  const { sessionId, traceId, spanId } = span;
  return { name: labelOf(span), sessionId, traceId, spanId };
}
