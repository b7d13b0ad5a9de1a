import { KINDS } from '../../html/format.ts';
import type { AgentSpanKind } from '../../model/span.ts';
import { at, fact, isError, numberFact, type SpanTable, textFact } from './table.ts';

/** Sums over a range of spans. */
export interface Totals {
  /** By index of `KINDS`. */
  readonly counts: readonly number[];
  /** The part of `counts` that background reviews did: Hermes leaves it out of a session's own figures. */
  readonly background: readonly number[];
  readonly errors: number;
  readonly incomplete: number;
  readonly tokens: TokenTotals;
}

/** Over answered calls of a model; background reviews are left out, as Hermes leaves them out of a session's row. */
export interface TokenTotals {
  /** The whole prompt, cached tokens included. */
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  /** False when no call said how many tokens it used: the sums mean nothing then. */
  readonly reported: boolean;
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

export function totalsOf(table: SpanTable, { from, to }: Range): Totals {
  const counts = KINDS.map(() => 0);
  const background = KINDS.map(() => 0);
  const tokens = { input: 0, output: 0, cacheRead: 0, reported: false };
  let errors = 0;
  let incomplete = 0;
  for (let span = from; span < to; span += 1) {
    const kind = at(table.kind, span);
    add(counts, kind);
    if (fact(table, span, 'background') === true) add(background, kind);
    if (isError(table, span)) errors += 1;
    if (fact(table, span, 'incomplete') !== undefined) incomplete += 1;
    if (isCall(kind)) addTokens(table, span, tokens);
  }
  return { counts, background, errors, incomplete, tokens };
}

function add(counts: number[], kind: number): void {
  counts[kind] = (counts[kind] ?? 0) + 1;
}

/** Without background reviews. */
export function ownCount({ counts, background }: Totals, kind: AgentSpanKind): number {
  const index = KINDS.indexOf(kind);
  return (counts[index] ?? 0) - (background[index] ?? 0);
}

type Sum = { -readonly [key in keyof TokenTotals]: TokenTotals[key] };

function addTokens(table: SpanTable, span: number, sum: Sum): void {
  if (fact(table, span, 'background') === true) return;
  const input = numberFact(table, span, 'inputTokens');
  const output = numberFact(table, span, 'outputTokens');
  if (input === undefined && output === undefined) return;
  sum.reported = true;
  sum.input += input ?? 0;
  sum.output += output ?? 0;
  sum.cacheRead += numberFact(table, span, 'cacheReadTokens') ?? 0;
}

const CALLS: ReadonlySet<number> = new Set([KINDS.indexOf('api_call'), KINDS.indexOf('auxiliary_call')]);
const TOOL = KINDS.indexOf('tool_call');

export function isCall(kind: number): boolean {
  return CALLS.has(kind);
}

/** One row of the tables by model and by tool. Durations in micros. */
export interface Group {
  readonly name: string;
  readonly count: number;
  readonly errors: number;
  readonly mean: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
  readonly input: number;
  readonly output: number;
}

/** `shown` is `undefined` when all spans are. */
export function byModel(table: SpanTable, range: Range, shown: Uint8Array | undefined): readonly Group[] {
  return groupsOf(table, range, shown, (span) =>
    isCall(at(table.kind, span)) ? (textFact(table, span, 'model') ?? 'unknown model') : undefined,
  );
}

export function byTool(table: SpanTable, range: Range, shown: Uint8Array | undefined): readonly Group[] {
  return groupsOf(table, range, shown, (span) =>
    at(table.kind, span) === TOOL ? (textFact(table, span, 'tool') ?? 'unknown tool') : undefined,
  );
}

/** The busiest first, by the time spent. */
function groupsOf(
  table: SpanTable,
  { from, to }: Range,
  shown: Uint8Array | undefined,
  nameOf: (span: number) => string | undefined,
): readonly Group[] {
  const members = new Map<string, number[]>();
  for (let span = from; span < to; span += 1) {
    const name = shown?.[span] === 0 ? undefined : nameOf(span);
    if (name === undefined) continue;
    const known = members.get(name);
    if (known === undefined) members.set(name, [span]);
    else known.push(span);
  }
  return Array.from(members, ([name, spans]) => groupOf(table, name, spans)).sort(
    (a, b) => b.mean * b.count - a.mean * a.count,
  );
}

function groupOf(table: SpanTable, name: string, spans: readonly number[]): Group {
  const durations = spans.map((span) => at(table.duration, span)).sort((a, b) => a - b);
  const total = (measure: (span: number) => number): number =>
    spans.reduce((sum, span) => sum + measure(span), 0);
  return {
    name,
    count: spans.length,
    errors: total((span) => (isError(table, span) ? 1 : 0)),
    mean: total((span) => at(table.duration, span)) / spans.length,
    median: nearestRank(durations, 0.5),
    p95: nearestRank(durations, 0.95),
    max: durations.at(-1) ?? 0,
    input: total((span) => numberFact(table, span, 'inputTokens') ?? 0),
    output: total((span) => numberFact(table, span, 'outputTokens') ?? 0),
  };
}

/** A value that occurred, as the text views count it; 0 without values. */
export function nearestRank(sorted: readonly number[], fraction: number): number {
  return sorted[Math.max(Math.ceil(sorted.length * fraction), 1) - 1] ?? 0;
}
