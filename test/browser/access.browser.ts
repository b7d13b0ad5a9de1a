import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';
import { launch, type Viewer } from './browser.ts';
import { story } from './story.ts';

declare global {
  interface Window {
    axe: { run(options: RunOptions): Promise<AxeResults> };
  }
}

/** Opens the first session instead of the overview. */
const FIRST = { hash: '#session-first' };

let viewer: Viewer;

beforeAll(async () => {
  viewer = await launch();
});
afterAll(() => viewer?.close());

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** WCAG A and AA, and what axe calls best practice. */
async function audit(page: Page): Promise<readonly string[]> {
  await page.addScriptTag({ path: AXE });
  const results = await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }));
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`),
  );
}

const STATES: readonly (readonly [name: string, enter: (page: Page) => Promise<void>])[] = [
  ['the overview', (page) => page.getByTitle('All sessions').click()],
  ['the tree', async () => undefined],
  ['a conversation', (page) => page.getByRole('button', { name: 'Conversation' }).click()],
  ['the details of a failed tool', (page) => page.locator('.row', { hasText: 'terminal' }).click()],
  ['a search', (page) => page.getByLabel('Search spans').fill('terminal')],
  ['the charts', (page) => page.getByRole('button', { name: 'Charts' }).click()],
  ['the help', (page) => page.keyboard.press('?')],
];

describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
  test.each(STATES)('axe finds nothing to complain about in %s', async (_name, enter) => {
    const { page } = await viewer.open(story(), { ...FIRST, colorScheme, bypassCSP: true });
    await enter(page);
    expect(await audit(page)).toEqual([]);
  });
});

describe('for a screen reader', () => {
  test('rows announce their level, their place, whether they are open, and what they are', async () => {
    const { page } = await viewer.open(story(), FIRST);
    const row = page.locator('.row', { hasText: 'researcher' });
    expect(await row.getAttribute('aria-level')).toBe('4');
    expect(await row.getAttribute('aria-expanded')).toBe('true');
    expect(await row.getAttribute('aria-posinset')).toBe('1');
    expect(await row.getAttribute('aria-setsize')).toBe('1');
    expect(await row.textContent()).toContain('Sub-agent: researcher');
    expect(await row.locator('.cell-time').getAttribute('aria-label')).toBe('from 20.2s, for 18.8s');
  });

  test('the grid counts all rows, also those that are not drawn', async () => {
    const { page } = await viewer.open(story(), FIRST);
    expect(await page.getByRole('treegrid').getAttribute('aria-rowcount')).toBe('14');
  });
});
