/** How `--help` is laid out, and its examples. */
import type { Command } from 'commander';
import type { Io } from './io.ts';

const WIDTH_WITHOUT_TERMINAL = 100;

export function helpWidth(stream: Io['stdout']): number {
  return stream.columns ?? WIDTH_WITHOUT_TERMINAL;
}

/** Commands that can be copied, each with what it does, below the flags. */
export function addExamples(
  command: Command,
  examples: readonly (readonly [command: string, does: string])[],
): void {
  const lines = examples.map(([line, does]) => `  ${line}\n      ${does}`);
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** Variables that are read besides those of the flags, each with what it does. */
export function addVariables(
  command: Command,
  variables: readonly (readonly [name: string, does: string])[],
): void {
  const width = Math.max(...variables.map(([name]) => name.length));
  const lines = variables.map(([name, does]) => `  ${name.padEnd(width)}  ${does}`);
  command.addHelpText('after', `\nEnvironment:\n${lines.join('\n')}`);
}
