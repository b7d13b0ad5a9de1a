import { KINDS } from '../../html/format.ts';
import { criticalPath, type Step } from '../../model/critical-path.ts';
import { addTokens, type Figures, figuresOf, type Placed, type Tokens } from '../../model/figures.ts';
import { append } from '../../model/lists.ts';
import { at, end, fact, isError, numberFact, type SpanTable, text, textFact } from './table.ts';
import { isOfUser } from './tree.ts';

/** The figures of a range of spans. */
export interface Totals extends Figures {
  /** By index of `KINDS`. */
  readonly counts: readonly number[];
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

export function totalsOf(table: SpanTable, range: Range): Totals {
  const counts = KINDS.map(() => 0);
  for (let span = range.from; span < range.to; span += 1) {
    const kind = at(table.kind, span);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return { counts, ...figuresOf(placedIn(table, range)) };
}

function placedIn(table: SpanTable, { from, to }: Range): readonly Placed[] {
  return Array.from({ length: to - from }, (_, index) => placedOf(table, from + index, from));
}

/** What determined how long the span took, in order of time. */
export function pathOf(table: SpanTable, span: number): readonly Step[] {
  const steps = criticalPath(placedIn(table, { from: span, to: span + at(table.size, span) }));
  return steps.map((step) => ({ ...step, span: span + step.span }));
}

const TURN = KINDS.indexOf('turn');
/** Turns in each table. */
const MOST_TURNS = 5;

/** The turns of users for which `weight` is greatest, without those for which it is 0. */
export function topTurns(
  table: SpanTable,
  range: Range,
  weight: (turn: number) => number,
): readonly number[] {
  const turns: number[] = [];
  for (let span = range.from; span < range.to; span += 1) {
    if (at(table.kind, span) === TURN && isOfUser(table, span)) turns.push(span);
  }
  return turns
    .filter((turn) => weight(turn) > 0)
    .sort((a, b) => weight(b) - weight(a))
    .slice(0, MOST_TURNS);
}

/** A parent outside of the range does not count. */
function placedOf(table: SpanTable, span: number, from: number): Placed {
  const cost = numberFact(table, span, 'cost');
  return {
    kind: KINDS[at(table.kind, span)] ?? 'session',
    error: isError(table, span),
    incomplete: fact(table, span, 'incomplete') !== undefined,
    answered: fact(table, span, 'answered') === true,
    tokens: tokensOf(table, span),
    cost,
    sessionId: text(table, at(table.session, span)),
    previousSessionId: textFact(table, span, 'previous'),
    parent: Math.max(at(table.parent, span) - from, -1),
    startTime: at(table.start, span),
    endTime: end(table, span),
    background: fact(table, span, 'background') === true,
    inSubagent: fact(table, span, 'inSubagent') === true,
  };
}

/** `undefined` when the span reports no tokens. */
export function tokensOf(table: SpanTable, span: number): Tokens | undefined {
  const input = numberFact(table, span, 'inputTokens');
  const output = numberFact(table, span, 'outputTokens');
  if (input === undefined && output === undefined) return undefined;
  return {
    input: input ?? 0,
    output: output ?? 0,
    cached: numberFact(table, span, 'cacheReadTokens') ?? 0,
    unknown: input === undefined ? 'input' : output === undefined ? 'output' : undefined,
  };
}

const CALLS: ReadonlySet<number> = new Set([KINDS.indexOf('api_call'), KINDS.indexOf('auxiliary_call')]);
const TOOL = KINDS.indexOf('tool_call');

export function isCall(kind: number): boolean {
  return CALLS.has(kind);
}

const NO_TOKENS: Tokens = { input: 0, cached: 0, output: 0 };

/** One row of the tables by model and by tool. Durations in micros. */
export interface Group {
  readonly name: string;
  readonly count: number;
  readonly errors: number;
  readonly total: number;
  /** `total` as a part of all rows. */
  readonly share: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
  readonly tokens: Tokens;
  /** US dollars of the calls whose price is known. */
  readonly cost: number | undefined;
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

/** The longest total time first. */
function groupsOf(
  table: SpanTable,
  { from, to }: Range,
  shown: Uint8Array | undefined,
  nameOf: (span: number) => string | undefined,
): readonly Group[] {
  const members = new Map<string, number[]>();
  for (let span = from; span < to; span += 1) {
    const name = shown?.[span] === 0 ? undefined : nameOf(span);
    if (name !== undefined) append(members, name, span);
  }
  const groups = Array.from(members, ([name, spans]) => groupOf(table, name, spans));
  const whole = groups.reduce((sum, { total }) => sum + total, 0);
  return groups
    .map((group) => ({ ...group, share: group.total / Math.max(whole, 1) }))
    .sort((a, b) => b.total - a.total);
}

function groupOf(table: SpanTable, name: string, spans: readonly number[]): Omit<Group, 'share'> {
  const durations = spans.map((span) => at(table.duration, span)).sort((a, b) => a - b);
  const total = (measure: (span: number) => number): number =>
    spans.reduce((sum, span) => sum + measure(span), 0);
  return {
    name,
    count: spans.length,
    errors: total((span) => (isError(table, span) ? 1 : 0)),
    total: total((span) => at(table.duration, span)),
    median: nearestRank(durations, 0.5),
    p95: nearestRank(durations, 0.95),
    max: durations.at(-1) ?? 0,
    tokens: spans.map((span) => tokensOf(table, span) ?? NO_TOKENS).reduce(addTokens),
    cost: spans.some((span) => numberFact(table, span, 'cost') !== undefined)
      ? total((span) => numberFact(table, span, 'cost') ?? 0)
      : undefined,
  };
}

/** A value that occurred, as the text views count it; 0 without values. */
export function nearestRank(sorted: readonly number[], fraction: number): number {
  return sorted[Math.max(Math.ceil(sorted.length * fraction), 1) - 1] ?? 0;
}
