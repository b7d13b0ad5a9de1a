import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { applyPlan, planText } from '../../install/apply.ts';
import { withItems } from '../../install/config-text.ts';
import { isRecordCommand, RECORD_COMMAND, shellHooks } from '../../install/hermes-home.ts';
import { type Plan, planPlugin, planShellHooks, planUninstall, type Refusal } from '../../install/plan.ts';
import { expandHome, hermesHome, recordSettings } from '../../record/settings.ts';
import { addExamples } from '../help.ts';
import type { Io } from '../io.ts';

export interface InitOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly uninstall?: boolean;
  readonly shellHooks?: boolean;
  /** The command that shell hooks run. */
  readonly command?: string;
  /** The Hermes home; absent: `HERMES_HOME`, or `~/.hermes`. */
  readonly home?: string;
}

type ExitCode = 0 | 1 | 2;

const CONSENT = `Hermes asks for consent to a hook at its first use; without a terminal it leaves the hook out. Answer there, or
start once with --accept-hooks. "hermes hooks list" shows what may run. init never consents for you.
`;

/** `hermes-otel init`: sets up recording in a Hermes home, or removes it. @returns 0 done or nothing to do, 1 declined, 2 could not run */
export async function init(options: InitOptions, io: Io): Promise<ExitCode> {
  const { command = RECORD_COMMAND, dryRun, shellHooks: hooks, uninstall, yes } = options;
  if (!isRecordCommand(command)) {
    return failed('--command takes a command that runs "hermes-otel record".', io);
  }
  return hooks && !yes && !dryRun && !uninstall ? printHooks(command, io) : setUp(options, io);
}

async function setUp(options: InitOptions, io: Io): Promise<ExitCode> {
  const home = options.home ? expandHome(options.home, io.env) : hermesHome(io.env);
  if (home === undefined || !existsSync(home)) {
    const where = home ?? '~/.hermes';
    return failed(
      `There is no Hermes home at ${where}: start Hermes once, or name its home with --home.`,
      io,
    );
  }
  try {
    const plan = planOf(options, home);
    return plan.kind === 'refused' ? failed(plan.reason, io) : await carryOut(plan, options, home, io);
  } catch (error) {
    // An error of the file system names its file. Anything else is a bug of ours.
    if (error && typeof error === 'object' && 'code' in error && 'message' in error) {
      return failed(`${error.message}.`, io);
    }
    throw error;
  }
}

export function registerInit(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = program
    .command('init')
    .option('--dry-run', 'show what would be done, and stop')
    .option('-y, --yes', 'do not ask')
    .option('--uninstall', 'remove what init installed; recorded logs stay')
    .option(
      '--shell-hooks',
      'print shell hooks, for use without plugins (with --yes: write them to config.yaml)',
    )
    .option('--command <command>', `the command that shell hooks run (default: ${RECORD_COMMAND})`)
    .option('--home <directory>', 'the Hermes home (env: HERMES_HOME, default: ~/.hermes)')
    .action(async (options: InitOptions) => exit(await init(options, io)));
  addExamples(command, [
    ['hermes-otel init --dry-run', 'show what would be done'],
    ['hermes-otel init', 'install the recorder plugin, after a confirmation'],
    ['hermes-otel init --uninstall --yes', 'remove it; recorded logs stay'],
  ]);
}

function planOf(options: InitOptions, home: string): Plan | Refusal {
  if (options.uninstall) {
    return planUninstall(home);
  }
  return options.shellHooks ? planShellHooks(home, options.command ?? RECORD_COMMAND) : planPlugin(home);
}

async function carryOut(plan: Plan, options: InitOptions, home: string, io: Io): Promise<ExitCode> {
  const notes = plan.notes.map((note) => `${note}\n`).join('');
  if (plan.steps.length === 0) {
    io.stdout.write(`${notes}Nothing to do: ${home} is already set up this way.\n`);
    return 0;
  }
  io.stdout.write(`In ${home}, hermes-otel ${options.dryRun ? 'would' : 'will'}\n${planText(plan)}${notes}`);
  if (options.dryRun) {
    return 0;
  }
  if (!options.yes && !io.stdin.isTTY) {
    return failed('There is no terminal for a confirmation, so nothing was done: add --yes.', io);
  }
  if (!options.yes && !(await isConfirmed(io))) {
    io.stdout.write('Nothing was done.\n');
    return 1;
  }
  const refusal = applyPlan(plan);
  if (refusal !== undefined) {
    return failed(refusal.reason, io);
  }
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

function printHooks(command: string, io: Io): ExitCode {
  const hooks = withItems('', shellHooks(command));
  io.stdout.write(hooks.kind === 'text' ? hooks.text : '');
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

function failed(reason: string, io: Io): ExitCode {
  io.stderr.write(`hermes-otel: ${reason}\n`);
  return 2;
}
