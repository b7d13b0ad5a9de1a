import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { applyPlan, planText } from '../../install/apply.ts';
import { Refusal, withItems } from '../../install/config-text.ts';
import { isRecordCommand, RECORD_COMMAND, shellHooks } from '../../install/hermes-home.ts';
import { type Plan, planPlugin, planShellHooks, planUninstall } from '../../install/plan.ts';
import { expandHome, hermesHome, recordSettings } from '../../record/settings.ts';
import { CliError } from '../cli-error.ts';
import type { CommandSpec } from '../command.ts';
import { type FlagValues, readFlags, switchFlag, textFlag } from '../flags.ts';
import type { Io } from '../io.ts';

const INIT_FLAGS = {
  dryRun: switchFlag('--dry-run', 'show what would be done, and stop'),
  yes: switchFlag('-y, --yes', 'do not ask'),
  uninstall: switchFlag('--uninstall', 'remove what init installed; recorded logs stay'),
  shellHooks: switchFlag(
    '--shell-hooks',
    'print shell hooks, for use without plugins (with --yes: write them to config.yaml)',
  ),
  command: textFlag('--command <command>', 'the command that shell hooks run', { fallback: RECORD_COMMAND }),
  home: textFlag('--home <directory>', 'the Hermes home (env: HERMES_HOME, default: ~/.hermes)'),
};

type InitOptions = FlagValues<typeof INIT_FLAGS>;

const CONSENT = `Hermes asks for consent to a hook at its first use; without a terminal it leaves the hook out. Answer there, or
start once with --accept-hooks. "hermes hooks list" shows what may run. init never consents for you.
`;

export const INIT: CommandSpec = {
  flags: INIT_FLAGS,
  examples: {
    'hermes-otel init --dry-run': 'show what would be done',
    'hermes-otel init': 'install the recorder plugin, after a confirmation',
    'hermes-otel init --uninstall --yes': 'remove it; recorded logs stay',
  },
  run: (command, io) => init(readFlags(INIT_FLAGS, command, io.env), io),
};

/** `hermes-otel init`: sets up recording in a Hermes home, or removes it. @returns 0 done or nothing to do, 1 declined */
async function init(options: InitOptions, io: Io): Promise<number> {
  const { command = RECORD_COMMAND, dryRun, shellHooks: hooks, uninstall, yes } = options;
  if (!isRecordCommand(command)) {
    throw new CliError('--command takes a command that runs "hermes-otel record".');
  }
  return hooks && !yes && !dryRun && !uninstall ? printHooks(command, io) : setUp(options, io);
}

async function setUp(options: InitOptions, io: Io): Promise<number> {
  const home = options.home ? expandHome(options.home, io.env) : hermesHome(io.env);
  if (home === undefined || !existsSync(home)) {
    const where = home ?? '~/.hermes';
    throw new CliError(
      `There is no Hermes home at ${where}: start Hermes once, or name its home with --home.`,
    );
  }
  try {
    return await carryOut(planOf(options, home), options, home, io);
  } catch (error) {
    if (error instanceof Refusal) throw new CliError(error.message);
    // An error of the file system names its file. Anything else is a bug of ours.
    if (error && typeof error === 'object' && 'code' in error && 'message' in error) {
      throw new CliError(`${error.message}.`);
    }
    throw error;
  }
}

function planOf(options: InitOptions, home: string): Plan {
  if (options.uninstall) return planUninstall(home);
  return options.shellHooks ? planShellHooks(home, options.command ?? RECORD_COMMAND) : planPlugin(home);
}

async function carryOut(plan: Plan, options: InitOptions, home: string, io: Io): Promise<number> {
  const notes = plan.notes.map((note) => `${note}\n`).join('');
  if (plan.steps.length === 0) {
    io.stdout.write(`${notes}Nothing to do: ${home} is already set up this way.\n`);
    return 0;
  }
  io.stdout.write(`In ${home}, hermes-otel ${options.dryRun ? 'would' : 'will'}\n${planText(plan)}${notes}`);
  if (options.dryRun) return 0;
  if (!options.yes && !io.stdin.isTTY) {
    throw new CliError('There is no terminal for a confirmation, so nothing was done: add --yes.');
  }
  if (!options.yes && !(await isConfirmed(io))) {
    io.stdout.write('Nothing was done.\n');
    return 1;
  }
  applyPlan(plan);
  io.stdout.write(`Done.\n${options.uninstall ? '' : nextSteps(options, home, io)}`);
  return 0;
}

function nextSteps({ shellHooks: hooks, home: given }: InitOptions, home: string, io: Io): string {
  const path = recordSettings([], given ? { ...io.env, HERMES_HOME: home } : io.env).path;
  return `${hooks ? CONSENT : ''}From its next start on, Hermes writes every event to
  ${path}
The log contains messages and tool results, and only you can read it. HERMES_OTEL_RECORD_CONTENT=false in Hermes's
environment leaves them out. To replay it: hermes-otel replay ${path}
${pastOf(home)}`;
}

/** What Hermes has kept itself, before there was a recorder. */
function pastOf(home: string): string {
  const database = join(home, 'state.db');
  if (!existsSync(database)) return '';
  return `What happened before is in Hermes's own database: hermes-otel replay ${database}\n`;
}

function printHooks(command: string, io: Io): number {
  io.stdout.write(withItems('', shellHooks(command)));
  io.stderr.write(`Add these lines to config.yaml, or run the command with --yes.\n${CONSENT}`);
  return 0;
}

/** Also false when the input ends without an answer. */
async function isConfirmed(io: Io): Promise<boolean> {
  io.stderr.write('Do this? [y/N] ');
  for await (const answer of createInterface({ input: io.stdin })) {
    return /^y(es)?$/i.test(answer.trim());
  }
  return false;
}
