import { describe, test } from '@jest/globals';
import type { Provided } from './receivers/cache.ts';

/**
 * The tests of one receiver. When one of the programs it needs cannot be had here, they are skipped and the name says why: the
 * summary then counts them as not run. `tests` gets the programs' folders, in the order of `programs`.
 */
export function describeReceiver(
  name: string,
  programs: readonly Provided[],
  tests: (...folders: readonly string[]) => void,
): void {
  const missing = programs.find((program) => program.kind === 'missing');
  if (missing?.kind === 'missing') {
    describe.skip(`${name} (not run: ${missing.reason})`, () => tests(...programs.map(() => '')));
    return;
  }
  describe(name, () => tests(...programs.map((program) => (program.kind === 'ready' ? program.folder : ''))));
}

/** One test that needs a program of its own besides its receiver's. */
export function testWith(program: Provided, name: string, body: () => Promise<void>): void {
  if (program.kind === 'missing') test.skip(`${name} (not run: ${program.reason})`, body);
  else test(name, body);
}
