import { options } from 'preact';
import type { Store } from './state.ts';

/**
 * Paper does not scroll: all rows are drawn before printing. The browser prints what stands there when the event's
 * listeners return, so the drawing must not wait for the next frame.
 */
export function followPrint(store: Store): void {
  window.addEventListener('beforeprint', () => {
    const later = options.debounceRendering;
    options.debounceRendering = (draw) => {
      draw();
    };
    store.printing.value = true;
    if (later === undefined) delete options.debounceRendering;
    else options.debounceRendering = later;
  });
  window.addEventListener('afterprint', () => {
    store.printing.value = false;
  });
}
