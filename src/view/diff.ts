/** `diff`: compares two logs by kind, model, tool and class of error. */
import type { AgentSpan } from '../model/span.ts';
import { shown, type Visible } from '../model/visible.ts';
import { errorTypeOf } from './label.ts';
import type { Tone } from './page.ts';
import type { Series } from './series.ts';
import { type LogTotals, type Totals, totalsOf } from './totals.ts';
import { kindRows, modelRows, type SeriesRow, toolRows } from './totals-tables.ts';

/** Two logs, or two sessions, side by side. */
export interface LogDiff {
  readonly before: LogTotals;
  readonly after: LogTotals;
  readonly kinds: readonly Change[];
  readonly models: readonly Change[];
  readonly tools: readonly Change[];
  /** The number of errors of each class, the largest change first. */
  readonly errors: readonly ErrorChange[];
}

/** A kind, model or tool in both logs; `undefined` in a log where it does not occur. */
export interface Change {
  readonly name: Visible;
  readonly tone: Tone;
  readonly before: Series | undefined;
  readonly after: Series | undefined;
}

export interface ErrorChange {
  /** `tool terminal: timeout`, `chat: rate_limit`. */
  readonly name: Visible;
  readonly before: number;
  readonly after: number;
}

export function diffLogs(before: readonly AgentSpan[], after: readonly AgentSpan[]): LogDiff {
  const left = totalsOf(before);
  const right = totalsOf(after);
  const changes = (rows: (totals: Totals) => readonly SeriesRow[]) => pair(rows(left), rows(right));
  return {
    before: left,
    after: right,
    kinds: changes(kindRows),
    models: changes(modelRows),
    tools: changes(toolRows),
    errors: pairErrors(errorCounts(before), errorCounts(after)),
  };
}

/** `new` when only the second log has it, `gone` when only the first. */
export function presence({ before, after }: Change): 'new' | 'gone' | 'both' {
  if (before === undefined) return 'new';
  return after === undefined ? 'gone' : 'both';
}

/** In the order of the first list, then what only the second has. */
function pair(before: readonly SeriesRow[], after: readonly SeriesRow[]): readonly Change[] {
  const left = new Map(before.map((row) => [row.name, row]));
  const right = new Map(after.map((row) => [row.name, row]));
  return [...new Map([...left, ...right]).values()].map(({ name, tone }) => ({
    name,
    tone,
    before: left.get(name)?.series,
    after: right.get(name)?.series,
  }));
}

function errorCounts(spans: readonly AgentSpan[]): ReadonlyMap<Visible, number> {
  const counts = new Map<Visible, number>();
  for (const span of spans) {
    const type = errorTypeOf(span);
    if (type === undefined) continue;
    const source = span.kind === 'tool_call' ? `tool ${span.toolName}` : span.kind.replace('_', ' ');
    const name = shown`${source}: ${type}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function pairErrors(
  before: ReadonlyMap<Visible, number>,
  after: ReadonlyMap<Visible, number>,
): readonly ErrorChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names
    .map((name) => ({ name, before: before.get(name) ?? 0, after: after.get(name) ?? 0 }))
    .toSorted(
      (a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before) || (a.name < b.name ? -1 : 1),
    );
}
