/** `hermes-otel view`: the spans of a log to look at, in the terminal, as a page, as a Perfetto trace. */
import { createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { convention } from '../conventions/convention.ts';
import type { AgentSpan } from '../model/span.ts';
import { CliError } from './cli-error.ts';
import { colorsFor } from './colors.ts';
import type { Exit } from './commands.ts';
import {
  addFlags,
  choiceFlag,
  countFlag,
  durationFlag,
  type FlagValues,
  optionalChoiceFlag,
  readFlags,
  textFlag,
} from './flags.ts';
import { addExamples, helpWidth } from './help.ts';
import { watchInterrupts } from './interrupts.ts';
import type { Io } from './io.ts';
import { originOf } from './origin.ts';
import { readSpans } from './read-spans.ts';
import { colorFlag } from './replay-command.ts';
import { FILTER_FLAGS, RECONSTRUCT_FLAGS } from './replay-flags.ts';
import { systemProblem } from './system-problem.ts';
import { summaryOf } from './tell-report.ts';
import { writeTo } from './write-to.ts';

const FORMATS = ['text', 'json', 'markdown'] as const;

const VIEW_FLAGS = {
  format: choiceFlag({ flags: '--format <name>', help: FORMATS.join(', '), fallback: 'text' }, FORMATS),
  depth: countFlag({ flags: '--depth <levels>', help: 'show so many levels of the tree', fallback: 99 }),
  only: optionalChoiceFlag({ flags: '--only <what>', help: 'only what failed, or what was slow' }, [
    'errors',
    'slow',
  ]),
  slow: durationFlag({
    flags: '--slow <time>',
    help: 'slow is at least this; unset: the slowest 5 % of each kind',
    fallback: undefined,
  }),
  html: textFlag({ flags: '--html <file>', help: 'write a page that opens without a network, instead' }),
  perfetto: textFlag({ flags: '--perfetto <file>', help: 'write a trace for ui.perfetto.dev, instead' }),
  ...RECONSTRUCT_FLAGS,
  ...FILTER_FLAGS,
} as const;

type ViewFlags = FlagValues<typeof VIEW_FLAGS> & { readonly color: boolean | undefined };

export function registerView(program: Command, io: Io, exit: Exit): void {
  const command = program.command('view').argument('[log...]', 'files (also .gz), or - for standard input');
  addFlags(command, VIEW_FLAGS);
  command.addOption(new Option('--color', 'paint, whatever the output is'));
  command.addOption(new Option('--no-color', 'never paint (env: NO_COLOR)'));
  addExamples(command, [
    ['hermes-otel view session.ndjson --only errors', 'what went wrong, and where'],
    ['hermes-otel view logs/*.ndjson --html report.html', 'one file to open, send or keep'],
  ]);
  command.action(async (logs: string[]) => {
    const flags = { ...readFlags(VIEW_FLAGS, command, io.env), color: colorFlag(command) };
    exit(await view(logs, flags, io));
  });
}

async function view(logs: readonly string[], flags: ViewFlags, io: Io): Promise<number> {
  const interrupt = watchInterrupts(io);
  const { spans, report } = await readSpans(logs, flags, io, interrupt);
  interrupt.stop();
  if (flags.html !== undefined) await writeFile('--html', flags.html, await pageOf(logs, spans, flags, io));
  if (flags.perfetto !== undefined) await writeFile('--perfetto', flags.perfetto, await perfettoOf(spans));
  if (flags.html === undefined && flags.perfetto === undefined) {
    const { renderView } = await import('../view/view.ts');
    const text = renderView(spans, {
      columns: helpWidth(io.stdout),
      colors: await colorsFor(io.stdout, flags.color, io.env),
      format: flags.format,
      depth: flags.depth,
      only: flags.only,
      slowMicros: flags.slow === undefined ? undefined : flags.slow * 1000,
    });
    await writeTo(io.stdout)(text);
  }
  io.stderr.write(`${summaryOf(report)}\n`);
  return 0;
}

async function pageOf(
  logs: readonly string[],
  spans: readonly AgentSpan[],
  flags: ViewFlags,
  io: Io,
): Promise<AsyncIterable<string>> {
  const { htmlPage } = await import('../html/page.ts');
  const names = convention(flags.conventions, { captureContent: flags.captureContent });
  const { resource, scope } = originOf(
    { ...flags, serviceName: io.env.OTEL_SERVICE_NAME, resource: [] },
    io.env,
  );
  return htmlPage(
    spans.map((agent) => ({ agent, otel: names.toSpan(agent) })),
    { title: titleOf(logs), generator: `${scope.name} ${scope.version}`, resource },
  );
}

function titleOf([first, ...more]: readonly string[]): string {
  if (first === undefined || first === '-') return 'standard input';
  return more.length === 0 ? basename(first) : `${basename(first)} and ${more.length} more`;
}

async function perfettoOf(spans: readonly AgentSpan[]): Promise<Iterable<string>> {
  const [{ perfettoJson }, { presentable }] = await Promise.all([
    import('../view/perfetto.ts'),
    import('../view/without-secrets.ts'),
  ]);
  return perfettoJson(presentable(spans));
}

async function writeFile(
  flag: string,
  file: string,
  text: Iterable<string> | AsyncIterable<string>,
): Promise<void> {
  try {
    await pipeline(Readable.from(text), createWriteStream(file));
  } catch (error) {
    throw new CliError(`${flag}: ${file} cannot be written: ${systemProblem(error)}.`);
  }
}
