import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { expectGolden } from './golden-file.ts';

let directory = '';
const before = process.env.UPDATE_GOLDEN;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'golden-'));
  delete process.env.UPDATE_GOLDEN;
});

afterEach(() => {
  rmSync(directory, { recursive: true });
  if (before !== undefined) process.env.UPDATE_GOLDEN = before;
});

const golden = () => pathToFileURL(join(directory, 'deep', 'a.txt'));

test('a golden file that is not there fails', () => {
  expect(() => expectGolden(golden(), 'text')).toThrow('UPDATE_GOLDEN=1 writes it');
});

test('writing a golden file fails too, and the next run passes', () => {
  process.env.UPDATE_GOLDEN = '1';
  expect(() => expectGolden(golden(), 'text')).toThrow('was written');
  delete process.env.UPDATE_GOLDEN;
  expect(readFileSync(golden(), 'utf8')).toBe('text');
  expectGolden(golden(), 'text');
});

test('one byte more fails', () => {
  const file = pathToFileURL(join(directory, 'b.txt'));
  writeFileSync(file, 'text\n');
  expect(() => expectGolden(file, 'text')).toThrow();
});
