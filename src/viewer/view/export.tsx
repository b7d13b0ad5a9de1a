import { jsonOf, markdownOf } from '../data/selection.ts';
import type { Store } from '../state.ts';
import { Icon } from './icon.tsx';

const FORMATS = [
  { words: 'JSON', file: 'spans.json', type: 'application/json', text: jsonOf },
  { words: 'Markdown', file: 'spans.md', type: 'text/markdown', text: markdownOf },
] as const;

/** Saves what is selected: the matches of a filter, the span that is open, else everything that is listed. */
export function Export({ store }: { readonly store: Store }) {
  return (
    <fieldset class="tools">
      <legend class="unseen">Export</legend>
      {FORMATS.map(({ words, file, type, text }) => (
        <button
          key={words}
          type="button"
          class="chip"
          aria-label={`Export as ${words}`}
          title={`Save what is selected as ${words}: matches, the open span and all below it, or everything`}
          onClick={() => save(new Blob([text(store)], { type }), file)}
        >
          <Icon name="download" size={13} />
          <span class="chip-word">{words}</span>
        </button>
      ))}
    </fieldset>
  );
}

function save(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser has taken the content once the click has been handled.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
