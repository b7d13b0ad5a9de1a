import { useState } from 'preact/hooks';
import { setFilter } from '../actions.ts';
import type { Pair, Value } from '../data/table.ts';
import { oneLine, textSize, visible } from '../data/words.ts';
import type { Store } from '../state.ts';
import { CopyButton } from './copy-button.tsx';
import { Icon } from './icon.tsx';

/** Keys and values. Texts of the log are shown as text: no markup, no links, unseen characters named. */
export function Pairs({ store, pairs }: { readonly store: Store; readonly pairs: readonly Pair[] }) {
  return (
    <dl class="pairs">
      {pairs.map(([key, value]) => (
        <div key={key}>
          <dt>{oneLine(key)}</dt>
          <dd>
            <ValueText value={value} />
            <span class="pair-actions">
              <CopyButton label={`Copy ${oneLine(key)}`} text={() => plainText(value)} />
              {isShort(value) && (
                <button
                  type="button"
                  class="icon-button"
                  aria-label={`Search spans with this ${oneLine(key)}`}
                  title="Search spans with this value"
                  onClick={() =>
                    setFilter(store, { ...store.filter.value, query: `${key}=${quoted(plainText(value))}` })
                  }
                >
                  <Icon name="search" />
                </button>
              )}
            </span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Characters of a value shown at once; more on request. */
const FIRST_CHARACTERS = 1200;
/** JSON longer than this is shown as it came. */
const PRETTY_LIMIT = 200_000;

interface ValueProps {
  readonly value: Value;
  /** Lines shown at once. */
  readonly lines?: number;
}

/** A value, its beginning when it is long. */
export function ValueText({ value, lines = Number.POSITIVE_INFINITY }: ValueProps) {
  const [whole, setWhole] = useState(false);
  if (typeof value === 'number') return <span class="value number">{String(value)}</span>;
  if (typeof value === 'boolean') return <span class="value number">{String(value)}</span>;
  const full = typeof value === 'string' ? prettyJson(value) : value.join('\n');
  const beginning = full.slice(0, FIRST_CHARACTERS).split('\n').slice(0, lines).join('\n');
  const cut = !whole && beginning.length < full.length;
  const shown = cut ? beginning : full;
  const isBlock = full.includes('\n') || full.length > 120;
  return (
    <>
      <span class={isBlock ? 'value block' : 'value'} dir="auto">
        {full === '' ? <span class="muted">empty</span> : visible(shown)}
      </span>
      {cut && (
        <button type="button" class="link-button" onClick={() => setWhole(true)}>
          Show all {textSize(full)}
        </button>
      )}
    </>
  );
}

function prettyJson(text: string): string {
  if (text.length > PRETTY_LIMIT || !/^\s*[{[]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function plainText(value: Value): string {
  return typeof value === 'object' ? value.join('\n') : String(value);
}

function isShort(value: Value): boolean {
  const text = plainText(value);
  return text !== '' && text.length <= 100 && !/["\r\n]/.test(text);
}

function quoted(text: string): string {
  return /\s/.test(text) ? `"${text}"` : text;
}
