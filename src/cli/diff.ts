/** `hermes-otel diff A B`: two logs side by side: what is new, what is gone, what became slower or dearer. */
import { type Command, Option } from 'commander';
import { checkBudgetsOf } from './budgets.ts';
import { colorsFor } from './colors.ts';
import type { Exit } from './commands.ts';
import { addFlags, choiceFlag, type FlagValues, readFlags } from './flags.ts';
import { addExamples, helpWidth } from './help.ts';
import { watchInterrupts } from './interrupts.ts';
import type { Io } from './io.ts';
import { readSpans } from './read-spans.ts';
import { colorFlag } from './replay-command.ts';
import { FILTER_FLAGS, RECONSTRUCT_FLAGS, REPORT_FLAGS } from './replay-flags.ts';
import { writeTo } from './write-to.ts';

const FORMATS = ['text', 'json', 'markdown'] as const;

const DIFF_FLAGS = {
  format: choiceFlag({ flags: '--format <name>', help: FORMATS.join(', '), fallback: 'text' }, FORMATS),
  failOn: REPORT_FLAGS.failOn,
  ...RECONSTRUCT_FLAGS,
  ...FILTER_FLAGS,
} as const;

type DiffFlags = FlagValues<typeof DIFF_FLAGS> & { readonly color: boolean | undefined };

export function registerDiff(program: Command, io: Io, exit: Exit): void {
  const command = program
    .command('diff')
    .argument('<before>', 'a log, or - for standard input')
    .argument('<after>', 'the log to compare with it; budgets (--fail-on) are about this one');
  addFlags(command, DIFF_FLAGS);
  command.addOption(new Option('--color', 'paint, whatever the output is'));
  command.addOption(new Option('--no-color', 'never paint (env: NO_COLOR)'));
  addExamples(command, [
    ['hermes-otel diff yesterday.ndjson today.ndjson', 'what changed since yesterday'],
    [
      "hermes-otel diff main.ndjson branch.ndjson --format markdown --fail-on 'errors>0'",
      'a comment for a pull request',
    ],
  ]);
  command.action(async (before: string, after: string) => {
    const flags = { ...readFlags(DIFF_FLAGS, command, io.env), color: colorFlag(command) };
    exit(await diff(before, after, flags, io));
  });
}

/** @returns 1 when a budget of the second log is broken, else 0. */
async function diff(before: string, after: string, flags: DiffFlags, io: Io): Promise<number> {
  const interrupt = watchInterrupts(io);
  const one = await readSpans([before], flags, io, interrupt);
  const other = await readSpans([after], flags, io, interrupt);
  interrupt.stop();
  const { renderDiff } = await import('../view/diff-view.ts');
  const text = renderDiff(one.spans, other.spans, {
    columns: helpWidth(io.stdout),
    colors: await colorsFor(io.stdout, flags.color, io.env),
    format: flags.format,
    beforeName: before,
    afterName: after,
  });
  await writeTo(io.stdout)(text);
  return (await checkBudgetsOf(other.spans, flags.failOn, io)) ? 0 : 1;
}
