/** `hermes-otel replay` on the command line: its words to flags, its flags to a replay. */
import { type Command, Option } from 'commander';
import { addFlags, readBoolean, readFlags } from '../flags.ts';
import { addExamples, addVariables } from '../help.ts';
import type { Io } from '../io.ts';
import { OTLP_VARIABLES } from '../otlp-variables.ts';
import { REPLAY_FLAGS } from '../replay-flags.ts';
import type { Exit } from './commands.ts';

export function registerReplay(program: Command, io: Io, exit: Exit): void {
  const command = program.command('replay').argument('[log...]', 'files (also .gz), or - for standard input');
  addFlags(command, REPLAY_FLAGS);
  command.addOption(new Option('--color', 'paint, whatever the output is'));
  command.addOption(new Option('--no-color', 'never paint (env: NO_COLOR)'));
  addVariables(command, [
    ['HERMES_OTEL_ENABLED', 'false: nothing is done, and that is said'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'resource attributes, as key=value,key=value'],
    ...OTLP_VARIABLES,
  ]);
  addExamples(command, [
    ['hermes-otel replay session.ndjson', 'the tree of a session in the terminal'],
    ['tail -f hooks.ndjson | hermes-otel replay - -e otlp', 'live, to a receiver on this machine'],
    [
      'hermes-otel replay logs/*.ndjson.gz -e otlp --strict --report report.json',
      'a backfill that fails when anything is lost',
    ],
  ]);
  command.action(async (logs: string[]) => {
    if (isDisabled(io)) return;
    const flags = { ...readFlags(REPLAY_FLAGS, command, io.env), color: colorFlag(command) };
    const { replay } = await import('../replay.ts');
    exit(await replay(logs, flags, io));
  });
}

/** `undefined` when neither `--color` nor `--no-color` was given. */
export function colorFlag(command: Command): boolean | undefined {
  return command.getOptionValueSource('color') === 'cli'
    ? command.getOptionValue('color') === true
    : undefined;
}

/** The live plugin's switch: with `HERMES_OTEL_ENABLED=false` nothing is done, and that is said. */
function isDisabled(io: Io): boolean {
  const value = io.env.HERMES_OTEL_ENABLED;
  if (value === undefined || value === '' || readBoolean(value, 'HERMES_OTEL_ENABLED')) return false;
  io.stderr.write('hermes-otel: HERMES_OTEL_ENABLED is false: nothing was done.\n');
  return true;
}
