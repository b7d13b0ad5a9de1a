import { KINDS } from '../../html/format.ts';
import { at, isError, numberFact, type SpanTable } from './table.ts';
import { isCall, type Range } from './totals.ts';

/** What the charts draw: calls in order of start, few enough to be seen. */

export interface TokenColumn {
  /** The first call of the column: where a click leads. */
  readonly span: number;
  /** Calls in the column. */
  readonly calls: number;
  /** Means per call. The whole prompt is `cached + fresh`. */
  readonly cached: number;
  readonly fresh: number;
  readonly output: number;
}

/** One column per call; when there are more calls than `most`, as many neighbours per column as it takes. */
export function tokenColumns(
  table: SpanTable,
  range: Range,
  shown: Uint8Array | undefined,
  most: number,
): readonly TokenColumn[] {
  const calls = inOrder(
    table,
    range,
    shown,
    (span) => isCall(at(table.kind, span)) && hasTokens(table, span),
  );
  const perColumn = Math.max(Math.ceil(calls.length / most), 1);
  const columns: TokenColumn[] = [];
  for (let from = 0; from < calls.length; from += perColumn) {
    columns.push(columnOf(table, calls.slice(from, from + perColumn)));
  }
  return columns;
}

function hasTokens(table: SpanTable, span: number): boolean {
  return (
    numberFact(table, span, 'inputTokens') !== undefined ||
    numberFact(table, span, 'outputTokens') !== undefined
  );
}

function columnOf(table: SpanTable, spans: readonly number[]): TokenColumn {
  const mean = (name: 'inputTokens' | 'outputTokens' | 'cacheReadTokens'): number =>
    spans.reduce((sum, span) => sum + (numberFact(table, span, name) ?? 0), 0) / spans.length;
  const input = mean('inputTokens');
  const cached = Math.min(mean('cacheReadTokens'), input);
  return {
    span: spans[0] ?? -1,
    calls: spans.length,
    cached,
    fresh: input - cached,
    output: mean('outputTokens'),
  };
}

/** What was spent over time: dollars where costs are known, else tokens, in equal parts of the time. */
export function activity(
  table: SpanTable,
  { from, to }: Range,
  parts: number,
): { readonly values: readonly number[]; readonly unit: 'Cost' | 'Tokens' } {
  const cost = new Array<number>(parts).fill(0);
  const tokens = new Array<number>(parts).fill(0);
  for (let span = 0; span < table.count; span += 1) {
    const part = Math.min(
      Math.floor(((at(table.start, span) - from) / Math.max(to - from, 1)) * parts),
      parts - 1,
    );
    const fact = (name: 'cost' | 'inputTokens' | 'outputTokens') => numberFact(table, span, name) ?? 0;
    cost[part] = (cost[part] ?? 0) + fact('cost');
    tokens[part] = (tokens[part] ?? 0) + fact('inputTokens') + fact('outputTokens');
  }
  return cost.some((sum) => sum > 0) ? { values: cost, unit: 'Cost' } : { values: tokens, unit: 'Tokens' };
}

const TOOL = KINDS.indexOf('tool_call');

export interface LatencyPoint {
  readonly span: number;
  readonly tool: boolean;
  readonly error: boolean;
}

export interface Latency {
  readonly points: readonly LatencyPoint[];
  /** Of how many calls and tools. */
  readonly count: number;
}

/**
 * Calls and tools by time. When there are more than `most`, the time is cut into slots and each keeps its slowest:
 * what is rare and slow is what a latency chart is read for.
 */
export function latencyPoints(
  table: SpanTable,
  range: Range,
  shown: Uint8Array | undefined,
  most: number,
): Latency {
  const spans = inOrder(table, range, shown, (span) => {
    const kind = at(table.kind, span);
    return kind === TOOL || isCall(kind);
  });
  const perSlot = Math.max(Math.ceil(spans.length / most), 1);
  const points: LatencyPoint[] = [];
  for (let from = 0; from < spans.length; from += perSlot) {
    const span = slowest(table, spans.slice(from, from + perSlot));
    points.push({ span, tool: at(table.kind, span) === TOOL, error: isError(table, span) });
  }
  return { points, count: spans.length };
}

function slowest(table: SpanTable, spans: readonly number[]): number {
  return spans.reduce((most, span) => (at(table.duration, span) > at(table.duration, most) ? span : most));
}

function inOrder(
  table: SpanTable,
  { from, to }: Range,
  shown: Uint8Array | undefined,
  wanted: (span: number) => boolean,
): readonly number[] {
  const spans: number[] = [];
  for (let span = from; span < to; span += 1) {
    if (shown?.[span] !== 0 && wanted(span)) spans.push(span);
  }
  return spans.sort((a, b) => at(table.start, a) - at(table.start, b));
}
