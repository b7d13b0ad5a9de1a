import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Chalk } from 'chalk';
import type { Page } from 'playwright-core';
import type { AgentSpan } from '../../src/model/span.ts';
import { readSpans } from '../../src/replay/spans.ts';
import { renderView } from '../../src/view/view.ts';
import { finished } from '../html/generate.ts';
import { launch, type Viewer } from './browser.ts';

/**
 * The pictures of the documentation: genuine sessions, at a made-up price of their made-up model. `UPDATE_PICTURES=1`
 * takes them anew and then fails, so that somebody looks at them; they look best where the fonts Inter and JetBrains
 * Mono are installed. `pngquant --nofs 16` then makes each a third smaller: those of README.md are part of the package.
 */
const IMAGES = new URL('../../docs/images/', import.meta.url);
const RECORDINGS = fileURLToPath(new URL('../../fixtures/recordings/', import.meta.url));
const MOST_BYTES = 200_000;
const PRICES = JSON.stringify({ 'fake-model-1': { input: 3, output: 15 } });

interface Picture {
  readonly file: string;
  /** A recording, or all those of a version. */
  readonly recording: string;
  readonly colorScheme: 'light' | 'dark';
  /** Pixels from the top; the whole page without it. */
  readonly height?: number;
  readonly shows: (page: Page) => Promise<void>;
}

const PICTURES: readonly Picture[] = [
  {
    file: 'html-overview.png',
    recording: '0.16.0',
    colorScheme: 'light',
    height: 560,
    shows: async () => undefined,
  },
  {
    file: 'html-conversation.png',
    recording: '0.19.0/tool-errors',
    colorScheme: 'dark',
    shows: (page) => page.locator('.row', { hasText: 'Turn 1' }).click(),
  },
  {
    file: 'html-sub-agents.png',
    recording: '0.16.0/delegate-batch',
    colorScheme: 'light',
    shows: (page) => page.locator('.row', { hasText: 'delegate_task' }).click(),
  },
  {
    file: 'html-charts.png',
    recording: '0.19.0/bg-review-overlap',
    colorScheme: 'light',
    shows: (page) => page.getByRole('button', { name: 'Charts' }).click(),
  },
];

let viewer: Viewer;
let folder: string;

beforeAll(async () => {
  viewer = await launch();
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-pictures-'));
  await writeFile(join(folder, 'prices.json'), PRICES);
});
afterAll(async () => {
  await viewer?.close();
  await rm(folder, { recursive: true });
});

async function spansOf(recording: string): Promise<readonly AgentSpan[]> {
  const names = await readdir(join(RECORDINGS, recording), { recursive: true });
  const logs = names
    .filter((name) => name.endsWith('flat.ndjson'))
    .map((name) => join(RECORDINGS, recording, name));
  return (await readSpans(logs, { captureContent: true, prices: join(folder, 'prices.json') })).spans;
}

/** Writes the picture when asked to, and then fails; else the one that is there must not be too large. */
async function keep(file: string, png: Buffer): Promise<void> {
  expect(png.length).toBeLessThan(MOST_BYTES);
  const image = new URL(file, IMAGES);
  if (process.env.UPDATE_PICTURES === '1') {
    await writeFile(image, png);
    throw new Error(`${file} was taken anew: look at it.`);
  }
  expect((await stat(image)).size).toBeLessThan(MOST_BYTES);
}

describe('pictures of genuine sessions', () => {
  test.each(PICTURES)('$file', async ({ file, recording, colorScheme, height, shows }) => {
    const spans = finished(await spansOf(recording));
    const title = recording.includes('/') ? `${recording.split('/').at(-1)}.ndjson` : 'hooks.ndjson';
    const { page, complaints } = await viewer.open(spans, { title, colorScheme });
    await shows(page);
    await page.mouse.move(5, 890);
    const clip = height === undefined ? {} : { clip: { x: 0, y: 0, width: 1440, height } };
    const png = await page.screenshot({ animations: 'disabled', ...clip });
    expect(complaints).toEqual([]);
    await keep(file, png);
  });

  test('terminal.png', async () => {
    const text = renderView(await spansOf('0.19.0/tool-errors'), {
      columns: 110,
      colors: new Chalk({ level: 1 }),
      format: 'text',
      depth: undefined,
      only: undefined,
      slowMicros: undefined,
    });
    const file = join(folder, 'terminal.html');
    await writeFile(file, terminal(text));
    const page = await viewer.visit(file);
    const png = await page.locator('pre').screenshot();
    await keep('terminal.png', png);
  });
});

/** The colours that the views use, by the number of their escape sequence. */
const COLOURS: Readonly<Record<string, string>> = {
  1: 'font-weight: 700',
  2: 'color: #8b8f9a',
  31: 'color: #f2666a',
  32: 'color: #4fbf7f',
  33: 'color: #eaa53c',
  34: 'color: #7e93ff',
  35: 'color: #bb8cf5',
  36: 'color: #35bfae',
  90: 'color: #8b8f9a',
};

/** Lines with escape sequences as a terminal shows them. */
function terminal(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  let open = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what escape sequences begin with
  const spans = escaped.replace(/\u001b\[(\d+)m/g, (_, code: string) => {
    const style = COLOURS[code];
    if (style === undefined && open === 0) return '';
    open += style === undefined ? -1 : 1;
    return style === undefined ? '</span>' : `<span style="${style}">`;
  });
  return `<!doctype html><meta charset="utf-8"><body style="margin: 0"><pre style="display: inline-block; margin: 0;
    padding: 18px 22px; background: #101115; color: #e8e9ed; font: 13px/1.45 'JetBrains Mono', monospace">${spans}</pre>`;
}
