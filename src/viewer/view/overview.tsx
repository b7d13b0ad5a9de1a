import { useEffect, useRef } from 'preact/hooks';
import { setWindow, showAll } from '../actions.ts';
import { panned, type Window } from '../data/axis.ts';
import type { Store } from '../state.ts';
import { percent } from './bar.tsx';
import { drawOverview } from './draw-overview.ts';
import { drag, shareAt } from './pointer.ts';
import { Gaps } from './time-lines.tsx';

/**
 * The whole session in a strip, with the part below marked. A drag chooses a part, a drag of the part moves it. It
 * holds nothing that the grid and the zoom keys do not, so it is for the eye and the mouse alone.
 */
export function Overview({ store }: { readonly store: Store }) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const axis = store.axis.value;
  const session = store.current.value;
  const matches = store.matches.value;
  const theme = store.theme.value;
  // Drawn anew when what the picture is made of has changed.
  useEffect(() => {
    const draw = (): void => drawOverview(store, canvas.current);
    const observer = new ResizeObserver(draw);
    if (canvas.current !== null) observer.observe(canvas.current);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', draw);
    return () => {
      observer.disconnect();
      scheme.removeEventListener('change', draw);
    };
  }, [axis, session, matches, theme]);
  const whole = { from: 0, to: axis.length };
  const { from, to } = store.window.value;
  return (
    <div
      class="overview"
      ref={box}
      aria-hidden="true"
      onPointerDown={(event) => dragWindow(store, event, box.current)}
      onDblClick={() => showAll(store)}
    >
      <canvas ref={canvas} />
      <Gaps axis={axis} window={whole} />
      {store.zoom.value !== undefined && (
        <>
          <span class="shade" style={{ left: 0, width: percent(from / axis.length) }} />
          <span class="shade" style={{ left: percent(to / axis.length), right: 0 }} />
          <span
            class="window"
            style={{ left: percent(from / axis.length), width: percent((to - from) / axis.length) }}
          />
        </>
      )}
    </div>
  );
}

function dragWindow(store: Store, event: PointerEvent, box: HTMLElement | null): void {
  if (box === null || event.button !== 0) return;
  const axis = store.axis.value;
  const before = store.zoom.value;
  const first = shareAt(box, event.clientX) * axis.length;
  const moves = before !== undefined && first > before.from && first < before.to;
  const windowTo = (place: number): Window =>
    moves
      ? panned(axis, before, place - first)
      : { from: Math.min(first, place), to: Math.max(first, place) };
  drag(box, event, {
    move: (share) => {
      const window = windowTo(share * axis.length);
      if (window.to - window.from > axis.length / 500) setWindow(store, window);
    },
    end: (share, pixels) => {
      if (pixels < 4 && before !== undefined && !moves) {
        const middle = (before.from + before.to) / 2;
        setWindow(store, panned(axis, before, share * axis.length - middle));
      }
    },
  });
}
