import { useEffect, useRef } from 'preact/hooks';
import { headlineOf, workText } from '../../model/figures.ts';
import { openSession } from '../actions.ts';
import { listedSessions } from '../data/session-order.ts';
import type { Totals } from '../data/totals.ts';
import { count, duration, oneLine, plural, shortTime } from '../data/words.ts';
import { FOCUS } from '../keys.ts';
import type { SessionOrder, Store } from '../state.ts';
import { Pick } from './pick.tsx';
import { useRows } from './use-rows.ts';

/** Pixels; the style sheet has the same. */
const ITEM_HEIGHT = 74;

const ORDERS: readonly (readonly [SessionOrder, string])[] = [
  ['time', 'by time'],
  ['duration', 'longest first'],
  ['cost', 'dearest first'],
  ['tokens', 'most tokens first'],
  ['errors', 'most errors first'],
];

export function SessionList({ store }: { readonly store: Store }) {
  const listed = listedSessions(store);
  // One alone need be neither found nor put in order.
  const several = store.table.sessions.length > 1;
  return (
    <nav class="sessions" aria-label="Sessions">
      <div class="sessions-head">
        <h2>
          {listed.length < store.table.sessions.length && `${count(listed.length)} of `}
          {plural(store.table.sessions.length, 'session')}
        </h2>
        {several && (
          <Pick
            label="Order of the sessions"
            choices={ORDERS}
            value={store.sessionOrder.value}
            choose={(order) => {
              store.sessionOrder.value = order;
            }}
          />
        )}
      </div>
      {several && (
        <input
          class="sessions-search"
          type="text"
          autocomplete="off"
          spellcheck={false}
          placeholder="Find a session: id, model, platform"
          aria-label="Find a session by id, model or platform"
          value={store.sessionQuery.value}
          onInput={(event) => {
            store.sessionQuery.value = event.currentTarget.value;
          }}
        />
      )}
      <Items store={store} listed={listed} />
    </nav>
  );
}

function Items({ store, listed }: { readonly store: Store; readonly listed: readonly number[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const { items, height, reveal } = useRows(scroller, listed.length, ITEM_HEIGHT);
  const current = store.session.value;
  const place = listed.indexOf(current);
  // Only another session is a reason to scroll.
  useEffect(() => {
    if (place >= 0) reveal(place);
  }, [current]);
  if (listed.length === 0) return <p class="sessions-none muted">No session matches.</p>;
  return (
    <div class="sessions-scroll" ref={scroller} id={FOCUS.sessions}>
      <ul style={{ height: `${height}px` }}>
        {items.map(({ index, start }) => (
          <Item key={listed[index]} store={store} session={listed[index] ?? 0} top={start} />
        ))}
      </ul>
    </div>
  );
}

interface ItemProps {
  readonly store: Store;
  readonly session: number;
  readonly top: number;
}

function Item({ store, session, top }: ItemProps) {
  const entry = store.table.sessions[session];
  const totals = store.totals[session];
  if (entry === undefined || totals === undefined) return null;
  const matched = store.matchCounts.value?.[session];
  const { errors } = totals.all;
  const current = store.session.value === session;
  return (
    <li style={{ transform: `translateY(${top}px)` }}>
      <button
        type="button"
        class="session-item"
        aria-current={current ? 'true' : undefined}
        onClick={() => openSession(store, session)}
      >
        <span class="session-line">
          <span class="session-time">{shortTime(entry.start)}</span>
          <span class="session-id">{shortId(entry.id)}</span>
          <span class="session-duration">{duration(entry.end - entry.start)}</span>
        </span>
        <span class="session-line muted">
          <span class="session-counts">{workText(totals.all)}</span>
        </span>
        <span class="session-line muted">
          <span class="session-counts">
            {matched === undefined ? (
              tookWords(totals)
            ) : (
              <span class="session-matches">{plural(matched, 'match', 'matches')}</span>
            )}
          </span>
          {errors > 0 && <span class="session-errors">{plural(errors, 'error')}</span>}
        </span>
      </button>
    </li>
  );
}

function tookWords({ all }: Totals): string {
  const { tokens, cost } = headlineOf(all);
  return [cost, tokens ?? 'no tokens reported'].filter((part) => part !== undefined).join(' · ');
}

/** Hermes's ids begin with the date, which stands beside it already. */
function shortId(id: string): string {
  return oneLine(id.replace(/^\d{8}_\d{6}_/, ''));
}
