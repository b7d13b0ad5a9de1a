import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { FinishedSpan } from '../../src/model/sink.ts';
import { generate } from '../html/generate.ts';
import { launch, type Viewer } from './browser.ts';

/**
 * 50,000 spans in one session, the worst case for the tree. The figures are printed, for `docs/performance-html.md`.
 * What else runs on the machine can only make them worse, so each is the best of a few tries.
 */
const SPANS = 50_000;
const TRIES = 3;
const MOST = { paintMillis: 1500, frameMillis: 100 } as const;

let viewer: Viewer;
let spans: readonly FinishedSpan[];

beforeAll(async () => {
  viewer = await launch();
  spans = generate({ seed: 1, spans: SPANS, turns: SPANS });
});
afterAll(() => viewer?.close());

declare global {
  interface Window {
    /** Millis after the navigation, of the first frame with rows. */
    rowsShown: number | undefined;
    frameMillis: number[];
  }
}

/** Notes when the first row has been painted. */
function watchRows(): void {
  const observer = new MutationObserver(() => {
    if (document.querySelector('.row') === null) return;
    observer.disconnect();
    requestAnimationFrame(() => {
      setTimeout(() => {
        window.rowsShown = performance.now();
      });
    });
  });
  observer.observe(document, { childList: true, subtree: true });
}

describe('50,000 spans in one session', () => {
  test('the first paint and the first rows come in time', async () => {
    const tries = [];
    for (let attempt = 0; attempt < TRIES; attempt += 1) tries.push(await openTimes());
    const paint = Math.min(...tries.map((times) => times.paint));
    const rows = Math.min(...tries.map((times) => times.rows));
    print(`first paint ${paint.toFixed(0)} ms, rows on the screen ${rows.toFixed(0)} ms`);
    expect(rows).toBeLessThanOrEqual(MOST.paintMillis);
    expect(paint).toBeLessThanOrEqual(rows);
  });

  test.each([
    ['scrolling by wheel', wheel],
    ['jumping through the session by the scroll bar', jump],
    ['walking by key', walk],
    ['zooming and panning', zoom],
  ])('%s: no long frame', async (name, act) => {
    const worst = [];
    const { page } = await viewer.open(spans);
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      worst.push(await worstFrame(page, () => act(page)));
      if (Math.min(...worst) <= MOST.frameMillis) break;
    }
    print(`${name}: worst frame ${Math.min(...worst).toFixed(0)} ms`);
    expect(Math.min(...worst)).toBeLessThanOrEqual(MOST.frameMillis);
  });

  test('searching and filtering answer at once', async () => {
    const { page } = await viewer.open(spans);
    const search = await elapsed(page, async () => {
      await page.getByLabel('Search spans').fill('tool=terminal status');
      await page.locator('.found', { hasText: 'match' }).waitFor();
    });
    const filter = await elapsed(page, () => page.getByRole('button', { name: /^Errors/ }).click());
    print(`search ${search.toFixed(0)} ms, filter ${filter.toFixed(0)} ms`);
    expect(Math.max(search, filter)).toBeLessThan(1000);
  });

  test('only the rows of the screen are in the document', async () => {
    const { page } = await viewer.open(spans);
    expect(await page.locator('.row').count()).toBeLessThan(80);
    expect(Number(await page.getByRole('treegrid').getAttribute('aria-rowcount'))).toBeGreaterThan(SPANS);
  });
});

async function openTimes(): Promise<{ readonly paint: number; readonly rows: number }> {
  const { page } = await viewer.open(spans, { before: watchRows });
  await page.waitForFunction(() => window.rowsShown !== undefined);
  return page.evaluate(() => ({
    paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.POSITIVE_INFINITY,
    rows: window.rowsShown ?? Number.POSITIVE_INFINITY,
  }));
}

/** Millis between two frames, at most, while `act` goes on. */
async function worstFrame(page: Page, act: () => Promise<void>): Promise<number> {
  await page.evaluate(() => {
    window.frameMillis = [];
    let before = performance.now();
    const tick = (now: number): void => {
      window.frameMillis.push(now - before);
      before = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await page.waitForTimeout(100);
  await page.evaluate(() => {
    window.frameMillis = [];
  });
  await act();
  return page.evaluate(() => Math.max(...window.frameMillis));
}

async function wheel(page: Page): Promise<void> {
  await page.mouse.move(900, 600);
  for (let turn = 0; turn < 60; turn += 1) {
    await page.mouse.wheel(0, turn < 40 ? 700 : -2000);
    await page.waitForTimeout(16);
  }
}

async function jump(page: Page): Promise<void> {
  for (let step = 1; step <= 40; step += 1) {
    await page.evaluate(
      (share) => {
        const grid = document.getElementById('tree');
        if (grid !== null) grid.scrollTop = grid.scrollHeight * share;
      },
      ((step * 37) % 40) / 40,
    );
    await page.waitForTimeout(20);
  }
}

async function walk(page: Page): Promise<void> {
  await page.keyboard.press('g');
  for (let press = 0; press < 60; press += 1)
    await page.keyboard.press(press % 6 === 5 ? 'PageDown' : 'ArrowDown');
}

async function zoom(page: Page): Promise<void> {
  for (const key of ['+', '+', '+', '.', '.', '+', '+', '.', ',', '-', '-', '0']) {
    await page.keyboard.press(key);
    await page.waitForTimeout(30);
  }
}

async function elapsed(page: Page, act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
  return performance.now() - start;
}

function print(line: string): void {
  process.stdout.write(`  ${SPANS} spans: ${line}\n`);
}
