import { panBy, setWindow, zoomBy } from '../actions.ts';
import { clamp, timeOf } from '../data/axis.ts';
import { tickLabel } from '../data/words.ts';
import type { Store } from '../state.ts';

/** The mouse on the time axis: wheel, drag, and the line that follows it. Positions are shares of the axis' width. */

/** The span of the row under an event, -1 for none. */
export function spanAt(target: EventTarget | null): number {
  const row = target instanceof Element ? target.closest('[data-span]') : null;
  return row instanceof HTMLElement ? Number(row.dataset.span) : -1;
}

/** Pixels of a drag below which it is a click. */
const CLICK_LIMIT = 4;

/**
 * Ctrl + wheel (and a pinch, which browsers send as that) zooms at the pointer; Shift + wheel and sideways wheels pan.
 * A plain wheel scrolls, as everywhere.
 */
export function followWheel(store: Store, grid: HTMLElement | null): () => void {
  const onWheel = (event: WheelEvent): void => {
    const ruler = grid?.querySelector('.ruler');
    if (ruler == null) return;
    const sideways = event.shiftKey ? event.deltaY + event.deltaX : event.deltaX;
    if (event.ctrlKey) {
      event.preventDefault();
      const { from, to } = store.window.value;
      const around = from + shareAt(ruler, event.clientX) * (to - from);
      zoomBy(store, Math.exp(clamp(event.deltaY, -200, 200) / 300), around);
    } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      event.preventDefault();
      panBy(store, sideways / ruler.getBoundingClientRect().width);
    }
  };
  grid?.addEventListener('wheel', onWheel, { passive: false });
  return () => grid?.removeEventListener('wheel', onWheel);
}

/** A line and the time at the pointer, moved without drawing anything anew. */
export function followPointer(store: Store, grid: HTMLElement | null): () => void {
  const box = grid?.parentElement;
  const onMove = (event: PointerEvent): void => {
    const ruler = grid?.querySelector('.ruler');
    const label = grid?.querySelector('.pointer-time');
    if (box == null || ruler == null || label == null) return;
    const share = (event.clientX - ruler.getBoundingClientRect().left) / ruler.getBoundingClientRect().width;
    const inside = share >= 0 && share <= 1 && !store.perTurn.value;
    box.classList.toggle('pointing', inside);
    if (!inside) return;
    const { from, to } = store.window.value;
    const axis = store.axis.value;
    box.style.setProperty('--pointer', `${(share * 100).toFixed(2)}%`);
    label.textContent = tickLabel(Math.round(timeOf(axis, from + share * (to - from)) - axis.start));
  };
  const onLeave = (): void => box?.classList.remove('pointing');
  grid?.addEventListener('pointermove', onMove);
  grid?.addEventListener('pointerleave', onLeave);
  return () => {
    grid?.removeEventListener('pointermove', onMove);
    grid?.removeEventListener('pointerleave', onLeave);
  };
}

export function shareAt(element: Element, clientX: number): number {
  const { left, width } = element.getBoundingClientRect();
  return clamp((clientX - left) / Math.max(width, 1), 0, 1);
}

/** A drag along the ruler chooses what to zoom to. */
export function dragRange(store: Store, event: PointerEvent, ruler: HTMLElement | null): void {
  if (ruler === null || event.button !== 0) return;
  const first = shareAt(ruler, event.clientX);
  drag(ruler, event, {
    move: (share) => {
      ruler.style.setProperty('--drag-from', `${Math.min(first, share) * 100}%`);
      ruler.style.setProperty('--drag-length', `${Math.abs(share - first) * 100}%`);
    },
    end: (share, pixels) => {
      ruler.style.removeProperty('--drag-length');
      if (pixels < CLICK_LIMIT) return;
      const { from, to } = store.window.value;
      const length = to - from;
      setWindow(store, {
        from: from + Math.min(first, share) * length,
        to: from + Math.max(first, share) * length,
      });
    },
  });
}

export interface Drag {
  move(share: number): void;
  /** `pixels`: how far the pointer went from where it began. */
  end(share: number, pixels: number): void;
}

export function drag(element: HTMLElement, event: PointerEvent, { move, end }: Drag): void {
  const startX = event.clientX;
  event.preventDefault();
  element.setPointerCapture(event.pointerId);
  element.onpointermove = (moved) => move(shareAt(element, moved.clientX));
  const finish = (released: PointerEvent): void => {
    element.onpointermove = null;
    element.onpointerup = null;
    element.onpointercancel = null;
    end(shareAt(element, released.clientX), Math.abs(released.clientX - startX));
  };
  element.onpointerup = finish;
  element.onpointercancel = finish;
}
