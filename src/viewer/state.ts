import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { About } from '../html/format.ts';
import { type Axis, plainAxis, shortAxis, type Window } from './data/axis.ts';
import { type Marks, marksOf } from './data/marks.ts';
import { countMatches, visibleRows, withAncestors } from './data/rows.ts';
import { type Filter, isActive, matchSpans } from './data/search.ts';
import type { Session, SpanTable } from './data/table.ts';
import { type Totals, totalsOf } from './data/totals.ts';

export const TABS = ['timeline', 'conversation', 'charts'] as const;
export type Tab = (typeof TABS)[number];
export type Theme = 'auto' | 'light' | 'dark';
export type SessionOrder = 'time' | 'duration' | 'turns' | 'tokens' | 'cost' | 'errors';

/** What is on the screen: the data, what the user chose, and what follows from both. No element, no event. */
export interface Store {
  readonly table: SpanTable;
  readonly about: About;
  readonly marks: Marks;
  /** By session. */
  readonly totals: readonly Totals[];
  /** True when the file was not written to its end. */
  readonly cut: boolean;

  /** -1: the overview of all sessions. */
  readonly session: Signal<number>;
  readonly sessionQuery: Signal<string>;
  readonly sessionOrder: Signal<SessionOrder>;
  readonly filter: Signal<Filter>;
  /** The span whose details are open, -1 for none. */
  readonly selected: Signal<number>;
  /** The span the keyboard is on, -1 before the first key. */
  readonly cursor: Signal<number>;
  /** Counts requests to bring the cursor into view. */
  readonly reveal: Signal<number>;
  readonly tab: Signal<Tab>;
  readonly theme: Signal<Theme>;
  readonly help: Signal<boolean>;
  /** Whether the details show attributes, ids and span events. */
  readonly otelOpen: Signal<boolean>;
  /** False switches the one-letter keys off (for speech input, which can type them by accident). */
  readonly keys: Signal<boolean>;
  readonly skipIdle: Signal<boolean>;
  /** True: each turn has a time axis of its own. */
  readonly perTurn: Signal<boolean>;
  readonly printing: Signal<boolean>;
  /** `undefined`: the whole session. */
  readonly zoom: Signal<Window | undefined>;
  /** By span: 1 where closed. Without and with a filter the tree is opened and closed apart. */
  readonly collapsed: Signal<Uint8Array>;
  readonly collapsedFiltered: Signal<Uint8Array>;

  /** The figures of the whole file. */
  readonly logTotals: ReadonlySignal<Totals>;
  readonly current: ReadonlySignal<Session | undefined>;
  readonly filtering: ReadonlySignal<boolean>;
  /** By span: 1 for a match; `undefined` without a filter. */
  readonly matches: ReadonlySignal<Uint8Array | undefined>;
  /** By session; `undefined` without a filter. */
  readonly matchCounts: ReadonlySignal<readonly number[] | undefined>;
  readonly rows: ReadonlySignal<Int32Array>;
  readonly shortAxis: ReadonlySignal<Axis | undefined>;
  readonly axis: ReadonlySignal<Axis>;
  readonly window: ReadonlySignal<Window>;
}

export const NO_FILTER: Filter = { query: '', kinds: new Set(), errorsOnly: false, minDuration: 0 };

const NOTHING: Session = { id: '', from: 0, to: 0, start: 0, end: 1 };

export function createStore(table: SpanTable, about: About, cut: boolean): Store {
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
    cut,
    marks: marksOf(table),
    totals: table.sessions.map((each) => totalsOf(table, each)),
    session,
    sessionQuery: signal(''),
    sessionOrder: signal<SessionOrder>('time'),
    filter,
    selected: signal(-1),
    cursor: signal(-1),
    reveal: signal(0),
    tab: signal<Tab>('timeline'),
    theme: signal<Theme>('auto'),
    help: signal(false),
    otelOpen: signal(false),
    keys: signal(true),
    skipIdle,
    perTurn: signal(false),
    printing: signal(false),
    zoom,
    collapsed,
    collapsedFiltered,
    logTotals: computed(() => totalsOf(table, { from: 0, to: table.count })),
    current,
    filtering,
    matches,
    matchCounts,
    rows,
    shortAxis: short,
    axis,
    window: computed(() => zoom.value ?? { from: 0, to: axis.value.length }),
  };
}
