import type { Axis, Window } from '../data/axis.ts';
import { ticksOf } from '../data/ticks.ts';
import { duration } from '../data/words.ts';
import type { Store } from '../state.ts';
import { percent } from './bar.tsx';

/** Pixels between two round times, at least. */
const TICK_DISTANCE = 96;

/** Of the time axis on a landscape page, about. */
const PAPER_WIDTH = 600;

/** How many round times there is room for. */
export function ticksFor(width: number): number {
  return Math.max(Math.floor(width / TICK_DISTANCE), 1);
}

interface TimeLinesProps {
  readonly store: Store;
  /** Pixels of the time axis; `undefined` on paper, where the style decides. */
  readonly width: number | undefined;
}

/**
 * A hair line at each round time, a hatched strip at each shortened gap, and the pointer's line. They stand behind the
 * rows and do not scroll with them, so that scrolling never draws them anew.
 */
export function TimeLines({ store, width }: TimeLinesProps) {
  const axis = store.axis.value;
  const window = store.window.value;
  if (store.perTurn.value) return null;
  const ticks = ticksOf(axis, window, ticksFor(width ?? PAPER_WIDTH));
  return (
    <div
      class="time-lines"
      aria-hidden="true"
      style={width === undefined ? undefined : { width: `${width}px` }}
    >
      {ticks.map(({ at, offset }) => (
        <span key={offset} class="time-line" style={{ left: shareOf(window, at) }} />
      ))}
      <Gaps axis={axis} window={window} />
      <span class="pointer-line" />
    </div>
  );
}

/** Strips narrower than this share of the axis would be a grey mist over it. */
const LEAST_GAP = 0.003;

export function Gaps({ axis, window }: { readonly axis: Axis; readonly window: Window }) {
  const least = LEAST_GAP * (window.to - window.from);
  return (
    <>
      {axis.gaps
        .filter(({ at, until }) => until > window.from && at < window.to && until - at >= least)
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
