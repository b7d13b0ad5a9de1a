import { computed, signal } from '@preact/signals';
import type { About } from '../html/format.ts';
import { plainAxis, shortAxis, type Window } from './data/axis.ts';
import { marksOf } from './data/marks.ts';
import { countMatches, visibleRows, withAncestors } from './data/rows.ts';
import { type Filter, isActive, matchSpans } from './data/search.ts';
import type { Session, SpanTable } from './data/table.ts';
import { type Totals, totalsOf } from './data/totals.ts';

export const TABS = ['timeline', 'conversation', 'charts'] as const;
export type Tab = (typeof TABS)[number];
export type Theme = 'auto' | 'light' | 'dark';
export type SessionOrder = 'time' | 'duration' | 'turns' | 'tokens' | 'cost' | 'errors';

/** What is on the screen: the data, what the user chose, and what follows from both. No element, no event. */
export type Store = ReturnType<typeof createStore>;

export const NO_FILTER: Filter = { query: '', kinds: new Set(), errorsOnly: false, minDuration: 0 };

const NOTHING: Session = { id: '', from: 0, to: 0, start: 0, end: 1 };

export function createStore(table: SpanTable, about: About, cut: boolean) {
  const session = signal(table.sessions.length === 1 ? 0 : -1);
  const filter = signal<Filter>(NO_FILTER);
  const collapsed = signal(new Uint8Array(table.count));
  const collapsedFiltered = signal(new Uint8Array(table.count));
  const skipIdle = signal(true);
  const zoom = signal<Window | undefined>(undefined);

  const current = computed(() => table.sessions[session.value]);
  const filtering = computed(() => isActive(filter.value));
  const matches = computed(() => (filtering.value ? matchSpans(table, filter.value) : undefined));
  const kept = computed(() => {
    const found = matches.value;
    return found === undefined ? undefined : withAncestors(table, found);
  });
  const matchCounts = computed(() => {
    const found = matches.value;
    return found === undefined ? undefined : table.sessions.map((each) => countMatches(found, each));
  });
  const rows = computed(() => {
    const mask = filtering.value ? collapsedFiltered.value : collapsed.value;
    return visibleRows(table, current.value ?? NOTHING, mask, kept.value);
  });
  const short = computed(() => {
    const axis = shortAxis(table, current.value ?? NOTHING);
    return axis.gaps.length === 0 ? undefined : axis;
  });
  const axis = computed(
    () => (skipIdle.value ? short.value : undefined) ?? plainAxis(current.value ?? NOTHING),
  );

  return {
    table,
    about,
    marks: marksOf(table),
    /** By session. */
    totals: table.sessions.map((each): Totals => totalsOf(table, each)),
    /** True when the file was not written to its end. */
    cut,

    /** -1: the overview of all sessions. */
    session,
    sessionQuery: signal(''),
    sessionOrder: signal<SessionOrder>('time'),
    filter,
    /** The span whose details are open, -1 for none. */
    selected: signal(-1),
    /** The span the keyboard is on, -1 before the first key. */
    cursor: signal(-1),
    /** Counts requests to bring the cursor into view. */
    reveal: signal(0),
    tab: signal<Tab>('timeline'),
    theme: signal<Theme>('auto'),
    help: signal(false),
    /** Whether the details show attributes, ids and span events. */
    otelOpen: signal(false),
    /** False switches the one-letter keys off (for speech input, which can type them by accident). */
    keys: signal(true),
    skipIdle,
    /** True: each turn has a time axis of its own. */
    perTurn: signal(false),
    printing: signal(false),
    /** `undefined`: the whole session. */
    zoom,
    /** By span: 1 where closed. Without and with a filter the tree is opened and closed apart. */
    collapsed,
    collapsedFiltered,

    /** The figures of the whole file. */
    logTotals: computed(() => totalsOf(table, { from: 0, to: table.count })),
    current,
    filtering,
    /** By span: 1 for a match; `undefined` without a filter. */
    matches,
    /** By session; `undefined` without a filter. */
    matchCounts,
    rows,
    shortAxis: short,
    axis,
    window: computed((): Window => zoom.value ?? { from: 0, to: axis.value.length }),
  };
}
