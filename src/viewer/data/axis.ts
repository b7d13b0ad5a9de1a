import { bisector } from 'd3-array';
import { KINDS } from '../../html/format.ts';
import { at, end, type Session, type SpanTable } from './table.ts';

/**
 * Time → place. A place is micros along the axis, from 0 to `length`; without shortened gaps it is the time since the
 * session's start. In a gap nothing runs (the user thinks, the laptop sleeps), so hours of it take little room.
 */
export interface Axis {
  /** Micros since the epoch, of place 0. */
  readonly start: number;
  readonly length: number;
  /** In order of time. */
  readonly gaps: readonly Gap[];
}

export interface Gap {
  /** Micros since the epoch. */
  readonly from: number;
  readonly to: number;
  /** Places. */
  readonly at: number;
  readonly until: number;
}

/** Sessions span everything, also the time in which nothing happens. */
const SESSION = KINDS.indexOf('session');
/** Room for a gap, and for all gaps together, as a part of the time in which something runs. */
const GAP_SHARE = { one: 0.02, all: 0.2 } as const;
/** A pause is shortened from this many times its room on. Shorter ones are part of the picture. */
const LEAST_GAIN = 4;

export function plainAxis({ start, end: last }: Session): Axis {
  return { start, length: Math.max(last - start, 1), gaps: [] };
}

/** The axis without long idle times. The same as `plainAxis` when there are none worth it. */
export function shortAxis(table: SpanTable, session: Session): Axis {
  const idle = idleTimes(table, session);
  const total = session.end - session.start;
  const busy = idle.reduce((rest, { from, to }) => rest - (to - from), total);
  const room = Math.max(busy * Math.min(GAP_SHARE.one, GAP_SHARE.all / idle.length), 1);
  const worth = idle.filter(({ from, to }) => to - from > room * LEAST_GAIN);
  let saved = 0;
  const gaps = worth.map(({ from, to }) => {
    const place = from - session.start - saved;
    saved += to - from - room;
    return { from, to, at: place, until: place + room };
  });
  return { start: session.start, length: Math.max(total - saved, 1), gaps };
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Where no span but the session's own runs. Spans stand in tree order, so their starts must be sorted first. */
function idleTimes(table: SpanTable, session: Session): readonly Stretch[] {
  const spans: number[] = [];
  for (let span = session.from; span < session.to; span += 1) {
    if (at(table.kind, span) !== SESSION) spans.push(span);
  }
  spans.sort((a, b) => at(table.start, a) - at(table.start, b));
  const idle: Stretch[] = [];
  let busyUntil = session.start;
  for (const span of spans) {
    const start = at(table.start, span);
    if (start > busyUntil) idle.push({ from: busyUntil, to: start });
    busyUntil = Math.max(busyUntil, end(table, span));
  }
  if (session.end > busyUntil) idle.push({ from: busyUntil, to: session.end });
  return idle;
}

export function placeOf({ start, gaps }: Axis, time: number): number {
  const gap = gaps[byTime.left(gaps, time) - 1];
  if (gap === undefined) return time - start;
  if (time >= gap.to) return gap.until + time - gap.to;
  return gap.at + ((time - gap.from) / (gap.to - gap.from)) * (gap.until - gap.at);
}

/** The inverse of `placeOf`. */
export function timeOf({ start, gaps }: Axis, place: number): number {
  const gap = gaps[byPlace.left(gaps, place) - 1];
  if (gap === undefined) return place + start;
  if (place >= gap.until) return gap.to + place - gap.until;
  return gap.from + ((place - gap.at) / (gap.until - gap.at)) * (gap.to - gap.from);
}

const byTime = bisector(({ from }: Gap) => from);
const byPlace = bisector(({ at: place }: Gap) => place);

/** The part of the axis on the screen. Places. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Micros: below this there is nothing to see, times being whole micros. */
const SHORTEST_WINDOW = 200;

/** `factor` < 1 zooms in; `around` keeps its place on the screen. */
export function zoomed(axis: Axis, { from, to }: Window, factor: number, around: number): Window {
  const length = clamp((to - from) * factor, Math.min(SHORTEST_WINDOW, axis.length), axis.length);
  const share = (around - from) / (to - from);
  return panned(axis, { from: around - share * length, to: around + (1 - share) * length }, 0);
}

/** Moved by `by` places, but never beyond the ends. */
export function panned(axis: Axis, { from, to }: Window, by: number): Window {
  const length = Math.min(to - from, axis.length);
  const start = clamp(from + by, 0, axis.length - length);
  return { from: start, to: start + length };
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
