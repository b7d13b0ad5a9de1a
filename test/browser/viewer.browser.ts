import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { activeRow, launch, rowNames, type Viewer } from './browser.ts';
import { idOf, story } from './story.ts';

let viewer: Viewer;
const spans = story();
/** Opens the first session instead of the overview. */
const FIRST = { hash: '#session-first' };

beforeAll(async () => {
  viewer = await launch();
});
afterAll(() => viewer?.close());

describe('the page of a replay', () => {
  test('opens from disk without a complaint or a request, and shows the first session as a tree', async () => {
    const { page, complaints } = await viewer.open(spans, FIRST);
    expect(await rowNames(page)).toEqual([
      'Session',
      'Turn 1',
      'big-model',
      'read_file',
      'terminal',
      'Approval',
      'Turn 2',
      'delegate_task',
      'researcher',
      'Turn 1',
      'web_search',
      'title',
      'big-model',
    ]);
    expect(complaints).toEqual([]);
  });

  test('shows parallel tools and sub-agents as such, errors and open ends in words too', async () => {
    const { page } = await viewer.open(spans, FIRST);
    const row = (name: string) => page.locator('.row', { hasText: name });
    expect(await row('read_file').textContent()).toContain('2 run side by side');
    expect(await page.locator('.parallel-rail').count()).toBe(2);
    expect(await page.locator('.row.in-agent .label').allTextContents()).toEqual([
      'researcher',
      'Turn 1',
      'web_search',
    ]);
    expect(await row('terminal').textContent()).toContain('error');
    expect(await page.locator('.row', { has: page.locator('.badge-incomplete') }).count()).toBe(1);
  });

  test('draws a bar where and as long as the span was', async () => {
    const { page } = await viewer.open(spans, FIRST);
    await page.keyboard.press('i');
    const share = await page.evaluate(() => {
      const bars = [...document.querySelectorAll('.row .bar')].map((bar) => bar.getBoundingClientRect());
      const [session, turn] = bars;
      if (session === undefined || turn === undefined) return [];
      return [(turn.left - session.left) / session.width, turn.width / session.width];
    });
    expect(share[0]).toBeCloseTo(10 / 60_000, 2);
    expect(share[1]).toBeCloseTo(8_990 / 60_000, 2);
  });

  const searches: readonly (readonly [query: string, found: readonly string[]])[] = [
    ['read_file', ['read_file']],
    ['call_needle', ['terminal']],
    [idOf(spans, 'hermes.tool.web_search'), ['web_search']],
    ['tool=term', ['terminal']],
    ['error.type=exit_code', ['terminal']],
    ['kind=approval', ['Approval']],
    ['input_tokens>1000 kind=api_call', ['big-model']],
    ['kind=tool_call -tool=read_file duration_ms<3500', ['terminal', 'web_search']],
    ['"exit code 2"', ['terminal']],
    ['nothing-of-the-kind', []],
  ];
  test.each(searches)('finds by name, attribute, id or number: %s', async (query, found) => {
    const { page, complaints } = await viewer.open(spans, FIRST);
    await page.keyboard.press('/');
    await page.keyboard.type(query);
    expect(await page.locator('.row:not(.context) .label').allTextContents()).toEqual(found);
    expect(complaints).toEqual([]);
  });

  test('a search that only another session answers goes there', async () => {
    const { page } = await viewer.open(spans, FIRST);
    await page.getByLabel('Search spans').fill('todo');
    expect(await page.locator('h1').textContent()).toBe('second');
  });

  test('filters by kind, error and duration, and takes them back', async () => {
    const { page } = await viewer.open(spans, FIRST);
    const found = () => page.locator('.row:not(.context) .label').allTextContents();
    await page.getByRole('button', { name: /^Tools/ }).click();
    expect(await found()).toEqual(['read_file', 'terminal', 'delegate_task', 'web_search']);
    await page.getByLabel('Shortest duration').selectOption('≥ 1s');
    expect(await found()).toEqual(['terminal', 'delegate_task', 'web_search']);
    await page.getByRole('button', { name: /^Errors/ }).click();
    expect(await found()).toEqual(['terminal']);
    expect(await page.getByRole('status').textContent()).toContain('1 match');
    await page.getByRole('button', { name: 'Clear' }).click();
    expect(await page.locator('.row').count()).toBe(13);
  });

  test('closes and opens a turn by mouse, all turns by button', async () => {
    const { page } = await viewer.open(spans, FIRST);
    await page.locator('.row', { hasText: 'Turn 1' }).first().locator('.twist').click();
    expect((await rowNames(page)).slice(0, 3)).toEqual(['Session', 'Turn 1', 'Turn 2']);
    expect(await page.locator('.badge-below').textContent()).toBe('1 error inside');
    await page.getByRole('button', { name: 'Close all turns' }).click();
    expect(await rowNames(page)).toEqual(['Session', 'Turn 1', 'Turn 2']);
    await page.getByRole('button', { name: 'Open everything' }).click();
    expect(await page.locator('.row').count()).toBe(13);
  });

  test('details show every attribute, the status, the parent and the resource', async () => {
    const { page } = await viewer.open(spans, FIRST);
    await page.locator('.row', { hasText: 'terminal' }).click();
    expect(await page.locator('.details').textContent()).not.toContain('service.name');
    await page.getByText('OpenTelemetry').click();
    await page.locator('.pairs').first().waitFor();
    const failed = spans.find(({ otel }) => otel.name === 'hermes.tool.terminal');
    const keys = await page.locator('.details-section .pairs').first().locator('dt').allTextContents();
    expect(keys).toEqual(Object.keys(failed?.otel.attributes ?? {}));
    const text = await page.locator('.details').textContent();
    expect(text).toContain('exit code 2');
    expect(text).toContain('service.name');
    await page.getByRole('button', { name: 'Turn: Turn 1' }).click();
    expect(await page.locator('.details h2').textContent()).toBe('Turn 1');
  });

  test('a value in the details searches for its like', async () => {
    const { page } = await viewer.open(spans, FIRST);
    await page.locator('.row', { hasText: 'read_file' }).click();
    await page.getByText('OpenTelemetry').click();
    await page.getByRole('button', { name: 'Search spans with this hermes.tool.name' }).click();
    expect(await page.locator('.row:not(.context) .label').allTextContents()).toEqual(['read_file']);
  });

  test('a link opens its span, in its session, and the address follows the selection', async () => {
    const id = idOf(spans, 'hermes.tool.todo');
    const { page } = await viewer.open(spans, { hash: `#span-${id}` });
    expect(await page.locator('h1').textContent()).toBe('second');
    expect(await page.locator('.details h2').textContent()).toBe('todo');
    const other = idOf(spans, 'hermes.tool.web_search');
    await page.evaluate((hash) => {
      location.hash = hash;
    }, other);
    await page.waitForFunction(() => document.querySelector('.details h2')?.textContent === 'web_search');
    await page.locator('.row', { hasText: 'delegate_task' }).click();
    expect(page.url()).toContain(`#span-${idOf(spans, 'hermes.tool.delegate_task')}`);
  });

  test('draws charts and tables of what took the tokens and the time', async () => {
    const { page, complaints } = await viewer.open(spans, FIRST);
    await page.getByRole('button', { name: 'Charts' }).click();
    expect(await page.getByRole('img').count()).toBe(2);
    expect(await page.locator('.token-column').count()).toBe(1);
    expect(await page.locator('.dot').count()).toBe(7);
    const tools = page.locator('table', { hasText: 'By tool' });
    expect(await tools.locator('tbody th').allTextContents()).toEqual([
      'delegate_task',
      'web_search',
      'terminal',
      'read_file',
    ]);
    await page.locator('.token-column').click();
    expect(await page.locator('.details h2').textContent()).toBe('big-model');
    expect(complaints).toEqual([]);
  });

  test('a cut file says so and shows what it has', async () => {
    const { page } = await viewer.open(spans, {
      ...FIRST,
      edit: (html) => html.slice(0, html.indexOf('<script type="application/json" data-part="end"')),
    });
    expect(await page.locator('.notice').textContent()).toContain('cut');
    expect(await page.locator('.row').count()).toBe(13);
  });

  test('no spans are said plainly', async () => {
    const { page, complaints } = await viewer.open([]);
    expect(await page.locator('h1').textContent()).toBe('No spans');
    expect(complaints).toEqual([]);
  });
});

describe('by keyboard alone', () => {
  test('goes through the tree, opens, closes and shows details', async () => {
    const { page } = await viewer.open(spans, FIRST);
    await page.keyboard.press('g');
    await page.keyboard.press('Home');
    expect(await activeRow(page)).toBe('Session');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowLeft');
    expect((await rowNames(page)).slice(0, 3)).toEqual(['Session', 'Turn 1', 'Turn 2']);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await activeRow(page)).toBe('big-model');
    await page.keyboard.press('ArrowLeft');
    expect(await activeRow(page)).toBe('Turn 1');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    expect(await page.locator('.details h2').textContent()).toBe('big-model');
    await page.keyboard.press('Escape');
    expect(await page.locator('.details').count()).toBe(0);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('tree');
  });

  test('finds the next error, zooms, pans and returns', async () => {
    const { page } = await viewer.open(spans, FIRST);
    await page.keyboard.press('e');
    expect(await activeRow(page)).toBe('terminal');
    const width = () =>
      page
        .locator('.row', { hasText: 'terminal' })
        .locator('.bar')
        .evaluate((bar) => bar.clientWidth);
    const before = await width();
    await page.keyboard.press('f');
    expect(await width()).toBeGreaterThan(before * 5);
    const left = () =>
      page
        .locator('.row', { hasText: 'terminal' })
        .locator('.bar')
        .evaluate((bar) => bar.getBoundingClientRect().left);
    const leftBefore = await left();
    await page.keyboard.press('-');
    await page.keyboard.press(',');
    expect(await left()).not.toBe(leftBefore);
    await page.keyboard.press('0');
    expect(await width()).toBe(before);
  });

  test('reaches every control by Tab, and help lists the keys', async () => {
    const { page } = await viewer.open(spans, FIRST);
    const seen = new Set<string>();
    for (let press = 0; press < 60; press += 1) {
      await page.keyboard.press('Tab');
      seen.add(
        await page.evaluate(() => {
          const element = document.activeElement;
          return element?.getAttribute('aria-label') ?? element?.textContent ?? '';
        }),
      );
    }
    for (const name of ['Spans', 'Export as JSON', 'Charts', 'Zoom in', 'Shortest duration']) {
      expect([...seen]).toContain(name);
    }
    await page.keyboard.press('?');
    expect(await page.getByRole('dialog').textContent()).toContain('Next error');
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  test('one-letter keys can be switched off', async () => {
    const { page } = await viewer.open(spans, FIRST);
    await page.keyboard.press('?');
    await page.getByLabel('One-letter keys').uncheck();
    await page.keyboard.press('Escape');
    await page.keyboard.press('c');
    expect(await page.locator('.grid').count()).toBe(1);
  });
});

describe('colours, paper and small screens', () => {
  const background = () => getComputedStyle(document.body.parentElement ?? document.body).backgroundColor;

  test('follows the system and the button', async () => {
    const { page } = await viewer.open(spans, { ...FIRST, colorScheme: 'dark' });
    expect(await page.evaluate(background)).toBe('rgb(16, 17, 21)');
    await page.getByRole('button', { name: 'Light colours' }).click();
    expect(await page.evaluate(background)).toBe('rgb(255, 255, 255)');
    await page.keyboard.press('t');
    expect(await page.evaluate(background)).toBe('rgb(16, 17, 21)');
  });

  test('prints all rows on white, without controls', async () => {
    const { page } = await viewer.open(spans, { ...FIRST, colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    const rows = await page.evaluate(() => {
      window.dispatchEvent(new Event('beforeprint'));
      return document.querySelectorAll('.row').length;
    });
    expect(rows).toBe(13);
    expect(await page.evaluate(background)).toBe('rgb(255, 255, 255)');
    expect(await page.getByLabel('Search spans').isVisible()).toBe(false);
    expect((await page.pdf()).length).toBeGreaterThan(10_000);
  });

  test('has room on a telephone: nothing is wider than the screen', async () => {
    const { page } = await viewer.open(spans, { viewport: { width: 390, height: 844 } });
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    expect(await width()).toBe(390);
    await page.locator('.session-item').first().click();
    expect(await page.locator('h1').textContent()).toBe('second');
    expect(await width()).toBe(390);
  });
});
