import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import type { AgentSpan } from '../../src/model/span.ts';
import { visible } from '../../src/model/visible.ts';
import { type Budget, checkBudgets, parseBudget } from '../../src/view/budget.ts';
import { renderDiff } from '../../src/view/diff-tables.ts';
import { code, codeBlock, htmlCode } from '../../src/view/markdown.ts';
import { totalsOf } from '../../src/view/totals.ts';
import { renderSummaryMarkdown } from '../../src/view/totals-tables.ts';
import { renderView } from '../../src/view/view.ts';
import { apiCall, session, toolCall, turn } from '../agent-spans.ts';
import { PLAIN_100 } from './pages.ts';

/** As GitHub reads it; HTML is let through, so that any that was smuggled in is seen. */
function html(markdown: string): string {
  return micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true });
}

/** The text between the tags, with entities resolved. */
function textOf(rendered: string): string {
  return rendered
    .replace(/<[^>]*>/g, '')
    .replace(/&#(\d+);/g, (_, number) => String.fromCharCode(Number(number)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}

const MARKUP: readonly string[] = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '</code></summary></details><h1>x',
  '[a](javascript:alert(1))',
  '![a](https://example.org/pixel)',
  'https://example.org www.example.org a@example.org',
  '@someone #12 owner/repo#3',
  '`a` ``b`` ```c```',
  '```\n</details>\n# heading',
  '~~~',
  '| a | b |',
  'a\\|b\\',
  '**bold** _it_ ~~gone~~ - [ ] task',
  '&lt;b&gt; &#60;',
  '---',
  '   ',
  '`',
];

test.each(MARKUP)('a code span shows %j as it is, also in a cell', (text) => {
  const shown = visible(text);
  const cells = html(`| a | b |\n| - | - |\n| ${code(shown)} | 1 |`);
  const body = cells.slice(cells.indexOf('<tbody>'));
  expect(body.match(/<td/g)).toHaveLength(2);
  expect(body.replace(/<\/?(tbody|tr|td|table|code)>|\n/g, '')).not.toContain('<');
  expect(textOf(body).replaceAll('\n', '')).toBe(`${shown.trim().replaceAll('|', '│')}1`);
});

test('no text leaves its code span, whatever it is', () => {
  const text = fc.string({
    unit: fc.constantFrom('`', '|', '\\', '<', '>', '*', ' ', 'a', '[', ']', '(', ')', '!', '&', '@'),
  });
  fc.assert(
    fc.property(text, (any) => {
      const shown = visible(any);
      const body = html(`| a | b |\n| - | - |\n| ${code(shown)} | 1 |`).split('<tbody>')[1] ?? '';
      expect(textOf(body).replaceAll('\n', '')).toBe(`${shown.trim().replaceAll('|', '│')}1`);
      expect(body.replace(/<\/?(tbody|tr|td|table|code)>/g, '')).not.toMatch(/[<]/);
    }),
    { numRuns: 500 },
  );
});

test.each(MARKUP)('a code block shows %j as it is', (text) => {
  const lines = text.split('\n').map((line) => visible(line));
  const rendered = html(`before\n\n${codeBlock(lines)}\n\nafter`);
  expect(rendered).toMatch(
    /^<p>before<\/p>\n<pre><code class="language-text">[^<]*<\/code><\/pre>\n<p>after<\/p>$/,
  );
  expect(textOf(rendered)).toBe(`before\n${lines.join('\n')}\n\nafter`);
});

test.each(MARKUP)('a heading of HTML shows %j as it is', (text) => {
  const rendered = html(`<details><summary>${htmlCode(visible(text))}</summary>\n\ninside\n\n</details>`);
  expect(rendered).toMatch(/^<details><summary><code>[^<]*<\/code><\/summary>\n<p>inside<\/p>\n<\/details>$/);
});

test.each(MARKUP)('a whole view, totals and a diff of a log full of %j have no markup of it', (text) => {
  const spans = logOf(text);
  const options = { ...PLAIN_100, depth: undefined, only: undefined, slowMicros: undefined };
  const documents = [
    renderView(spans, { ...options, format: 'markdown' }),
    renderSummaryMarkdown(totalsOf(spans), checkBudgets(totalsOf(spans), [NO_ERRORS])),
    renderDiff(spans, logOf(`${text}2`), {
      ...PLAIN_100,
      format: 'markdown',
      beforeName: text,
      afterName: text,
    }),
  ];
  const harmless =
    /<\/?(h3|table|thead|tbody|tr|th|td|code|pre|details|summary|p|strong|ul|li)( (align="(left|right)"|class="language-text"))?>/g;
  for (const document of documents) expect(html(document).replace(harmless, '')).not.toContain('<');
});

test('a summary lists broken budgets first, then the figures', () => {
  const totals = totalsOf(logOf('`x`'));
  const budgets = [{ ...NO_ERRORS, text: visible('errors>9'), limit: 9 }, NO_ERRORS];
  const [headline, list] = renderSummaryMarkdown(totals, checkBudgets(totals, budgets)).split('\n\n');
  expect(headline).toBe('### Hermes: 1 session, 1 turn, 1 call, 1 tool · **1 error**');
  expect(list?.split('\n').map((line) => line.slice(0, 40))).toEqual(
    ['- **broken**: ``budget errors>0 is broken', '- holds: `budget errors>9 holds: errors is 1`'].map(
      (line) => line.slice(0, 40),
    ),
  );
});

test('a comment is never too long: sessions that do not fit are left out, and it says so', () => {
  const spans = Array.from({ length: 400 }, (_, n) => {
    const root = session({ at: [n, n + 10], sessionId: `session-${n}` });
    return [root, turn({ at: [n, n + 9], below: root })];
  }).flat();
  const markdown = renderView(spans, {
    ...PLAIN_100,
    format: 'markdown',
    depth: undefined,
    only: undefined,
    slowMicros: undefined,
  });
  expect(markdown.length).toBeLessThan(65_000);
  const shown = markdown.match(/<details>/g)?.length ?? 0;
  expect(shown).toBeGreaterThan(10);
  expect(markdown).toContain(`… ${400 - shown} more sessions, left out to fit a comment`);
});

const parsed = parseBudget('errors>0');
if (parsed.kind === 'problem') throw new Error(parsed.message);
const NO_ERRORS: Budget = parsed.budget;

function logOf(text: string): readonly AgentSpan[] {
  const root = session({ at: [0, 100], sessionId: text, model: text });
  const only = turn({ at: [0, 90], below: root, userMessage: text });
  return [
    root,
    only,
    apiCall({ at: [0, 40], below: only, model: text, finishReason: text }),
    toolCall({
      at: [50, 60],
      below: only,
      toolName: text,
      status: 'error',
      errorType: text,
      errorMessage: text,
    }),
  ];
}
