import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

export interface Rows {
  /** The rows in the document, by their place in the list. */
  readonly places: readonly number[];
  /** Pixels of all rows. */
  readonly height: number;
  /** Brings a row into view, moving as little as possible. */
  reveal(row: number): void;
}

/** Rows above and below the screen that are drawn too. */
const MORE_ROWS = 8;
/** Pixels of a screen that has not been measured yet. */
const FIRST_HEIGHT = 800;

/** Of `count` rows of equal height those that the screen shows. `head` is what sticks to the top of `scroller`. Pixels. */
export function useRows(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
  head = 0,
): Rows {
  const [first, setFirst] = useState(0);
  const [shown, setShown] = useState(Math.ceil(FIRST_HEIGHT / rowHeight));
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const measure = (): void => {
      setFirst(Math.floor(box.scrollTop / rowHeight));
      setShown(Math.ceil(box.clientHeight / rowHeight));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    box.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      box.removeEventListener('scroll', measure);
    };
  }, [scroller, rowHeight]);
  const from = Math.max(Math.min(first, count - shown) - MORE_ROWS, 0);
  const to = Math.min(first + shown + MORE_ROWS, count);
  return {
    places: Array.from({ length: Math.max(to - from, 0) }, (_, index) => from + index),
    height: count * rowHeight,
    reveal: (row) => {
      const box = scroller.current;
      if (box === null) return;
      const least = (row + 1) * rowHeight + head - box.clientHeight;
      box.scrollTop = Math.min(Math.max(box.scrollTop, least), row * rowHeight);
    },
  };
}
