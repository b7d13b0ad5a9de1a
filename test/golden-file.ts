import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';

/**
 * Expects `actual` to be byte for byte what the file holds. With `UPDATE_GOLDEN=1` in the environment the file is
 * written instead, and the test fails all the same: nobody gets a new golden file without looking at it.
 */
export function expectGolden(file: URL, actual: string): void {
  const path = fileURLToPath(file);
  const name = relative(process.cwd(), path);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, actual);
    throw new Error(`${name} was written: look at the difference, then run the tests without UPDATE_GOLDEN`);
  }
  if (!existsSync(path)) throw new Error(`${name} does not exist: UPDATE_GOLDEN=1 writes it`);
  expect(actual).toBe(readFileSync(path, 'utf8'));
}
