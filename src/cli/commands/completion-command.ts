/** `hermes-otel completion <shell>`: prints a completion script, generated from the commands and flags of the program. */
import { Argument } from 'commander';
import type { CommandEntry, CommandSpec } from '../command.ts';
import { bashScript } from '../completion/bash.ts';
import { fishScript } from '../completion/fish.ts';
import { type CommandWords, specOf } from '../completion/spec.ts';
import { zshScript } from '../completion/zsh.ts';
import { createProgram } from '../program.ts';
import { writeTo } from '../write-to.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const satisfies Record<
  string,
  (program: string, root: CommandWords) => string
>;

/** @param commands all commands, as the script contains the flags of each */
export const completion = (commands: readonly CommandEntry[]): CommandSpec => ({
  adjust: (command) =>
    command.addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(Object.keys(SCRIPTS))),
  examples: {
    'source <(hermes-otel completion bash)':
      'put this line in ~/.bashrc, or with zsh in ~/.zshrc after compinit',
    'hermes-otel completion fish > ~/.config/fish/completions/hermes-otel.fish':
      'write the script where fish loads it',
  },
  run: async ({ args: [shell] }, io) => {
    const whole = await createProgram(
      commands,
      () => true,
      io,
      () => {},
    );
    await writeTo(io.stdout)(SCRIPTS[shell as keyof typeof SCRIPTS](whole.name(), specOf(whole)));
    return 0;
  },
});
