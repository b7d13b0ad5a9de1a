import { render } from 'preact';
import { type About, type Block, ELEMENT, type End } from '../html/format.ts';
import { decode } from './data/decode.ts';
import { buildTable } from './data/tree.ts';
import { followHash } from './hash.ts';
import { followKeys } from './keys.ts';
import { followPrint } from './print.ts';
import { createStore } from './state.ts';
import { followTheme } from './theme.ts';
import { App } from './view/app.tsx';

/** Reads the data that stands in the page and shows it. Nothing is loaded from anywhere. */
function start(root: HTMLElement): void {
  const [about] = parts<About>(ELEMENT.about);
  const [end] = parts<End>(ELEMENT.end);
  const columns = decode(parts<Block>(ELEMENT.block));
  const store = createStore(
    buildTable(columns),
    about ?? { title: '', generator: '', resource: [] },
    end?.spans !== columns.count,
  );
  followTheme(store);
  followHash(store);
  followKeys(store);
  followPrint(store);
  root.textContent = '';
  render(<App store={store} />, root);
}

/** The data blocks of one name, taken out of the document so that their text can be forgotten. What wrote the page vouches for their type. */
function parts<T>(name: string): T[] {
  const elements = document.querySelectorAll(`script[data-part="${name}"]`);
  return Array.from(elements, (element): T => {
    const json = element.textContent ?? '';
    element.remove();
    return JSON.parse(json);
  });
}

const root = document.getElementById(ELEMENT.root);
if (root !== null) start(root);
