import { effect } from '@preact/signals';
import { closeSession, openSession, showSpan, spanOfHash } from './actions.ts';
import { at, text } from './data/table.ts';
import type { Store } from './state.ts';

/**
 * The address names the span whose details are open, else the session that is open. A changed address opens another.
 * To a session and back to the overview is a step in the browser's history.
 */
export function followHash(store: Store): void {
  const follow = (): void => {
    const span = spanOfHash(store, location.hash);
    const session = store.table.sessions.findIndex(({ id }) => sessionHash(id) === location.hash);
    if (span >= 0 && span !== store.selected.value) showSpan(store, span);
    else if (session >= 0) openSession(store, session);
    else if (location.hash === '' && store.table.sessions.length > 1) closeSession(store);
  };
  follow();
  window.addEventListener('hashchange', follow);
  let before = store.session.value;
  effect(() => {
    const hash = wantedHash(store);
    const isStep = store.session.value < 0 !== before < 0;
    before = store.session.value;
    if (hash === location.hash) return;
    const address = hash === '' ? location.href.replace(/#.*$/, '') : hash;
    history[isStep ? 'pushState' : 'replaceState'](null, '', address);
  });
}

function wantedHash(store: Store): string {
  const span = store.selected.value;
  const session = store.current.value;
  if (span >= 0) return hashOf(store, span);
  return session === undefined || store.table.sessions.length === 1 ? '' : sessionHash(session.id);
}

export function hashOf(store: Store, span: number): string {
  return `#span-${text(store.table, at(store.table.id, span))}`;
}

function sessionHash(id: string): string {
  return `#session-${encodeURIComponent(id.replace(/\p{Cs}/gu, ''))}`;
}
