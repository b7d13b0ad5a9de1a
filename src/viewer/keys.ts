import {
  closeDetails,
  closeSession,
  collapseFrom,
  cursorRow,
  expandAll,
  isCollapsed,
  moveTo,
  moveToNext,
  panBy,
  select,
  setCollapsed,
  setFilter,
  showAll,
  stepSession,
  toggleIdle,
  togglePerTurn,
  zoomBy,
  zoomToSpan,
} from './actions.ts';
import { at } from './data/table.ts';
import { NO_FILTER, type Store, TABS } from './state.ts';
import { toggleTheme } from './theme.ts';

/** A key, what it does, and for whom: the help lists exactly what works. */
export interface KeyBinding {
  /** As `KeyboardEvent.key` names it; several keys may do the same. */
  readonly keys: readonly string[];
  /** As people read it, when not the keys themselves. */
  readonly shown?: string;
  readonly does: string;
  readonly run: (store: Store) => void;
}

export interface KeyGroup {
  readonly title: string;
  /** True: only while the tree has the focus. */
  readonly inTree: boolean;
  readonly bindings: readonly KeyBinding[];
}

/** Ids of the elements that keys go to. */
export const FOCUS = { search: 'search', tree: 'tree', sessions: 'session-list' } as const;

/** Rows of a screen, for Page Up and Page Down. */
const PAGE_ROWS = 20;

export const KEY_GROUPS: readonly KeyGroup[] = [
  {
    title: 'In the tree',
    inTree: true,
    bindings: [
      { keys: ['ArrowUp'], shown: '↑', does: 'Row above', run: (store) => step(store, -1) },
      { keys: ['ArrowDown'], shown: '↓', does: 'Row below', run: (store) => step(store, 1) },
      { keys: ['ArrowRight'], shown: '→', does: 'Open, or go to the first child', run: openOrEnter },
      { keys: ['ArrowLeft'], shown: '←', does: 'Close, or go to the parent', run: closeOrLeave },
      { keys: ['PageUp'], shown: 'Page Up', does: 'A screen up', run: (store) => step(store, -PAGE_ROWS) },
      {
        keys: ['PageDown'],
        shown: 'Page Down',
        does: 'A screen down',
        run: (store) => step(store, PAGE_ROWS),
      },
      { keys: ['Home'], does: 'First row', run: (store) => moveTo(store, 0) },
      { keys: ['End'], does: 'Last row', run: (store) => moveTo(store, store.rows.value.length) },
      {
        keys: ['Enter', ' '],
        shown: 'Enter',
        does: 'Details',
        run: (store) => select(store, cursorSpan(store)),
      },
    ],
  },
  {
    title: 'Tree and time',
    inTree: false,
    bindings: [
      { keys: ['e'], does: 'Next error', run: (store) => moveToNext(store, 1, 'error') },
      { keys: ['E'], does: 'Error before', run: (store) => moveToNext(store, -1, 'error') },
      { keys: ['n'], does: 'Next match', run: (store) => moveToNext(store, 1, 'match') },
      { keys: ['N'], does: 'Match before', run: (store) => moveToNext(store, -1, 'match') },
      { keys: ['['], does: 'Close all turns', run: (store) => collapseFrom(store, 1) },
      { keys: [']'], does: 'Open everything', run: expandAll },
      { keys: ['+', '='], shown: '+', does: 'Zoom in', run: (store) => zoomBy(store, 0.6) },
      { keys: ['-'], shown: '−', does: 'Zoom out', run: (store) => zoomBy(store, 1 / 0.6) },
      { keys: [','], does: 'Back in time', run: (store) => panBy(store, -0.25) },
      { keys: ['.'], does: 'On in time', run: (store) => panBy(store, 0.25) },
      { keys: ['f'], does: 'Zoom to this span', run: (store) => zoomToSpan(store, cursorSpan(store)) },
      { keys: ['0'], does: 'Whole session', run: showAll },
      { keys: ['i'], does: 'Skip idle time, or show it', run: toggleIdle },
      { keys: ['x'], does: 'A time axis for each turn', run: togglePerTurn },
    ],
  },
  {
    title: 'Everywhere',
    inTree: false,
    bindings: [
      { keys: ['/'], does: 'Search', run: () => focusOn(FOCUS.search) },
      { keys: ['g'], does: 'To the tree', run: () => focusOn(FOCUS.tree) },
      { keys: ['j'], does: 'Next session', run: (store) => stepSession(store, 1) },
      { keys: ['k'], does: 'Session before', run: (store) => stepSession(store, -1) },
      { keys: ['o'], does: 'All sessions', run: closeSession },
      { keys: ['c'], does: 'Timeline, conversation or charts', run: nextTab },
      { keys: ['t'], does: 'Light or dark', run: toggleTheme },
      { keys: ['Escape'], shown: 'Esc', does: 'Close, clear the filters, then all sessions', run: stepBack },
      { keys: ['?'], does: 'This help', run: (store) => openHelp(store) },
    ],
  },
];

export function followKeys(store: Store): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const binding = bindingFor(store, event);
    if (binding === undefined) return;
    event.preventDefault();
    binding.run(store);
  });
}

function bindingFor(store: Store, event: KeyboardEvent): KeyBinding | undefined {
  const { target, key } = event;
  const element = target instanceof HTMLElement ? target : document.body;
  if (store.help.value) return undefined;
  const typing = element.matches('input, select, textarea');
  if (typing && key !== 'Escape') return undefined;
  if (key.length === 1 && key !== ' ' && !store.keys.value) return undefined;
  const inTree = element.id === FOCUS.tree;
  const groups = KEY_GROUPS.filter((group) => inTree || !group.inTree);
  return groups.flatMap(({ bindings }) => bindings).find(({ keys }) => keys.includes(key));
}

function focusOn(id: string): void {
  const element = document.getElementById(id);
  element?.focus();
  if (element instanceof HTMLInputElement) element.select();
}

function cursorSpan(store: Store): number {
  return store.rows.value[cursorRow(store)] ?? -1;
}

function step(store: Store, rows: number): void {
  moveTo(store, cursorRow(store) + rows);
}

function openOrEnter(store: Store): void {
  const span = cursorSpan(store);
  if (at(store.table.size, span) < 2) return;
  if (isCollapsed(store, span)) setCollapsed(store, span, false);
  else step(store, 1);
}

function closeOrLeave(store: Store): void {
  const span = cursorSpan(store);
  if (at(store.table.size, span) > 1 && !isCollapsed(store, span)) {
    setCollapsed(store, span, true);
    return;
  }
  const parent = at(store.table.parent, span);
  if (parent >= 0) moveTo(store, store.rows.value.indexOf(parent));
}

function nextTab(store: Store): void {
  store.tab.value = TABS[(TABS.indexOf(store.tab.value) + 1) % TABS.length] ?? 'timeline';
}

function openHelp(store: Store): void {
  store.help.value = true;
}

function stepBack(store: Store): void {
  if (store.selected.value >= 0) {
    closeDetails(store);
    focusOn(FOCUS.tree);
  } else if (store.filtering.value) setFilter(store, NO_FILTER);
  else if (store.table.sessions.length > 1) closeSession(store);
}
