import { useEffect, useRef } from 'preact/hooks';
import { oneLine } from '../data/words.ts';
import { KEY_GROUPS, type KeyBinding } from '../keys.ts';
import type { Store } from '../state.ts';
import { Icon } from './icon.tsx';

const SEARCHES: readonly (readonly [string, string])[] = [
  ['read_file', 'names, ids and all texts of attributes and span events'],
  ['"two words"', 'words that belong together'],
  ['tool=terminal', 'an attribute by its key, or the end of its key after a dot'],
  ['model=gpt', 'also: tool, model, outcome, role, platform, kind, name, id, session, trace'],
  ['error.type=', 'spans that have the attribute at all'],
  ['input_tokens>9000', 'numbers above or below; duration_ms too'],
  ['-outcome=ok', 'spans for which it does not hold'],
];

/** A modal dialog: the browser keeps the focus in it and gives it back. */
export function Help({ store }: { readonly store: Store }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      class="help"
      ref={dialog}
      aria-labelledby="help-title"
      onClose={() => {
        store.help.value = false;
      }}
    >
      <header>
        <h2 id="help-title">Keyboard and search</h2>
        <button
          type="button"
          class="icon-button"
          aria-label="Close the help"
          onClick={() => dialog.current?.close()}
        >
          <Icon name="close" size={16} />
        </button>
      </header>
      <div class="help-columns">
        {KEY_GROUPS.map(({ title, bindings }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl class="help-keys">
              {bindings.map((binding) => (
                <div key={binding.does}>
                  <dt>
                    <kbd>{nameOf(binding)}</kbd>
                  </dt>
                  <dd>{binding.does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <section>
        <h3>Search</h3>
        <dl class="help-search">
          {SEARCHES.map(([query, does]) => (
            <div key={query}>
              <dt>
                <code>{query}</code>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section>
        <h3>Mouse</h3>
        <p class="muted">
          Drag on the ruler or the overview to zoom; Ctrl and the wheel zoom at the pointer, Shift and the
          wheel move in time; a double click on a row zooms to its span.
        </p>
      </section>
      <label class="help-switch">
        <input
          type="checkbox"
          checked={store.keys.value}
          onChange={(event) => {
            store.keys.value = event.currentTarget.checked;
          }}
        />
        One-letter keys
      </label>
      <footer class="muted">
        Written by {oneLine(store.about.generator)}. This file loads nothing and sends nothing.
      </footer>
    </dialog>
  );
}

function nameOf({ shown, keys }: KeyBinding): string {
  return shown ?? keys[0] ?? '';
}
