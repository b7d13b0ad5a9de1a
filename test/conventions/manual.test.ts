import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { CONVENTION_NAMES } from '../../src/conventions/names.ts';
import { expectGolden } from '../golden-file.ts';
import { attributeTables, metricTable } from './attribute-tables.ts';

const FILE = new URL('../../docs/mapping-attributes.md', import.meta.url);
const document = readFileSync(FILE, 'utf8');

const GENERATED = /<!-- generated: (attributes|metrics) of ([a-z-]+) -->\n[\s\S]*?<!-- end -->/g;

test('docs/mapping-attributes.md has the tables of the code; UPDATE_GOLDEN=1 writes them', () => {
  const written = document.replace(GENERATED, (_old, what, name) => {
    const table = what === 'attributes' ? attributeTables(name) : metricTable(name);
    return `<!-- generated: ${what} of ${name} -->\n\n${table}\n<!-- end -->`;
  });
  expectGolden(FILE, written);
});

test.each(CONVENTION_NAMES)('it has the tables of %s', (name) => {
  const places = [...document.matchAll(GENERATED)].map(([, what, of]) => `${what} of ${of}`);
  expect(places).toContain(`attributes of ${name}`);
});
