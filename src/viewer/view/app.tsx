import type { Store } from '../state.ts';
import { Charts } from './charts.tsx';
import { Details } from './details.tsx';
import { Help } from './help.tsx';
import { SessionHead } from './session-head.tsx';
import { SessionList } from './session-list.tsx';
import { Timeline } from './timeline.tsx';
import { Toolbar } from './toolbar.tsx';
import { TopBar } from './top-bar.tsx';

export function App({ store }: { readonly store: Store }) {
  const { about, table, cut } = store;
  if (table.count === 0) return <Empty title={about.title} />;
  const open = store.selected.value >= 0;
  return (
    <div class={`app${open ? ' with-details' : ''}${store.drawer.value ? ' with-drawer' : ''}`}>
      <TopBar store={store} />
      {cut && (
        <p class="notice" role="status">
          This file is cut: it was not written to its end, so spans are missing.
        </p>
      )}
      <div class="panes">
        <SessionList store={store} />
        <main class="main">
          <SessionHead store={store} />
          <Toolbar store={store} />
          {store.tab.value === 'timeline' ? <Timeline store={store} /> : <Charts store={store} />}
        </main>
        {open && <Details store={store} span={store.selected.value} />}
      </div>
      {store.help.value && <Help store={store} />}
    </div>
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
