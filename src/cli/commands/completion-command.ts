/** `hermes-otel completion <shell>`: prints a completion script, generated from the commands and flags of the program. */
import { Argument, type Command } from 'commander';
import { bashScript } from '../completion/bash.ts';
import { fishScript } from '../completion/fish.ts';
import { type CommandSpec, specOf } from '../completion/spec.ts';
import { zshScript } from '../completion/zsh.ts';
import { addExamples } from '../help.ts';
import type { Io } from '../io.ts';
import { createProgram } from '../program.ts';
import { writeTo } from '../write-to.ts';
import type { CommandEntry } from './commands.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const satisfies Record<
  string,
  (program: string, root: CommandSpec) => string
>;

/** @param commands all commands, as the script contains the flags of each */
export function registerCompletion(program: Command, io: Io, commands: readonly CommandEntry[]): void {
  const command = program
    .command('completion')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(Object.keys(SCRIPTS)));
  addExamples(command, [
    [
      'source <(hermes-otel completion bash)',
      'put this line in ~/.bashrc, or with zsh in ~/.zshrc after compinit',
    ],
    [
      'hermes-otel completion fish > ~/.config/fish/completions/hermes-otel.fish',
      'write the script where fish loads it',
    ],
  ]);
  command.action(async (shell: keyof typeof SCRIPTS) => {
    const whole = await createProgram(
      commands,
      () => true,
      io,
      () => {},
    );
    await writeTo(io.stdout)(SCRIPTS[shell](whole.name(), specOf(whole)));
  });
}
