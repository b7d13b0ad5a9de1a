import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { renderJson, renderText } from '../../src/validate/render.ts';
import { inputsOf, lintLog } from './inputs.ts';

/** Logs of genuine Hermes runs: 0.14.0 with tools whose ends it never reports, 0.19.0 killed in a tool. */
const CASES = new URL('./golden/', import.meta.url);

describe.each(readdirSync(CASES))('%s', (name) => {
  const folder = new URL(`${name}/`, CASES);
  const lines = readFileSync(new URL('input.ndjson', folder), 'utf8').trimEnd().split('\n');
  const report = lintLog(inputsOf(lines, 'input.ndjson'));

  test.each([
    ['expected.txt', renderText(report)],
    ['expected.json.golden', renderJson(report)],
  ])('%s', (file, text) => {
    expect(text).toBe(golden(new URL(file, folder), text));
  });
});

/** What the file holds. Under UPDATE_GOLDEN it is written first, and the test fails, so that nobody does it by accident. */
function golden(file: URL, text: string): string {
  if (process.env.UPDATE_GOLDEN !== undefined) {
    writeFileSync(file, text);
    throw new Error('rewritten: look at the difference, and run again without UPDATE_GOLDEN');
  }
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
