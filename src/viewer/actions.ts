import { batch, type Signal } from '@preact/signals';
import { bisectRight } from 'd3-array';
import { panned, placeOf, type Window, zoomed } from './data/axis.ts';
import { nextRow, opened } from './data/rows.ts';
import type { Filter } from './data/search.ts';
import { listedSessions } from './data/session-order.ts';
import { at, end, isError } from './data/table.ts';
import { NO_FILTER, type Store } from './state.ts';

/** What the user can do, whether by mouse, by key or by link. Each leaves the store whole. */

export function openSession(store: Store, session: number): void {
  if (session < 0 || session >= store.table.sessions.length) return;
  batch(() => {
    if (store.session.value === session) return;
    store.session.value = session;
    store.zoom.value = undefined;
    store.selected.value = -1;
    store.cursor.value = store.table.sessions[session]?.from ?? -1;
    store.reveal.value += 1;
  });
}

/** The overview of all sessions. */
export function closeSession(store: Store): void {
  batch(() => {
    store.session.value = -1;
    store.selected.value = -1;
    store.zoom.value = undefined;
  });
}

/** The next session in the order of the overview. */
export function stepSession(store: Store, step: 1 | -1): void {
  const listed = listedSessions(store);
  const next = listed[listed.indexOf(store.session.value) + step];
  if (next !== undefined) openSession(store, next);
}

export function sessionOf(store: Store, span: number): number {
  return store.table.sessions.findIndex(({ from, to }) => span >= from && span < to);
}

/** Opens the details of a span wherever it is: its session, the rows above it, the part of the time it stands in. */
export function showSpan(store: Store, span: number): void {
  if (span < 0 || span >= store.table.count) return;
  batch(() => {
    openSession(store, sessionOf(store, span));
    if (store.matches.value?.[span] === 0) setFilter(store, NO_FILTER);
    const mask = maskOf(store);
    mask.value = opened(store.table, mask.value, span);
    store.cursor.value = span;
    store.selected.value = span;
    store.reveal.value += 1;
    intoWindow(store, span);
  });
}

/** Opens the details of a span that has a row already. */
export function select(store: Store, span: number): void {
  batch(() => {
    store.cursor.value = span;
    store.selected.value = span;
  });
}

export function closeDetails(store: Store): void {
  store.selected.value = -1;
}

/** Moves the window when the span stands outside of it; never changes the zoom more than needed. */
function intoWindow(store: Store, span: number): void {
  if (store.zoom.value === undefined) return;
  const { from, to } = placesOf(store, span);
  const window = store.window.value;
  if (from >= window.to || to <= window.from) {
    const middle = (from + to) / 2;
    store.zoom.value = panned(store.axis.value, window, middle - (window.from + window.to) / 2);
  }
}

export function placesOf(store: Store, span: number): Window {
  const axis = store.axis.value;
  return {
    from: placeOf(axis, at(store.table.start, span)),
    to: placeOf(axis, end(store.table, span)),
  };
}

function maskOf(store: Store): Signal<Uint8Array> {
  return store.filtering.value ? store.collapsedFiltered : store.collapsed;
}

export function isCollapsed(store: Store, span: number): boolean {
  return maskOf(store).value[span] === 1;
}

export function setCollapsed(store: Store, span: number, closed: boolean): void {
  const mask = maskOf(store);
  const changed = mask.value.slice();
  changed[span] = closed ? 1 : 0;
  mask.value = changed;
}

/** Closes everything from this depth on (0: the roots), and opens what is above. */
export function collapseFrom(store: Store, depth: number): void {
  const { table } = store;
  const session = store.current.value;
  if (session === undefined) return;
  const mask = maskOf(store);
  const changed = mask.value.slice();
  for (let span = session.from; span < session.to; span += 1) {
    changed[span] = at(table.depth, span) >= depth && at(table.size, span) > 1 ? 1 : 0;
  }
  batch(() => {
    mask.value = changed;
    store.reveal.value += 1;
  });
}

export function expandAll(store: Store): void {
  collapseFrom(store, Number.POSITIVE_INFINITY);
}

export function setFilter(store: Store, filter: Filter): void {
  batch(() => {
    store.filter.value = filter;
    store.collapsedFiltered.value = new Uint8Array(store.table.count);
    const counts = store.matchCounts.value;
    const first = counts?.findIndex((count) => count > 0) ?? -1;
    if (counts !== undefined && counts[store.session.value] === 0 && first >= 0) openSession(store, first);
  });
}

export function zoomBy(store: Store, factor: number, around?: number): void {
  const { axis, window } = store;
  const middle = (window.value.from + window.value.to) / 2;
  setWindow(store, zoomed(axis.value, window.value, factor, around ?? middle));
}

/** `share` of what is on the screen; negative goes back in time. */
export function panBy(store: Store, share: number): void {
  const window = store.window.value;
  setWindow(store, panned(store.axis.value, window, share * (window.to - window.from)));
}

/** With an axis for each turn there is no window to choose. */
export function setWindow(store: Store, window: Window): void {
  if (store.perTurn.value) return;
  const all = window.from <= 0 && window.to >= store.axis.value.length;
  store.zoom.value = all ? undefined : window;
}

export function zoomToSpan(store: Store, span: number): void {
  const { from, to } = placesOf(store, span);
  const room = Math.max((to - from) * 0.08, 100);
  setWindow(store, zoomed(store.axis.value, { from: from - room, to: to + room }, 1, from));
}

export function showAll(store: Store): void {
  store.zoom.value = undefined;
}

/** Places mean something else afterwards, so the whole session is shown. */
export function togglePerTurn(store: Store): void {
  batch(() => {
    store.perTurn.value = !store.perTurn.value;
    store.zoom.value = undefined;
  });
}

/** The part of the axis that the row of a span shows: its turn's when each turn has an axis, else what is zoomed to. */
export function rowWindow(store: Store, span: number): Window {
  const turn = store.perTurn.value ? at(store.marks.turn, span) : -1;
  return turn < 0 ? store.window.value : placesOf(store, turn);
}

export function toggleIdle(store: Store): void {
  batch(() => {
    store.skipIdle.value = !store.skipIdle.value;
    store.zoom.value = undefined;
  });
}

/** The row of the cursor: its own, or the nearest above it that is shown. */
export function cursorRow(store: Store): number {
  return Math.max(bisectRight(store.rows.value, store.cursor.value) - 1, 0);
}

export function moveTo(store: Store, row: number): void {
  const rows = store.rows.value;
  const span = rows[Math.min(Math.max(row, 0), rows.length - 1)];
  if (span === undefined) return;
  batch(() => {
    store.cursor.value = span;
    if (store.selected.value >= 0) store.selected.value = span;
    store.reveal.value += 1;
  });
}

export function moveToNext(store: Store, step: 1 | -1, wanted: 'error' | 'match'): void {
  const { table } = store;
  const matches = store.matches.value;
  const fits = (span: number): boolean =>
    wanted === 'error' ? isError(table, span) : matches === undefined || matches[span] === 1;
  const row = nextRow(store.rows.value, cursorRow(store), step, fits);
  if (row >= 0) moveTo(store, row);
}

/** The spans of an id, as a link names it: `#span-…`, `#…`; a trace id names its first span. -1 when there is none. */
export function spanOfHash(store: Store, hash: string): number {
  const id = /^#(?:span-|trace-)?([0-9a-f]{16}|[0-9a-f]{32})$/.exec(hash)?.[1];
  if (id === undefined) return -1;
  const { table } = store;
  const index = table.strings.indexOf(id);
  return index < 0 ? -1 : (id.length === 16 ? table.id : table.trace).indexOf(index);
}
