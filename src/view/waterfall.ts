/** Where in time a span stands, drawn as a bar: each turn has an axis of its own, since people pause between turns. */

import { type AgentSpan, isError } from '../model/span.ts';
import { type EpochMicros, earlier, epochMicros, later } from '../model/time.ts';
import { widthOf } from './columns.ts';
import { KIND_TONE } from './label.ts';
import { type Piece, piece } from './paint.ts';
import { duration } from './units.ts';
import { shown } from './visible.ts';

/** The stretch of time that a bar column shows. */
export interface Axis {
  readonly startTime: EpochMicros;
  readonly endTime: EpochMicros;
}

/** From the first start to the last end: a sub-agent may outlive its turn. */
export function axisOf(spans: readonly AgentSpan[]): Axis {
  const [first, ...rest] = spans;
  const none = { startTime: epochMicros(0), endTime: epochMicros(0) };
  return rest.reduce<Axis>(
    (axis, span) => ({
      startTime: earlier(axis.startTime, span.startTime),
      endTime: later(axis.endTime, span.endTime),
    }),
    first ?? none,
  );
}

/** `0ms        1.17s        2.33s` in exactly `width` columns. */
export function renderAxis({ startTime, endTime }: Axis, width: number): Piece {
  const length = endTime - startTime;
  const last = duration(length);
  const middle = duration(length / 2);
  const first = '0ms';
  const gap = width - widthOf(first) - widthOf(last);
  if (gap < 1) return piece(shown`${' '.repeat(width)}`);
  const before = Math.floor(width / 2 - widthOf(middle) / 2) - widthOf(first);
  const after = gap - before - widthOf(middle);
  if (before < 2 || after < 2) return piece(shown`${first}${' '.repeat(gap)}${last}`, 'dim');
  return piece(shown`${first}${' '.repeat(before)}${middle}${' '.repeat(after)}${last}`, 'dim');
}

/** The bar of `span` in exactly `width` columns, to half a column; never shorter than that. */
export function renderBar(span: AgentSpan, axis: Axis, width: number): Piece {
  const perHalf = (axis.endTime - axis.startTime) / (2 * width);
  const halves = (time: EpochMicros) => (perHalf === 0 ? 0 : (time - axis.startTime) / perHalf);
  const start = Math.min(Math.round(halves(span.startTime)), 2 * width - 1);
  const end = Math.min(Math.max(Math.round(halves(span.endTime)), start + 1), 2 * width);
  const bar = drawBar(start, end, width);
  return piece(
    shown`${span.incomplete === undefined ? bar : openEnded(bar)}`,
    isError(span) ? 'error' : KIND_TONE[span.kind],
  );
}

/** A heavy line from one half column to another; a half column that stands alone in its column is drawn as such. */
function drawBar(start: number, end: number, width: number): string {
  const first = Math.ceil(start / 2);
  const last = Math.floor(end / 2);
  const left = start % 2 === 1 ? '╺' : '';
  const right = end % 2 === 1 && last >= first ? '╸' : '';
  return `${' '.repeat(first - left.length)}${left}${'━'.repeat(Math.max(0, last - first))}${right}`.padEnd(
    width,
  );
}

/** An end that is not in the log is dashed. */
function openEnded(bar: string): string {
  return bar.replace(/[━╺╸]( *)$/, '╍$1');
}
