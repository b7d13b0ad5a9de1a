import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const file = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const CODE = Array.from(file('../../docs/views.md').matchAll(/`([^`\n]+)`/g), ([, code = '']) => code);
const DOCUMENTED = new Set(CODE.flatMap((code) => code.split(/\W+/)));

/** The names of all fields; what is keyed by names of the log is no field. */
function fieldsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(fieldsIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) => [
    key,
    ...(key === 'toolOutcomes' || key === 'fields' ? [] : fieldsIn(below)),
  ]);
}

test.each(['golden/view/view.json.golden', 'golden/diff/diff.json.golden'])(
  'every field of %s is in docs/views.md',
  (golden) => {
    const fields = new Set(fieldsIn(JSON.parse(file(golden))));
    expect([...fields].filter((field) => !DOCUMENTED.has(field))).toEqual([]);
  },
);
