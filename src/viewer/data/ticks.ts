import { type Axis, placeOf, timeOf, type Window } from './axis.ts';

export interface Tick {
  /** Place on the axis. */
  readonly at: number;
  /** Micros since the session's start. */
  readonly offset: number;
}

/** Steps people count time in, in micros. */
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((micros) => micros),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((millis) => millis * 1e3),
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1e6),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60e6),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 3600e6),
  ...[1, 2, 7, 14, 28].map((days) => days * 86400e6),
];

/** How much finer than the wanted distance a step may be, to fill what a shortened gap leaves empty. */
const FINEST_SHARE = 8;

/**
 * Round times since the session's start, about `wanted` of them, never close together and none inside a shortened gap.
 * The roundest take their places first: beside gaps, where few round times are left, finer ones fill in.
 */
export function ticksOf(axis: Axis, window: Window, wanted: number): readonly Tick[] {
  const distance = (window.to - window.from) / Math.max(wanted, 1);
  const steps = stepsFor(distance, axis.gaps.length === 0 ? 1 : FINEST_SHARE);
  const taken: Tick[] = [];
  for (const step of steps) {
    for (const tick of multiplesOf(axis, window, step, wanted * FINEST_SHARE * 4)) {
      if (taken.every(({ at }) => Math.abs(at - tick.at) >= distance * 0.7)) taken.push(tick);
    }
  }
  return taken.sort((a, b) => a.at - b.at);
}

/** The steps to try, coarse to fine: the first that is long enough, and those down to a part of the distance. */
function stepsFor(distance: number, share: number): readonly number[] {
  const first = STEPS.findIndex((step) => step >= distance);
  if (first < 0) return [Math.ceil(distance / 86400e6) * 86400e6];
  return STEPS.slice(0, first + 1)
    .filter((step, index) => index === first || (share > 1 && step >= distance / share))
    .reverse();
}

function multiplesOf(axis: Axis, window: Window, step: number, most: number): readonly Tick[] {
  const ticks: Tick[] = [];
  let offset = Math.ceil((timeOf(axis, window.from) - axis.start) / step) * step;
  for (let tried = 0; tried < most; tried += 1) {
    const time = axis.start + offset;
    const gap = axis.gaps.find(({ from, to }) => time > from && time < to);
    const place = placeOf(axis, time);
    if (gap === undefined && place > window.to) break;
    if (gap === undefined) ticks.push({ at: place, offset });
    offset = gap === undefined ? offset + step : Math.ceil((gap.to - axis.start) / step) * step;
  }
  return ticks;
}
