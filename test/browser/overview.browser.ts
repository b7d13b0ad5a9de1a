import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { headlineOf } from '../../src/model/figures.ts';
import { totalsOf } from '../../src/view/totals.ts';
import { launch, rowNames, type Viewer } from './browser.ts';
import { talk } from './talk.ts';

let viewer: Viewer;
const spans = talk();

beforeAll(async () => {
  viewer = await launch();
});
afterAll(() => viewer?.close());

const titles = (page: Page) => page.locator('.session-item .session-title').allTextContents();

describe('the overview of all sessions', () => {
  test('comes first: the newest on top, with first words, cost, errors and the figures of the whole log', async () => {
    const { page, complaints } = await viewer.open(spans);
    expect(await titles(page)).toEqual(['deploy it', 'question 0', 'list the files']);
    expect(await page.locator('.session-item').last().textContent()).toMatch(/1,900 → 100\$0\.0420$/);
    expect(await page.locator('.session-item').first().locator('.session-errors').textContent()).toBe('1');
    expect(await page.locator('.session-item').last().locator('.spark rect').count()).toBe(2);
    expect(await page.locator('.log-spark').textContent()).toBe('Cost over time');
    const { figures } = totalsOf(spans.map(({ agent }) => agent));
    const { time, cost = '' } = headlineOf(figures.all, figures.time);
    expect(await page.locator('.headline').textContent()).toContain(time);
    expect(await page.locator('.figures').textContent()).toContain(`Cost${cost}`);
    expect(complaints).toEqual([]);
  });

  test('is sorted by its columns and searched by first words, id and platform', async () => {
    const { page } = await viewer.open(spans);
    await page.getByRole('button', { name: 'Cost' }).click();
    expect((await titles(page))[0]).toBe('list the files');
    await page.getByRole('button', { name: 'Duration' }).click();
    expect((await titles(page))[0]).toBe('question 0');
    for (const words of ['deploy', 'broken', 'DEPLOY IT']) {
      await page.getByLabel('Find a session').fill(words);
      expect(await titles(page)).toEqual(['deploy it']);
    }
    await page.getByLabel('Find a session').fill('telegram');
    expect(await titles(page)).toEqual(['question 0']);
    expect(await page.getByRole('status').textContent()).toBe('1 of 3 sessions');
  });

  test('shows how much of a search each session has', async () => {
    const { page } = await viewer.open(spans);
    await page.getByLabel('Search spans').fill('make deploy');
    expect(await titles(page)).toEqual(['deploy it']);
    expect(await page.locator('.session-matches').textContent()).toBe('1 match');
  });

  test('opens a session; the browser, a key and the title lead back', async () => {
    const { page } = await viewer.open(spans);
    const open = () => page.locator('.session-item', { hasText: 'list the files' }).click();
    for (const back of [
      () => page.goBack(),
      () => page.keyboard.press('o'),
      () => page.keyboard.press('Escape'),
      () => page.getByTitle('All sessions').click(),
    ]) {
      await open();
      expect(await page.locator('h1').textContent()).toBe('list the files');
      expect(page.url()).toMatch(/#session-chat$/);
      await back();
      await page.locator('.session-item').first().waitFor();
    }
  });
});

describe('what was said', () => {
  test('rows have the prompt, the command and the goal; model names lose what they share; cost stands beside tokens', async () => {
    const { page } = await viewer.open(spans, { hash: '#session-chat' });
    expect(await rowNames(page)).toEqual([
      'Session · list the files',
      'Turn 1 · list the files',
      '…sonnet-4-5',
      '$ ls -la',
      'Approval · ls -la',
      '…haiku-4-5',
    ]);
    expect(await page.locator('.row .note').allTextContents()).toEqual([
      'cli · 1,900 → 100 · $0.042',
      '1,900 → 100 · $0.042',
      '900 → 40 · $0.012',
      'granted (once)',
      '1,000 → 60 · $0.030',
    ]);
  });

  test('the panel begins with the conversation; ids are folded under OpenTelemetry', async () => {
    const { page } = await viewer.open(spans, { hash: '#session-chat' });
    await page.locator('.row', { hasText: 'Turn 1' }).click();
    const steps = () => page.locator('.details .step').allTextContents();
    expect(await steps()).toEqual([
      'Prompt: list the files',
      'Thought: I look.',
      'Tool: $ ls -la',
      'Approval: ls -la: granted (once)',
      'Result: file-0\nfile-1\nfile-2\nfile-3\nfile-4\nfile-5Show all 85 characters',
      'Answer: There are two.',
    ]);
    const { spanId = '' } = spans.find(({ otel }) => otel.name.endsWith('turn'))?.otel ?? {};
    expect(await page.locator('.details').textContent()).not.toContain(spanId);
    await page.getByRole('button', { name: 'Show all 85 characters' }).click();
    expect((await steps())[4]).toContain('file-11');
    await page.locator('.details .step-link').click();
    expect(await page.locator('.details h2').textContent()).toBe('$ ls -la');
    await page.getByText('OpenTelemetry').click();
    await page.getByText('hermes.tool.args').waitFor();
    await page.locator('.row', { hasText: 'Turn 1' }).click();
    expect(await page.locator('.details').textContent()).toContain(spanId);
  });

  test('a whole session can be read; without content the page says how to get it', async () => {
    const { page } = await viewer.open(spans, { hash: '#session-long' });
    await page.getByRole('button', { name: 'Conversation' }).click();
    expect(await page.locator('.step-prompt').count()).toBe(5);
    expect(await page.locator('.step-agent').first().textContent()).toBe('Sub-agent: count the files');
    const bare = spans.map(({ agent, otel }) => ({
      agent: {
        ...agent,
        userMessage: undefined,
        assistantResponse: undefined,
        args: undefined,
        command: undefined,
        goal: undefined,
        response: undefined,
      },
      otel,
    }));
    const { page: empty } = await viewer.open(bare, { hash: '#session-long' });
    await empty.getByRole('button', { name: 'Conversation' }).click();
    expect(await empty.locator('.conversation-none').textContent()).toContain('--capture-content');
  });
});

describe('a long session at first sight', () => {
  const widths = (page: Page) =>
    page.locator('.row.kind-turn .bar').evaluateAll((bars) => bars.map((bar) => bar.clientWidth));

  test('idle time takes little room, however short it is, and can be shown', async () => {
    const { page } = await viewer.open(spans, { hash: '#session-long' });
    const folded = await widths(page);
    const axis = await page.locator('.ruler').evaluate((ruler) => ruler.clientWidth);
    expect(folded.reduce((sum, width) => sum + width, 0)).toBeGreaterThan(axis * 0.75);
    await page.keyboard.press('i');
    expect((await widths(page))[0]).toBeLessThan((folded[0] ?? 0) / 3);
  });

  test('each turn has a time axis of its own on demand', async () => {
    const { page } = await viewer.open(spans, { hash: '#session-long' });
    await page.getByRole('button', { name: 'Axis per turn' }).click();
    const axis = await page.locator('.ruler').evaluate((ruler) => ruler.clientWidth);
    for (const width of await widths(page)) expect(Math.abs(width - axis)).toBeLessThan(2);
    const tool = await page
      .locator('.row.kind-tool_call .bar')
      .last()
      .evaluate((bar) => bar.clientWidth);
    expect(tool / axis).toBeCloseTo(0.9, 1);
    await page.keyboard.press('x');
    expect((await widths(page))[0]).toBeLessThan(axis / 3);
  });

  test('the header and the filters count the same', async () => {
    for (const hash of ['#session-chat', '#session-long', '#session-broken']) {
      const { page } = await viewer.open(spans, { hash });
      const figures = await page
        .locator('.figure')
        .evaluateAll((all) =>
          Object.fromEntries(
            all.map((each) => [
              each.querySelector('dt')?.textContent ?? '',
              each.querySelector('dd')?.textContent,
            ]),
          ),
        );
      for (const chip of await page.locator('.filters .chip').all()) {
        const word = (await chip.locator('.chip-word').textContent()) ?? '';
        if (word !== 'Approvals') expect(await chip.locator('.chip-count').textContent()).toBe(figures[word]);
      }
    }
  });

  test('charts use their width, answers have a scale of their own, turns their critical path', async () => {
    const { page } = await viewer.open(spans, { hash: '#session-chat' });
    await page.getByRole('button', { name: 'Charts' }).click();
    const [first, last] = await page
      .locator('.token-column .hit')
      .evaluateAll((hits) => hits.map((hit) => hit.getBoundingClientRect()));
    const chart = await page.locator('.charts').evaluate((charts) => charts.clientWidth);
    expect((last?.right ?? 0) - (first?.left ?? 0)).toBeGreaterThan(chart * 0.9);
    const heights = await page
      .locator('rect.token-output')
      .evaluateAll((bars) => bars.map((bar) => bar.getBoundingClientRect().height));
    expect(Math.max(...heights)).toBeGreaterThan(30);
    await page.keyboard.press('o');
    await page.locator('.session-item', { hasText: 'question 0' }).click();
    const table = page.locator('table', { hasText: 'Slowest turns' });
    expect(await table.locator('tbody tr').count()).toBe(5);
    expect(await table.locator('.path-cell').first().textContent()).toBe('agent 90 %, delegate_task 10 %');
    await table.getByRole('button').first().click();
    expect(await page.locator('.details h2').textContent()).toBe('Turn 1 · question 0');
  });
});

describe('export of a selection', () => {
  const save = async (page: Page, format: string) => {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: `Export as ${format}` }).click();
    return readFile(await (await download).path(), 'utf8');
  };

  test('as JSON: everything listed, the open span and what is below it, or the matches', async () => {
    const { page, complaints } = await viewer.open(spans);
    const saved = async () => JSON.parse(await save(page, 'JSON')).spans;
    expect((await saved()).length).toBe(spans.length);
    await page.getByLabel('Find a session').fill('list');
    expect((await saved()).length).toBe(6);
    await page.locator('.session-item').click();
    await page.locator('.row', { hasText: '$ ls -la' }).click();
    expect((await saved()).map(({ kind }: { kind: string }) => kind)).toEqual(['tool_call', 'approval']);
    await page.getByLabel('Search spans').fill('kind=api_call');
    const calls = await saved();
    expect(calls.map(({ cost }: { cost: number }) => cost)).toEqual([0.012, 0.03]);
    expect(calls[0]).toMatchObject({
      sessionId: 'chat',
      durationMicros: 980_000,
      isError: false,
      tokens: { input: 900, output: 40 },
    });
    expect(calls[0].attributes['gen_ai.request.model']).toBe('anthropic/claude-sonnet-4-5');
    expect(complaints).toEqual([]);
  });

  test('as Markdown: the figures and the conversation, foreign text only as code', async () => {
    const { page } = await viewer.open(spans, { hash: '#session-chat' });
    const text = await save(page, 'Markdown');
    expect(text).toContain('## `Session · list the files`');
    expect(text).toContain('$0.042 · 1,900 in → 100 out · no errors');
    expect(text).toContain('- prompt: `list the files`\n- thought: `I look.`\n- tool: `$ ls -la`\n');
    await page.getByLabel('Search spans').fill('kind=tool_call');
    expect(await save(page, 'Markdown')).toContain('- `$ ls -la` · 900ms');
  });
});
