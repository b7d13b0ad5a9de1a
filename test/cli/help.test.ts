import { describe, expect, test } from '@jest/globals';
import { COMMANDS } from '../../src/cli/commands/commands.ts';
import { createProgram } from '../../src/cli/program.ts';
import { runMain, testIo } from '../run-main.ts';

const program = await createProgram(
  COMMANDS,
  () => true,
  testIo().io,
  () => {},
);

/** The words of every command there is, those of `stack` too. */
const EVERY: readonly (readonly string[])[] = program.commands.flatMap((command) => [
  [command.name()],
  ...command.commands.map((inner) => [command.name(), inner.name()]),
]);

/** A letter is missing in the middle: the commonest slip. */
function mistyped(word: string): string {
  const middle = Math.floor(word.length / 2);
  return word.slice(0, middle) + word.slice(middle + 1);
}

const lines = (text: string) => text.split('\n');

describe('--help', () => {
  test.each(EVERY.map((words) => [words.join(' ')]))(
    'of %s has two examples, each of this program',
    async (name) => {
      const { code, out, err } = await runMain([...name.split(' '), '--help']);
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain(`Usage: hermes-otel ${name} `);
      const [, examples = ''] = out.split('\nExamples:\n');
      const commands = lines(examples).filter((line) => /^ {2}\S/.test(line));
      expect(commands.length).toBeGreaterThanOrEqual(2);
      for (const command of commands) expect(command).toContain('hermes-otel ');
    },
  );

  test.each(EVERY.map((words) => [words.join(' ')]))(
    'of %s: its examples have only flags that exist',
    async (name) => {
      const { out } = await runMain([...name.split(' '), '--help']);
      const [, examples = ''] = out.split('\nExamples:\n');
      for (const line of lines(examples).filter((one) => /^ {2}\S/.test(one))) {
        const [, words = ''] = line.split('hermes-otel ');
        const called = words.split(' ').filter((word) => /^[a-z]+$/.test(word));
        const top = program.commands.find((one) => one.name() === called[0]);
        const inner = top?.commands.find((one) => one.name() === called[1]) ?? top;
        const known = inner?.options.flatMap(({ short, long }) => [short, long]) ?? [];
        for (const flag of words.match(/(?<= )--?[a-z][a-z-]*/g) ?? []) expect(known).toContain(flag);
      }
    },
  );

  test('of the program names every command', async () => {
    const { out } = await runMain(['--help']);
    for (const { name } of COMMANDS) expect(out).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'));
  });
});

describe('a slip', () => {
  test.each(EVERY.map((words) => [words.join(' ')]))(
    'in the name of %s is answered with the right one',
    async (name) => {
      const words = name.split(' ');
      const last = words.at(-1) ?? '';
      const { code, out, err } = await runMain([...words.slice(0, -1), mistyped(last)]);
      expect([code, out]).toEqual([2, '']);
      expect(err).toContain(`(Did you mean ${last}?)`);
    },
  );

  // A hook must never fail, so `record` takes every word.
  const strict = EVERY.filter(([name]) => name !== 'record').map((words) => [words.join(' ')]);

  test.each(strict)('in any flag of %s is answered with the right one', async (name) => {
    const words = name.split(' ');
    const command = words.reduce((at, word) => at.commands.find((one) => one.name() === word) ?? at, program);
    for (const { long } of command.createHelp().visibleOptions(command)) {
      const { code, out, err } = await runMain([...words, `--${mistyped((long ?? '').slice(2))}`]);
      expect([long, code, out]).toEqual([long, 2, '']);
      // Of flags that are as near, commander names all.
      expect(err).toMatch(new RegExp(`\\(Did you mean .*${long}\\b`));
    }
  });
});
