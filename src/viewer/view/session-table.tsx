import { useMemo, useRef } from 'preact/hooks';
import { sideText, type Work } from '../../model/figures.ts';
import { openSession } from '../actions.ts';
import { activity, tokenColumns } from '../data/calls.ts';
import { shortModel } from '../data/labels.ts';
import { listedSessions } from '../data/session-order.ts';
import { type Session, type SpanTable, textFact } from '../data/table.ts';
import { count, duration, exactTime, money, oneLine, plural, shortTime } from '../data/words.ts';
import { FOCUS } from '../keys.ts';
import type { SessionOrder, Store } from '../state.ts';
import { Export } from './export.tsx';
import { Head } from './session-head.tsx';
import { Spark } from './spark.tsx';
import { useRows } from './use-rows.ts';

/** Pixels; the style sheet has the same. */
const ROW_HEIGHT = 48;
/** Bars of a sparkline. */
const BARS = { session: 24, log: 60 } as const;

/** All sessions of the file, the newest first, with the figures of the whole file above. */
export function SessionTable({ store }: { readonly store: Store }) {
  const { table, about } = store;
  const listed = listedSessions(store);
  const all = table.sessions.length;
  const first = Math.min(...table.sessions.map(({ start }) => start));
  const last = Math.max(...table.sessions.map(({ end }) => end));
  const { values, unit } = useMemo(() => activity(table, { from: first, to: last }, BARS.log), [table]);
  return (
    <main class="main">
      <Head
        title={about.title}
        meta={[
          plural(store.logTotals.value.sessions, 'session'),
          `${exactTime(first)} to ${exactTime(last)}`,
        ]}
        totals={store.logTotals.value}
        length={undefined}
      >
        <figure class="log-spark">
          <Spark values={values} />
          <figcaption class="muted">{unit} over time</figcaption>
        </figure>
      </Head>
      <div class="toolbar">
        <input
          class="sessions-search"
          type="text"
          autocomplete="off"
          spellcheck={false}
          placeholder="Find a session: first words, id, model, platform"
          aria-label="Find a session by its first words, id, model or platform"
          value={store.sessionQuery.value}
          onInput={(event) => {
            store.sessionQuery.value = event.currentTarget.value;
          }}
        />
        <p class="found muted" role="status">
          {listed.length < all && `${count(listed.length)} of ${plural(all, 'session')}`}
        </p>
        <Export store={store} />
      </div>
      <Rows store={store} listed={listed} />
    </main>
  );
}

const COLUMNS: readonly (readonly [name: string, order: SessionOrder | undefined])[] = [
  ['Started', 'time'],
  ['Session', undefined],
  ['Duration', 'duration'],
  ['Turns', 'turns'],
  ['Tokens', 'tokens'],
  ['Cost', 'cost'],
  ['Errors', 'errors'],
  ['Tokens per call', undefined],
];

function Rows({ store, listed }: { readonly store: Store; readonly listed: readonly number[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const { places, height } = useRows(scroller, listed.length, ROW_HEIGHT);
  return (
    <section class="sessions" aria-label="Sessions">
      <div class="session-columns">
        {COLUMNS.map(([name, order]) =>
          order === undefined ? (
            <span key={name}>{name}</span>
          ) : (
            <button
              key={name}
              type="button"
              aria-pressed={store.sessionOrder.value === order}
              title={order === 'time' ? 'Newest first' : 'Greatest first'}
              onClick={() => {
                store.sessionOrder.value = order;
              }}
            >
              {name}
            </button>
          ),
        )}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key */}
      <div class="sessions-scroll" ref={scroller} id={FOCUS.sessions} tabIndex={0}>
        <ul style={{ height: `${height}px` }}>
          {places.map((place) => (
            <Item key={listed[place]} store={store} session={listed[place] ?? 0} top={place * ROW_HEIGHT} />
          ))}
        </ul>
        {listed.length === 0 && <p class="grid-none muted">No session matches.</p>}
      </div>
    </section>
  );
}

interface ItemProps {
  readonly store: Store;
  readonly session: number;
  readonly top: number;
}

function Item({ store, session, top }: ItemProps) {
  const { table } = store;
  const entry = table.sessions[session];
  const totals = store.totals[session];
  if (entry === undefined || totals === undefined) return null;
  const { turns, errors, cost } = totals.all;
  return (
    <li style={{ transform: `translateY(${top}px)` }}>
      <button type="button" class="session-item" onClick={() => openSession(store, session)}>
        <span class="session-time">{shortTime(entry.start)}</span>
        <span class="session-words">
          <span class="session-title">{oneLine(entry.title ?? entry.id)}</span>
          <Meta store={store} session={session} />
        </span>
        <span>{duration(entry.end - entry.start)}</span>
        <span>{count(turns)}</span>
        <span>{sentAndReceived(totals.all) ?? '–'}</span>
        <span>{cost === undefined ? '–' : money(cost)}</span>
        <span class={errors > 0 ? 'session-errors' : 'muted'}>{count(errors)}</span>
        <Spark values={tokensPerCall(table, entry)} />
      </button>
    </li>
  );
}

const bars = new WeakMap<Session, readonly number[]>();

/** Kept, because rows are drawn anew as the list scrolls. */
function tokensPerCall(table: SpanTable, session: Session): readonly number[] {
  const known = bars.get(session);
  if (known !== undefined) return known;
  const columns = tokenColumns(table, session, undefined, BARS.session);
  const values = columns.map(({ cached, fresh, output }) => cached + fresh + output);
  bars.set(session, values);
  return values;
}

function Meta({ store, session }: { readonly store: Store; readonly session: number }) {
  const { table } = store;
  const entry = table.sessions[session];
  if (entry === undefined) return null;
  const matched = store.matchCounts.value?.[session];
  const model = textFact(table, entry.from, 'model');
  const words = [textFact(table, entry.from, 'platform'), model && shortModel(table, model)];
  return (
    <span class="session-meta muted">
      {matched !== undefined && <span class="session-matches">{plural(matched, 'match', 'matches')}</span>}
      {entry.title !== undefined && <span class="session-id">{oneLine(entry.id)}</span>}
      {words
        .filter((word) => word !== undefined)
        .map(oneLine)
        .join(' · ')}
    </span>
  );
}

/** `984k → 750`; `undefined` when no call reported its tokens. */
function sentAndReceived({ tokens }: Work): string | undefined {
  if (tokens.input + tokens.output === 0) return undefined;
  return `${sideText(tokens, 'input')} → ${sideText(tokens, 'output')}`;
}
