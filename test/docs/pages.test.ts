import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from '@jest/globals';
import { globSync } from 'tinyglobby';
import { blocksOf, commandsOf, isOutput, isShownIn, linksOf, PAGES } from './pages.ts';

// What can be seen of the pages without running their commands. `npm run test:install` runs them.

test.each(PAGES)('%s links to what is there', (page) => {
  const broken = linksOf(page).filter((link) => {
    if (/^(https?|mailto):/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const file = path === '' ? page : normalize(join(dirname(page), path));
    return (
      !existsSync(file) || (anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).has(anchor))
    );
  });
  expect(broken).toEqual([]);
});

/** As GitHub and npm make them from headings. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm);
  return new Set(
    Array.from(headings, ([, text = '']) =>
      text
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-'),
    ),
  );
}

test('the index names every page', () => {
  const named = new Set(linksOf('docs/README.md').map((link) => join('docs', link)));
  const pages = globSync(['docs/*.md', 'docs/{stack,adr,docker,action}/README.md']);
  expect(pages.filter((page) => page !== 'docs/README.md' && !named.has(page))).toEqual([]);
});

const blocks = PAGES.flatMap((page) => blocksOf(page).map((block) => ({ page, ...block })));

test('a block without a language is the output of the commands above it, or says where it is from', () => {
  const plain = blocks.filter((block) => block.language === '' && !isOutput(block));
  expect(plain.filter(({ mark }) => mark === '').map(({ page, line }) => `${page}:${line}`)).toEqual([]);
  for (const { mark, text } of plain) {
    const [, file] = /^part of (.+)$/.exec(mark) ?? [];
    const whole = file === undefined ? text : readFileSync(file, 'utf8');
    if (!isShownIn(text, whole)) expect(whole).toContain(text);
  }
});

test('a command that fetches the package names its version, except in the checkout', () => {
  const files = [...PAGES, ...globSync('{docs,.github}/**/*.{yml,yaml,js}', { dot: true })];
  const unpinned = files.flatMap((file) =>
    Array.from(
      readFileSync(file, 'utf8').matchAll(/^.*\b(npx|npm (i|install))\b[^\n]* hermes-otel(?!@|-)\b.*$/gm),
      ([line]) => `${file}: ${line}`,
    ),
  );
  expect(
    unpinned.filter((line) => !/do not run `npx hermes-otel`|^README.md: npm install && npx/.test(line)),
  ).toEqual([]);
});

test('the pages have many commands and outputs', () => {
  const all = PAGES.flatMap(commandsOf);
  expect(all.length).toBeGreaterThan(40);
  expect(all.filter(({ shown }) => shown !== undefined).length).toBeGreaterThan(1);
});
