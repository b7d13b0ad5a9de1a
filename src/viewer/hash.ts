import { effect } from '@preact/signals';
import { showSpan, spanOfHash } from './actions.ts';
import { at, text } from './data/table.ts';
import type { Store } from './state.ts';

/** The address names the span whose details are open, and a changed address opens another. */
export function followHash(store: Store): void {
  const follow = (): void => {
    const span = spanOfHash(store, location.hash);
    if (span >= 0 && span !== store.selected.value) showSpan(store, span);
  };
  follow();
  window.addEventListener('hashchange', follow);
  effect(() => {
    const span = store.selected.value;
    const hash = span < 0 ? '' : hashOf(store, span);
    if (hash !== location.hash && (hash !== '' || spanOfHash(store, location.hash) >= 0)) {
      history.replaceState(null, '', hash === '' ? '#' : hash);
    }
  });
}

export function hashOf(store: Store, span: number): string {
  return `#span-${text(store.table, at(store.table.id, span))}`;
}
