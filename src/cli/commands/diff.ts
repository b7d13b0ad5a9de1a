/** `hermes-otel diff A B`: two logs side by side: what is new, what is gone, what became slower or dearer. */
import type { AgentSpan } from '../../model/span.ts';
import type { Budget, BudgetResult } from '../../view/budget.ts';
import { CliError } from '../cli-error.ts';
import { pageFor } from '../colors.ts';
import type { CommandSpec } from '../command.ts';
import { endedBy } from '../exit-code.ts';
import { COLOR_FLAGS, choiceFlag, type FlagValues, readFlags, textFlag } from '../flags.ts';
import { type Interrupts, watchInterrupts } from '../interrupts.ts';
import type { Io } from '../io.ts';
import { printBudgets, writeBudgets } from '../print-summary.ts';
import { readLog } from '../read-log.ts';
import { CI_FLAGS, SPAN_FLAGS } from '../replay-flags.ts';
import { budgetsOf } from '../to-options.ts';
import { writeTo } from '../write-to.ts';

const FORMATS = ['text', 'json', 'markdown', 'junit', 'github'] as const;

// Totals are the same however spans are cut into traces.
const { captureContent: _content, tracePer: _tracePer, ...READ_FLAGS } = SPAN_FLAGS;

const DIFF_FLAGS = {
  format: choiceFlag('--format <name>', 'text, json, markdown; or only the budgets: junit, github', FORMATS, {
    fallback: 'text',
  }),
  failOn: {
    ...CI_FLAGS.failOn,
    help: "exit 1 when this holds for the second log: 'errors>0', 'tool:terminal p95>10s', or against the first: 'tokens>+20%'; repeatable",
  },
  beforeSession: textFlag('--before-session <id>', 'of the first log only the session whose id begins so'),
  afterSession: textFlag('--after-session <id>', 'of the second log, or of the only one, likewise'),
  ...READ_FLAGS,
  ...COLOR_FLAGS,
} as const;

type DiffFlags = FlagValues<typeof DIFF_FLAGS>;

export const DIFF: CommandSpec = {
  words: {
    '<before>': 'a log, or - for standard input',
    '[after]': 'the log to compare with it; budgets (--fail-on) are about this one',
  },
  flags: DIFF_FLAGS,
  examples: {
    'hermes-otel diff yesterday.ndjson today.ndjson': 'what changed since yesterday',
    "hermes-otel diff main.ndjson branch.ndjson --format markdown --fail-on 'errors>0'":
      'a comment for a pull request',
    "hermes-otel diff main.ndjson branch.ndjson --format junit --fail-on 'tokens>+20%'":
      'a test report: no more than a fifth more tokens',
    'hermes-otel diff hooks.ndjson --before-session 20261123_08 --after-session 20261124_09':
      'two sessions of one log',
  },
  run: (command, io) => {
    const flags = readFlags(DIFF_FLAGS, command, io.env);
    const [before = '', after] = command.args;
    return diff(sidesOf(before, after, flags), flags, io);
  },
};

/** @returns 1 when a budget of the second log is broken, else 0. */
async function diff(sides: readonly [Side, Side], flags: DiffFlags, io: Io): Promise<number> {
  const budgets = await budgetsOf(flags, { hasBaseline: true });
  const interrupt = watchInterrupts(io);
  const before = await spansOf(sides[0], flags, io, interrupt);
  const after = await spansOf(sides[1], flags, io, interrupt);
  interrupt.stop();
  // Half of a log would look as if the rest had gone.
  const interrupted = endedBy(interrupt, false);
  if (interrupted !== undefined) return interrupted;
  const results = budgets.length === 0 ? [] : await compared(before, after, budgets);
  printBudgets(results, io);
  if (flags.format === 'junit' || flags.format === 'github') {
    await writeBudgets(results, { format: flags.format }, io);
  } else {
    const { renderDiff } = await import('../../view/diff-tables.ts');
    const page = { ...(await pageFor(io, flags.color)), format: flags.format };
    const names = { beforeName: nameOf(sides[0]), afterName: nameOf(sides[1]) };
    await writeTo(io.stdout)(renderDiff(before, after, { ...page, ...names }));
  }
  return results.some(({ broken }) => broken) ? 1 : 0;
}

async function compared(
  before: readonly AgentSpan[],
  after: readonly AgentSpan[],
  budgets: readonly Budget[],
): Promise<readonly BudgetResult[]> {
  const { checkBudgets } = await import('../../view/budget.ts');
  const { presentable } = await import('../../view/presentable.ts');
  const { totalsOf } = await import('../../view/totals.ts');
  return checkBudgets(totalsOf(presentable(after)), budgets, totalsOf(presentable(before)));
}

/** What stands on one side: a log, or one session of it. */
interface Side {
  readonly log: string;
  readonly session: string | undefined;
}

/** Throws a `CliError` when the words do not make two sides. */
function sidesOf(
  before: string,
  after: string | undefined,
  { beforeSession, afterSession }: Pick<DiffFlags, 'beforeSession' | 'afterSession'>,
): readonly [Side, Side] {
  const one = { log: before, session: beforeSession };
  if (after !== undefined && (before !== '-' || after !== '-'))
    return [one, { log: after, session: afterSession }];
  if (before === '-')
    throw new CliError('Standard input can be only one of the two logs: name a file for the other.');
  if (beforeSession === undefined || afterSession === undefined) {
    throw new CliError(
      'Name a second log, or with --before-session and --after-session two sessions of the one.',
    );
  }
  return [one, { log: before, session: afterSession }];
}

/** Throws a `CliError` when the session that was asked for is not there. */
async function spansOf(
  { log, session }: Side,
  flags: DiffFlags,
  io: Io,
  interrupt: Interrupts,
): Promise<readonly AgentSpan[]> {
  const { spans } = await readLog(
    [log],
    {
      ...flags,
      session: session === undefined ? flags.session : [session],
      captureContent: false,
      tracePer: 'session',
    },
    io,
    { interrupt, command: 'diff' },
  );
  if (spans.length === 0 && session !== undefined) {
    throw new CliError(`${log} has no session whose id begins with "${session}".`);
  }
  return spans;
}

/** As the user named it. */
function nameOf({ log, session }: Side): string {
  const name = log === '-' ? 'standard input' : log;
  return session === undefined ? name : `${name} ${session}`;
}
