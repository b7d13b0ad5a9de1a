/** How `--help` is laid out, and its examples. */
import type { Command } from 'commander';
import type { Io } from './io.ts';

const WIDTH_WITHOUT_TERMINAL = 100;

export function helpWidth(stream: Io['stdout']): number {
  return stream.columns ?? WIDTH_WITHOUT_TERMINAL;
}

/** Adds commands to copy below the flags, each with a description. */
export function addExamples(
  command: Command,
  examples: readonly (readonly [command: string, does: string])[],
): void {
  const lines = examples.map(([line, does]) => `  ${line}\n      ${does}`);
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** Adds the environment variables that have no flag, each with a description. */
export function addVariables(
  command: Command,
  variables: readonly (readonly [name: string, does: string])[],
): void {
  const width = Math.max(...variables.map(([name]) => name.length));
  const lines = variables.map(([name, does]) => `  ${name.padEnd(width)}  ${does}`);
  command.addHelpText('after', `\nEnvironment:\n${lines.join('\n')}`);
}
