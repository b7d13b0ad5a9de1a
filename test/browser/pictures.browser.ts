import { readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { finished } from '../html/generate.ts';
import { replayText } from '../replayed.ts';
import { launch, type Viewer } from './browser.ts';

/**
 * The pictures of the documentation: three genuine sessions. `UPDATE_PICTURES=1` takes them anew and then fails, so
 * that somebody looks at them; they look best where the fonts Inter and JetBrains Mono are installed.
 */
const IMAGES = new URL('../../docs/images/', import.meta.url);
const RECORDINGS = new URL('../../fixtures/recordings/', import.meta.url);
const MOST_BYTES = 200_000;

interface Picture {
  readonly file: string;
  readonly recording: string;
  readonly colorScheme: 'light' | 'dark';
  readonly shows: (page: Page) => Promise<void>;
}

const PICTURES: readonly Picture[] = [
  {
    file: 'html-sub-agents.png',
    recording: '0.16.0/delegate-batch',
    colorScheme: 'light',
    shows: (page) => page.locator('.row', { hasText: 'delegate_task' }).click(),
  },
  {
    file: 'html-tool-errors.png',
    recording: '0.19.0/tool-errors',
    colorScheme: 'dark',
    shows: (page) => page.locator('.row', { hasText: 'patch' }).click(),
  },
  {
    file: 'html-charts.png',
    recording: '0.19.0/bg-review-overlap',
    colorScheme: 'light',
    shows: (page) => page.getByRole('button', { name: 'Charts' }).click(),
  },
];

let viewer: Viewer;

beforeAll(async () => {
  viewer = await launch();
});
afterAll(() => viewer?.close());

describe('pictures of genuine sessions', () => {
  test.each(PICTURES)('$file', async ({ file, recording, colorScheme, shows }) => {
    const log = await readFile(new URL(`${recording}/flat.ndjson`, RECORDINGS), 'utf8');
    const { spans } = replayText(log);
    const title = `${recording.split('/').at(-1)}.ndjson`;
    const { page, complaints } = await viewer.open(finished(spans), { title, colorScheme });
    await shows(page);
    await page.mouse.move(5, 890);
    const png = await page.screenshot({ animations: 'disabled' });
    expect(complaints).toEqual([]);
    expect(png.length).toBeLessThan(MOST_BYTES);
    const image = new URL(file, IMAGES);
    if (process.env.UPDATE_PICTURES === '1') {
      await writeFile(image, png);
      throw new Error(`${file} was taken anew: look at it.`);
    }
    expect((await stat(image)).size).toBeLessThan(MOST_BYTES);
  });
});
