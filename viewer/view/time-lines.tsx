import type { Axis, Window } from '../data/axis.ts';
import { ticksOf } from '../data/ticks.ts';
import { duration } from '../data/words.ts';
import type { Store } from '../state.ts';
import { percent } from './bar.tsx';

/** Pixels between two round times, at least. */
const TICK_DISTANCE = 96;

/** How many round times there is room for. */
export function ticksFor(width: number): number {
  return Math.max(Math.floor(width / TICK_DISTANCE), 1);
}

/** Behind the rows: a hair line at each round time, a hatched strip at each shortened gap, and the pointer's line. */
export function TimeLines({ store, width }: { readonly store: Store; readonly width: number }) {
  const axis = store.axis.value;
  const window = store.window.value;
  return (
    <div class="time-lines" aria-hidden="true">
      {ticksOf(axis, window, ticksFor(width)).map(({ at, offset }) => (
        <span key={offset} class="time-line" style={{ left: shareOf(window, at) }} />
      ))}
      <Gaps axis={axis} window={window} />
      <span class="pointer-line" />
    </div>
  );
}

export function Gaps({ axis, window }: { readonly axis: Axis; readonly window: Window }) {
  return (
    <>
      {axis.gaps
        .filter(({ at, until }) => until > window.from && at < window.to)
        .map(({ at, until, from, to }) => (
          <span
            key={from}
            class="gap"
            title={`${duration(to - from)} in which nothing runs`}
            style={{ left: shareOf(window, at), width: percent((until - at) / (window.to - window.from)) }}
          />
        ))}
    </>
  );
}

export function shareOf(window: Window, place: number): string {
  return percent((place - window.from) / (window.to - window.from));
}
