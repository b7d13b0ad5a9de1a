import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

// docs/from-the-live-plugin.md names what is here: each name of its tables must be there.

const read = (path: string) => readFileSync(path, 'utf8');
const PAGE = read('docs/from-the-live-plugin.md');

/** The cells of one column of the table under a heading. */
function cells(heading: string, column: number): readonly string[] {
  const [, chapter = ''] = PAGE.split(`\n## ${heading}\n`);
  const rows = (chapter.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(1).map((row) => row.split('|')[column]?.trim() ?? '');
}

const names = (heading: string, column: number) =>
  cells(heading, column).flatMap((cell) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = '']) => name));

const MAPPING = read('docs/mapping-attributes.md');
const [ATTRIBUTES = ''] = MAPPING.split('\n## gen-ai');

test.each(names('Attributes', 2))('the attribute %s', (name) => {
  expect(ATTRIBUTES).toContain(`| \`${name}\` `);
});

test.each(names('Metrics', 1))('the metric %s', (name) => {
  expect(MAPPING).toContain(`| \`${name}\` `);
});

test.each(names('Variables', 1).filter((name) => name !== 'HERMES_OTEL_LOG_FILE'))(
  'the variable %s',
  (name) => {
    expect(read('docs/cli.md') + read('src/cli/to-options.ts')).toContain(name);
  },
);

test.each(cells('The viewing stack', 2))('the panel %s', (title) => {
  const dashboard = read('docs/stack/grafana/dashboards/hermes-agent-observability.json');
  expect(dashboard).toContain(`"title": "${title}"`);
});

test('all of the manual is there', () => {
  expect(new Set(names('Attributes', 2)).size).toBeGreaterThanOrEqual(33);
  expect(names('Metrics', 1)).toHaveLength(7);
  expect(cells('The viewing stack', 2)).toHaveLength(13);
});
