import { closeSession, setFilter } from '../actions.ts';
import { oneLine } from '../data/words.ts';
import { FOCUS } from '../keys.ts';
import type { Store } from '../state.ts';
import { isDark, toggleTheme } from '../theme.ts';
import { Icon } from './icon.tsx';

export function TopBar({ store }: { readonly store: Store }) {
  const dark = isDark(store.theme.value);
  return (
    <header class="top">
      <button
        type="button"
        class="brand"
        title="All sessions (o)"
        disabled={store.table.sessions.length === 1}
        onClick={() => closeSession(store)}
      >
        <span class="brand-mark" aria-hidden="true" />
        <span class="unseen">All sessions of </span>
        <span class="brand-title">{oneLine(store.about.title)}</span>
      </button>
      <SearchBox store={store} />
      <div class="top-actions">
        <button
          type="button"
          class="icon-button"
          aria-label={dark ? 'Light colours' : 'Dark colours'}
          title={dark ? 'Light colours (t)' : 'Dark colours (t)'}
          onClick={() => toggleTheme(store)}
        >
          <Icon name={dark ? 'sun' : 'moon'} size={16} />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label="Keyboard and search help"
          title="Help (?)"
          onClick={() => {
            store.help.value = true;
          }}
        >
          <Icon name="help" size={16} />
        </button>
      </div>
    </header>
  );
}

function SearchBox({ store }: { readonly store: Store }) {
  const filter = store.filter.value;
  const set = (query: string): void => setFilter(store, { ...filter, query });
  return (
    <search class="search">
      <Icon name="search" />
      <input
        id={FOCUS.search}
        type="text"
        inputMode="search"
        autocomplete="off"
        spellcheck={false}
        aria-label="Search spans by name, attribute or id"
        placeholder="Search name, id or attribute: read_file, model=gpt"
        value={filter.query}
        onInput={(event) => set(event.currentTarget.value)}
      />
      {filter.query === '' ? (
        <span class="key-hint" aria-hidden="true">
          /
        </span>
      ) : (
        <button type="button" class="icon-button small" aria-label="Clear the search" onClick={() => set('')}>
          <Icon name="close" />
        </button>
      )}
    </search>
  );
}
