import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { FinishedSpan } from '../../src/model/sink.ts';
import { toolCall } from '../agent-spans.ts';
import { finished, generate } from './generate.ts';
import { blocksOf, pageOf, partsOf } from './page-text.ts';

// Thousands of spans, on a machine that may be busy with other things.
jest.setTimeout(60_000);

/** More than one block. */
const SPANS = 5_000;
let spans: readonly FinishedSpan[];

beforeAll(() => {
  spans = generate({ seed: 3, spans: SPANS, turns: 12 });
});

describe('the same spans give the same page', () => {
  test('byte for byte, twice', async () => {
    expect(await pageOf(spans)).toBe(await pageOf(spans));
  });

  test('from an iterable that comes in time, too', async () => {
    async function* late() {
      for (const span of spans) yield await Promise.resolve(span);
    }
    expect((await pageOf(late())) === (await pageOf(spans))).toBe(true);
  });
});

describe('the page is small', () => {
  test('at most 300 bytes a span without content, and 200 on the usual mix', async () => {
    const data = partsOf(await pageOf(spans), 'spans').reduce(
      (sum, json) => sum + Buffer.byteLength(json),
      0,
    );
    const bytesPerSpan = data / spans.length;
    process.stdout.write(`  ${spans.length} spans: ${bytesPerSpan.toFixed(1)} bytes a span\n`);
    expect(bytesPerSpan).toBeLessThanOrEqual(200);
  });

  test('at most 150 kB without spans: the viewer, its style, its licences', async () => {
    expect(Buffer.byteLength(await pageOf([]))).toBeLessThan(150_000);
  });

  test('a text that many spans share is written once', async () => {
    const shared = 'the same long message '.repeat(8);
    const many = finished(
      Array.from({ length: 100 }, (_, index) =>
        toolCall({ at: [index, index + 1], status: 'error', errorMessage: shared }),
      ),
    );
    expect((await pageOf(many)).split(shared).length - 1).toBe(1);
  });
});

describe('the page can do nothing but show', () => {
  test('its policy allows exactly the script and the style it holds, and nothing from outside', async () => {
    const html = await pageOf(spans.slice(0, 10));
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
    const script = /<script type="module">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
    const style = /<style>(.*?)<\/style>/s.exec(html)?.[1] ?? '';
    expect(script.length).toBeGreaterThan(10_000);
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`,
      `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });

  test('it names nothing to load', async () => {
    const html = (await pageOf([])).replace(/<script type="module">.*?<\/script>/s, '');
    expect(html).not.toMatch(/https?:|\ssrc=|@import|url\(/);
  });
});

describe('what a page says of itself', () => {
  test('the title stands in the page as text', async () => {
    const html = await pageOf([], { title: `a<b>&"'</title>` });
    expect(html).toContain('<title>a&lt;b&gt;&amp;&quot;&#39;&lt;/title&gt;</title>');
  });

  test('the end of the file says how many spans there must be', async () => {
    const html = await pageOf(spans);
    expect(partsOf(html, 'end')).toEqual([`{"spans":${spans.length}}`]);
    expect(blocksOf(html).length).toBe(Math.ceil(spans.length / 4096));
    expect(html.endsWith('</body>\n</html>\n')).toBe(true);
  });

  test('the resource is reported, lists and doubles in words', async () => {
    const attributes = { 'service.name': 'hermes-agent', tags: ['a', 'b'], load: { double: 2 } };
    const [about = ''] = partsOf(await pageOf([], { resource: { attributes } }), 'about');
    expect(JSON.parse(about).resource).toEqual([
      ['service.name', 'hermes-agent'],
      ['tags', 'a, b'],
      ['load', '2'],
    ]);
  });
});
