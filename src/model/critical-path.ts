import type { Placed } from './figures.ts';
import { percent } from './units.ts';

/** A stretch of time of one span, in which none of its children was waited for. */
export interface Step {
  /** Index of the span in the list. */
  readonly span: number;
  readonly micros: number;
}

/**
 * What determined how long the first span of the list took: going back from its end, always the child that ended last.
 * The list holds the span and everything below it, each after its parent. In order of time; the sum is the duration.
 */
export function criticalPath(spans: readonly Placed[]): readonly Step[] {
  const children = childrenByEnd(spans);
  const steps: Step[] = [];
  const add = (span: number, micros: number): void => {
    if (micros > 0) steps.push({ span, micros });
  };
  const goBack = (index: number, until: number): void => {
    const span = spans[index];
    if (span === undefined) return;
    let time = Math.min(span.endTime, until);
    for (const child of children[index] ?? []) {
      const { startTime = time, endTime = time } = spans[child] ?? {};
      if (startTime >= time || endTime <= span.startTime) continue;
      add(index, time - Math.min(endTime, time));
      goBack(child, Math.min(endTime, time));
      time = Math.max(startTime, span.startTime);
    }
    add(index, time - span.startTime);
  };
  goBack(0, Number.POSITIVE_INFINITY);
  return steps.reverse();
}

/** The children of each span, the one that ended last first. */
function childrenByEnd(spans: readonly Placed[]): readonly (readonly number[])[] {
  const children: number[][] = spans.map(() => []);
  for (const [index, { parent }] of spans.entries()) children[parent]?.push(index);
  for (const each of children) each.sort((a, b) => (spans[b]?.endTime ?? 0) - (spans[a]?.endTime ?? 0));
  return children;
}

/**
 * `chat claude-sonnet 62 %, tool terminal 30 %, agent 8 %`: the names on a critical path by their share of its time.
 * At most `most` of them.
 */
export function pathText(
  steps: readonly { readonly name: string; readonly micros: number }[],
  most = Number.POSITIVE_INFINITY,
): string {
  const shares = new Map<string, number>();
  for (const { name, micros } of steps) shares.set(name, (shares.get(name) ?? 0) + micros);
  const whole = steps.reduce((sum, { micros }) => sum + micros, 0);
  return Array.from(shares)
    .sort(([, a], [, b]) => b - a)
    .slice(0, most)
    .map(([name, micros]) => `${name} ${percent(micros, whole)}`)
    .join(', ');
}
