import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { linesBetween } from '../../src/input/byte-range.ts';
import { readLines } from '../../src/input/read-lines.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-range-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function linesOf(path: string, from: number, to: number, chunkBytes: number): Promise<string[]> {
  const found: string[] = [];
  const options = { chunkBytes, onDiagnostic: () => {} };
  for await (const lines of readLines(linesBetween(path, { from, to }), options)) {
    for (const { text } of lines) found.push(text);
  }
  return found;
}

test('wherever a file is cut, each of its lines is in one part', async () => {
  const path = join(folder, 'log');
  const line = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 8 }),
      fc.constantFrom('', '\n'),
      fc.array(fc.nat(40), { maxLength: 4 }),
      fc.integer({ min: 1, max: 12 }),
      async (lines, tail, cuts, chunkBytes) => {
        const text = lines.join('\n') + tail;
        await writeFile(path, text);
        const ends = [0, ...cuts.toSorted((a, b) => a - b), 100];
        const parts: string[] = [];
        for (const [index, to] of ends.slice(1).entries()) {
          parts.push(...(await linesOf(path, ends[index] ?? 0, to, chunkBytes)));
        }
        const whole = text.split('\n');
        if (whole.at(-1) === '') whole.pop();
        expect(parts).toEqual(whole);
      },
    ),
  );
});
