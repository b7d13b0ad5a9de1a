import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apiCall, session, toolCall, turn } from '../agent-spans.ts';
import { finished } from '../html/generate.ts';
import { launch, pageText, type Viewer } from './browser.ts';

/**
 * A log is written by models, tools and strangers. Whatever stands in it must come out as text: in the list, the tree,
 * the details, the charts, the title. `pwned` is what every attack would set.
 */
let viewer: Viewer;

beforeAll(async () => {
  viewer = await launch();
});
afterAll(() => viewer?.close());

const ATTACKS: readonly (readonly [name: string, text: string])[] = [
  ['end of the data block', '</script><script>window.pwned = 1</script>'],
  ['comment in the data block', '<!--<script>window.pwned = 1</script>'],
  ['image with a handler', '<img src=x onerror="window.pwned = 1">'],
  ['drawing with a handler', '<svg onload="window.pwned = 1"></svg>'],
  ['end of the style', '</style><script>window.pwned = 1</script>'],
  ['link that runs', '<a href="javascript:window.pwned=1">click</a>'],
  ['bare link that runs', 'javascript:window.pwned=1'],
  ['data link', 'data:text/html,<script>parent.pwned=1</script>'],
  ['out of an attribute', '" autofocus onfocus="window.pwned=1" x="'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the attack
  ['template marks', '${window.pwned=1}{{constructor.constructor("window.pwned=1")()}}'],
  ['prototype', '__proto__'],
  ['frame', '<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>'],
  ['refresh', '<meta http-equiv="refresh" content="0;url=https://evil.example/">'],
  ['base', '<base href="https://evil.example/">'],
  ['line ends', 'one\r\ntwo\u2028three\u2029four\u0085five'],
  ['NUL and escapes', 'a\u0000b\u001b[31mred\u0007'],
  ['lone surrogate', 'a\ud800b'],
];

/** The text in every place that a log can fill. */
function spansWith(text: string) {
  const top = session({ at: [0, 9_000], sessionId: text, platform: text, model: text });
  const one = turn({
    at: [1, 8_000],
    below: top,
    userMessage: text,
    model: text,
    finalStatus: 'failed',
    exitReason: text,
  });
  const call = apiCall({
    at: [2, 3_000],
    below: one,
    model: text,
    finishReason: text,
    error: { type: text, message: text, statusCode: 500, reason: text, retryable: true, maxRetries: 1 },
  });
  const tool = toolCall({
    at: [3_001, 7_000],
    below: one,
    toolName: text,
    toolCallId: text,
    args: text,
    result: text,
    status: 'error',
    errorType: text,
    errorMessage: text,
  });
  return finished([
    { ...call, events: [{ time: call.endTime, name: text, fields: { [text]: text } }] },
    tool,
    one,
    top,
  ]);
}

describe('text from the log stays text', () => {
  test.each(ATTACKS)('%s', async (_name, attack) => {
    const { page, complaints } = await viewer.open(spansWith(attack), { title: attack });
    const elements =
      'script:not([type="module"]), iframe, object, embed, base, img, a, meta[http-equiv="refresh"]';
    for (const row of await page.locator('.row').all()) await row.click();
    await page.getByText('OpenTelemetry').click();
    for (const tab of ['Conversation', 'Charts']) await page.getByRole('button', { name: tab }).click();
    await page.keyboard.press('/');
    await page.keyboard.type(attack.replace(/\p{Cc}/gu, ' '));
    expect(await page.evaluate(() => Reflect.has(window, 'pwned'))).toBe(false);
    expect(await page.locator(elements).count()).toBe(0);
    expect(await page.locator('[onerror], [onload], [onfocus], [onclick]').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('markup in a name is shown letter by letter', async () => {
    const attack = '<b>bold</b> & "quoted"';
    const { page } = await viewer.open(spansWith(attack), { title: attack });
    expect(await page.locator('.row .label').nth(3).textContent()).toBe(`${attack} ${attack}`);
    expect(await page.locator('h1').textContent()).toBe(attack);
    expect(await page.title()).toBe(attack);
  });

  test('bidirectional and unseen characters are named, so that no line is turned around', async () => {
    const attack = 'safe\u202etxt.exe\u2066\u200b\u{e0041}';
    const { page } = await viewer.open(spansWith(attack));
    await page.locator('.row').nth(3).click();
    const shown = 'safe‹U+202E›txt.exe‹U+2066›‹U+200B›‹U+E0041›';
    expect(await page.locator('.row .label').nth(3).textContent()).toBe(`${shown} ${shown}`);
    const everything = await page.locator('body').textContent();
    expect(everything).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b]/);
  });

  test('the policy refuses what is not in the file, even if something put it there', async () => {
    const { page, complaints } = await viewer.open(spansWith('x'));
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.pwned = 1';
      document.body.append(script);
      const image = document.createElement('img');
      image.src = 'https://evil.example/x.png';
      image.setAttribute('onerror', 'window.pwned = 1');
      document.body.append(image);
    });
    await page.waitForTimeout(200);
    expect(await page.evaluate(() => Reflect.has(window, 'pwned'))).toBe(false);
    expect(complaints.filter((text) => text.includes('Content Security Policy')).length).toBeGreaterThan(1);
    expect(complaints.filter((text) => text.startsWith('request:'))).toEqual([]);
  });

  test('texts of a megabyte: the page opens, shows their beginning, and all of them on request', async () => {
    const long = `begin ${'x'.repeat(1_000_000)} end`;
    const { page, complaints } = await viewer.open(spansWith(long));
    await page.locator('.row').nth(3).click();
    await page.getByText('OpenTelemetry').click();
    const value = page.locator('.pairs dd', { hasText: 'begin' }).first();
    expect((await value.textContent())?.length).toBeLessThan(2_000);
    await value.getByRole('button', { name: 'Show all' }).click();
    expect((await value.textContent())?.length).toBeGreaterThan(1_000);
    expect(complaints).toEqual([]);
  });

  test('the file holds no markup of the log at all', async () => {
    for (const [, attack] of ATTACKS) {
      if (!attack.includes('<')) continue;
      expect(await pageText(spansWith(attack), attack)).not.toContain(attack);
    }
  });
});
