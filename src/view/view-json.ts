import { isError } from '../model/span.ts';
import { labelOf } from './label.ts';
import type { SessionBlock } from './session-block.ts';
import type { Totals } from './totals.ts';
import { totalsJson } from './totals-json.ts';
import type { Tree } from './tree.ts';
import { visibleJson } from './visible.ts';

/**
 * A log as one JSON document: `sessions`, each with its spans as trees, and `totals`. Spans have the fields of the
 * model (times and durations in microseconds) and what a view adds: `name`, `durationMicros`, `isError`, `parallel`.
 */
export function renderViewJson(blocks: readonly SessionBlock[], totals: Totals): string {
  const sessions = blocks.map(({ sessionId, session, trees }) => ({
    sessionId,
    session,
    spans: trees.map(treeJson),
  }));
  return `${visibleJson({ sessions, totals: totalsJson(totals) })}\n`;
}

function treeJson({ span, children, parallel, hidden }: Tree): object {
  return {
    name: labelOf(span),
    isError: isError(span),
    durationMicros: span.endTime - span.startTime,
    ...(parallel ? { parallel } : {}),
    ...(hidden > 0 ? { hidden } : {}),
    ...span,
    children: children.map(treeJson),
  };
}
