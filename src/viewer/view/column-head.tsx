import { useRef } from 'preact/hooks';
import { ticksOf } from '../data/ticks.ts';
import { duration, tickLabel } from '../data/words.ts';
import type { Store } from '../state.ts';
import { dragRange } from './pointer.ts';
import { Gaps, shareOf, ticksFor } from './time-lines.tsx';

/** Pixels. */
const NAME_WIDTH = { least: 160, most: 720, step: 16 } as const;

interface HeadProps {
  readonly store: Store;
  /** Of the time axis, in pixels. */
  readonly width: number;
}

export function ColumnHead({ store, width }: HeadProps) {
  return (
    <div class="grid-head" role="rowgroup">
      <div class="head-row" role="row" aria-rowindex={1}>
        <div class="head-name" role="columnheader">
          Span
          <WidthHandle />
        </div>
        <div class="head-duration" role="columnheader">
          Duration
        </div>
        <Ruler store={store} width={width} />
      </div>
    </div>
  );
}

function Ruler({ store, width }: HeadProps) {
  const ruler = useRef<HTMLDivElement>(null);
  const axis = store.axis.value;
  const window = store.window.value;
  return (
    <div
      class="ruler"
      role="columnheader"
      ref={ruler}
      title="Drag to zoom"
      onPointerDown={(event) => {
        if (!store.perTurn.value) dragRange(store, event, ruler.current);
      }}
    >
      {store.perTurn.value ? (
        <span class="tick" style={{ left: 0 }}>
          each turn from its beginning to its end
        </span>
      ) : (
        <>
          <span class="unseen">Time, {duration(window.to - window.from)} shown</span>
          <Gaps axis={axis} window={window} />
          {ticksOf(axis, window, ticksFor(width)).map(({ at, offset }) => (
            <span key={offset} class="tick" style={{ left: shareOf(window, at) }} aria-hidden="true">
              {tickLabel(offset)}
            </span>
          ))}
        </>
      )}
      <span class="drag-band" />
      <span class="pointer-time" aria-hidden="true" />
    </div>
  );
}

/** Drags the border of the name column. The width lives in the style, where only the layout needs it. */
function WidthHandle() {
  const handle = useRef<HTMLSpanElement>(null);
  const setWidth = (pixels: number): void => {
    const width = Math.round(Math.min(Math.max(pixels, NAME_WIDTH.least), NAME_WIDTH.most));
    document.documentElement.style.setProperty('--name-width', `${width}px`);
  };
  const widthNow = (): number => handle.current?.parentElement?.getBoundingClientRect().width ?? 0;
  return (
    <span
      class="width-handle"
      ref={handle}
      aria-hidden="true"
      onPointerDown={(event) => {
        const left = handle.current?.parentElement?.getBoundingClientRect().left ?? 0;
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        event.currentTarget.onpointermove = (moved) => setWidth(moved.clientX - left);
        event.currentTarget.onpointerup = (released) => {
          if (released.currentTarget instanceof HTMLElement) released.currentTarget.onpointermove = null;
        };
      }}
      onDblClick={() => setWidth(widthNow() + NAME_WIDTH.step * 8)}
    />
  );
}
