import type { Store } from '../state.ts';
import { Charts } from './charts.tsx';
import { SessionConversation } from './conversation.tsx';
import { Details } from './details.tsx';
import { Help } from './help.tsx';
import { SessionHead } from './session-head.tsx';
import { SessionTable } from './session-table.tsx';
import { Timeline } from './timeline.tsx';
import { Toolbar } from './toolbar.tsx';
import { TopBar } from './top-bar.tsx';

export function App({ store }: { readonly store: Store }) {
  const { about, table, cut } = store;
  if (table.count === 0) return <Empty title={about.title} />;
  const open = store.selected.value >= 0;
  return (
    <div class={open ? 'app with-details' : 'app'}>
      <TopBar store={store} />
      {cut && (
        <p class="notice" role="status">
          This file is cut: it was not written to its end, so spans are missing.
        </p>
      )}
      <div class="panes">
        {store.current.value === undefined ? <SessionTable store={store} /> : <SessionView store={store} />}
        {open && <Details store={store} span={store.selected.value} />}
      </div>
      {store.help.value && <Help store={store} />}
    </div>
  );
}

function SessionView({ store }: { readonly store: Store }) {
  const tab = store.tab.value;
  return (
    <main class="main">
      <SessionHead store={store} />
      <Toolbar store={store} />
      {tab === 'timeline' && <Timeline store={store} />}
      {tab === 'conversation' && <SessionConversation store={store} />}
      {tab === 'charts' && <Charts store={store} />}
    </main>
  );
}

function Empty({ title }: { readonly title: string }) {
  return (
    <main class="empty">
      <h1>No spans</h1>
      <p>The replay of {title === '' ? 'this log' : title} made no spans.</p>
    </main>
  );
}
