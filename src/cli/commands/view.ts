/** `hermes-otel view`: the spans of a log to look at, in the terminal, as a page, as a Perfetto trace. */
import type { Command } from 'commander';
import type { AgentSpan } from '../../model/span.ts';
import { CliError } from '../cli-error.ts';
import { pageFor } from '../colors.ts';
import type { CommandSpec } from '../command.ts';
import { endOfReading } from '../exit-code.ts';
import { LOG_ARGUMENT } from '../find-logs.ts';
import {
  COLOR_FLAGS,
  choiceFlag,
  countFlag,
  durationFlag,
  type FlagValues,
  givenFor,
  optionalCountFlag,
  readFlags,
  switchFlag,
  textFlag,
} from '../flags.ts';
import { watchInterrupts } from '../interrupts.ts';
import type { Io } from '../io.ts';
import { summaryOf } from '../print-summary.ts';
import { readLog } from '../read-log.ts';
import { NAMING_FLAGS, SPAN_FLAGS } from '../replay-flags.ts';
import { writeTo } from '../write-to.ts';
import { openInBrowser, pageOf, temporaryPage, writeFile } from './view-files.ts';

const FORMATS = ['text', 'json', 'markdown'] as const;

const VIEW_FLAGS = {
  format: choiceFlag('--format <name>', FORMATS.join(', '), FORMATS, { fallback: 'text' }),
  depth: countFlag(
    '--depth <levels>',
    'levels below the session: 1 shows turns, 2 also their calls and tools',
    { fallback: 99, least: 0 },
  ),
  only: choiceFlag('--only <what>', 'only what failed, or what was slow', ['errors', 'slow']),
  slow: durationFlag(
    '--slow <time>',
    'only what took at least so long; --only slow without it: the slowest 5 % of each kind',
  ),
  conversation: switchFlag(
    '--conversation',
    'show what was said and done, turn by turn; the log must have content',
  ),
  grep: textFlag('--grep <text>', 'only what contains the text, in its name or content'),
  tool: textFlag('--tool <name>', 'only calls of this tool'),
  follow: switchFlag(
    '-f, --follow',
    'show turns as they happen, the newest first, until interrupted; plain lines when standard output is no terminal',
  ),
  last: optionalCountFlag('--last [count]', 'only the latest session, or so many of them'),
  open: switchFlag('--open', 'write a page and open it in the browser (env: BROWSER)'),
  html: textFlag('--html <file>', 'write a page that opens without a network, instead; - is standard output'),
  perfetto: textFlag('--perfetto <file>', 'write a trace for ui.perfetto.dev, instead; - is standard output'),
  conventions: NAMING_FLAGS.conventions,
  dropAttribute: NAMING_FLAGS.dropAttribute,
  ...SPAN_FLAGS,
  ...COLOR_FLAGS,
} as const;

type ViewFlags = FlagValues<typeof VIEW_FLAGS>;

export const VIEW: CommandSpec = {
  words: { '[log...]': LOG_ARGUMENT },
  flags: VIEW_FLAGS,
  examples: {
    'hermes-otel view --last --conversation': 'what was said in the latest session',
    'hermes-otel view --open': 'all recorded sessions as a page',
    'hermes-otel view session.ndjson --only errors': 'what went wrong, and where',
    'hermes-otel view logs/*.ndjson --html report.html': 'one file to open, send or keep',
    'hermes-otel view session.ndjson --format markdown': 'a comment for a pull request',
  },
  run: view,
};

async function view(command: Command, io: Io): Promise<number> {
  const logs = command.args;
  const flags = readViewFlags(command, io.env);
  if (flags.follow) {
    const { followView } = await import('./view-follow.ts');
    return followView(logs, flags, io);
  }
  const interrupt = watchInterrupts(io);
  const captureContent = flags.captureContent || flags.conversation || flags.grep !== undefined;
  const reading = { ...flags, captureContent };
  const read = await readLog(logs, reading, io, { interrupt, command: 'view' });
  interrupt.stop();
  const { spans } = read;
  const page = flags.html ?? (flags.open ? temporaryPage() : undefined);
  if (page !== undefined) {
    const text = await pageOf(read.logs, spans, flags, io);
    await writeFile({ flag: '--html', file: page, ownerOnly: captureContent }, text, io);
  }
  if (page !== undefined && flags.open) await openInBrowser(page, io);
  if (flags.perfetto !== undefined) {
    const { perfettoJson } = await import('../../view/perfetto.ts');
    const file = { flag: '--perfetto', file: flags.perfetto, ownerOnly: captureContent };
    await writeFile(file, perfettoJson(spans), io);
  }
  if (page === undefined && flags.perfetto === undefined)
    await writeTo(io.stdout)(await textOf(spans, flags, io));
  io.stderr.write(`${summaryOf(read.report)}\n`);
  return endOfReading(read, interrupt, io);
}

/** Flags that are about a log as a whole, or about the page. */
const NOT_FOLLOWED = [
  'html',
  'open',
  'perfetto',
  'conversation',
  'grep',
  'tool',
  'only',
  'slow',
  'last',
  'depth',
  'conventions',
  'dropAttribute',
  'format',
] as const;

/**
 * The flags, where the command line beats what a variable or the configuration file sets. Throws a `CliError` for two flags on the
 * command line of which one would be ignored.
 */
function readViewFlags(command: Command, env: Io['env']): ViewFlags {
  const flags = readFlags(VIEW_FLAGS, command, env);
  const given = (key: keyof typeof VIEW_FLAGS) => {
    const setting = givenFor(key, VIEW_FLAGS[key], command, env);
    return setting?.source === 'flag' ? setting.name : undefined;
  };
  const isSlow = given('slow') !== undefined;
  if (isSlow && flags.only === 'errors' && given('only') !== undefined)
    throw new CliError('--only errors and --slow exclude each other.');
  for (const key of flags.follow ? NOT_FOLLOWED : []) {
    const name = given(key);
    const isDefault = key === 'format' && flags.format === 'text';
    if (name !== undefined && !isDefault) throw new CliError(`--follow and ${name} exclude each other.`);
  }
  return isSlow ? { ...flags, only: 'slow' } : flags;
}

async function textOf(spans: readonly AgentSpan[], flags: ViewFlags, io: Io): Promise<string> {
  const { renderView } = await import('../../view/view.ts');
  return renderView(spans, {
    ...(await pageFor(io, flags.color)),
    format: flags.format,
    depth: flags.depth,
    only: flags.only ?? (flags.slow === undefined ? undefined : 'slow'),
    slowMicros: flags.slow === undefined ? undefined : flags.slow * 1000,
    conversation: flags.conversation,
    grep: flags.grep,
    tool: flags.tool,
  });
}
