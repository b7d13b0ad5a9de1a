/** `hermes-otel validate`: a look over logs without replaying them. It refuses to export, and to change anything. */
import { mergeByTime } from '../../input/merge.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { InputLine, ParsedLine } from '../../model/line.ts';
import { createRedaction } from '../../model/redact.ts';
import { visible } from '../../model/visible.ts';
import { inspectLine } from '../../parse/inspect-line.ts';
import { createLocalTimes, type LocalTimes, placeHeld, placeLines } from '../../parse/local-time.ts';
import { parseLine, splitLine } from '../../parse/parse-line.ts';
import { DEFAULT_OPTIONS } from '../../reconstruct/options.ts';
import { createOutput, type Output } from '../../reconstruct/output.ts';
import { createState, type State } from '../../reconstruct/state.ts';
import { finish, step } from '../../reconstruct/step.ts';
import { lineTime, type OpenedLines, openLines } from '../../replay/input.ts';
import { createReport } from '../../replay/report.ts';
import { finishLint, lintLine, lintReconstructed } from '../../validate/lint.ts';
import { renderJson, renderText } from '../../validate/render.ts';
import { type LintReport, type LintState, startLint } from '../../validate/report.ts';
import type { CommandSpec } from '../command.ts';
import { findLogs } from '../find-logs.ts';
import { choiceFlag, type FlagValues, readFlags, switchFlag } from '../flags.ts';
import { watchInterrupts } from '../interrupts.ts';
import type { Io } from '../io.ts';
import { startProgress } from '../progress.ts';
import { INPUT_FLAGS } from '../replay-flags.ts';
import { logsOf } from '../to-options.ts';
import { writeTo } from '../write-to.ts';

const FORMATS = ['text', 'json'] as const;

const VALIDATE_FLAGS = {
  format: choiceFlag('--format <name>', FORMATS.join(', '), FORMATS, { fallback: 'text' }),
  hermesHome: INPUT_FLAGS.hermesHome,
  strict: switchFlag('--strict', 'exit 1 when a replay would lose anything'),
} as const;

export const VALIDATE: CommandSpec = {
  words: { '[log...]': 'files (also .gz), or - for standard input' },
  flags: VALIDATE_FLAGS,
  examples: {
    'hermes-otel validate session.ndjson': 'dialect, hooks, missing partners, duplicates, clock jumps',
    'hermes-otel validate logs/*.ndjson --strict':
      'fails when a line would be lost: a check before a backfill',
    'hermes-otel validate session.ndjson --format json': 'the same for a program',
  },
  run: (command, io) => validate(command.args, readFlags(VALIDATE_FLAGS, command, io.env), io),
};

/** @returns 1 when nothing is an event, or when something would be lost and `--strict` asks for that, else 0. */
async function validate(
  logs: readonly string[],
  flags: FlagValues<typeof VALIDATE_FLAGS>,
  io: Io,
): Promise<number> {
  const interrupt = watchInterrupts(io);
  const run: LintRun = { lint: startLint(), state: createState(DEFAULT_OPTIONS), times: new Map() };
  const unread: Diagnostic[] = [];
  const progress = startProgress(io, false);
  let lines = 0;
  const onLines = (count: number) => {
    lines += count;
    progress.update({ lines });
  };
  try {
    for (const log of logsOf(await findLogs(logs, flags, io, 'validate'), io, 'validate')) {
      const report = createReport(1);
      report.onDiagnostic = (diagnostic) => {
        unread.push(diagnostic);
      };
      const options = { agentLogs: undefined, signal: interrupt.signal };
      await lintLog(run, await openLines([log], { options, report }), onLines);
    }
  } finally {
    progress.stop();
    interrupt.stop();
  }
  const redaction = createRedaction();
  const report = redaction.value(finishRun(run));
  await writeTo(io.stdout)(flags.format === 'json' ? renderJson(report) : renderText(report));
  for (const { message, at } of unread) {
    io.stderr.write(`hermes-otel: ${visible(redaction.text(`${at?.source}: ${message}`))}.\n`);
  }
  const lost = report.lost + unread.filter(({ severity }) => severity === 'error').length;
  const isEmpty = report.lines === report.blank;
  if (report.events === 0 && (isEmpty ? flags.strict : report.lost > 0)) {
    io.stderr.write(
      `hermes-otel: ${isEmpty ? 'nothing was read: the log is empty' : 'no line is a hook event'}.\n`,
    );
    return 1;
  }
  return flags.strict && lost > 0 ? 1 : 0;
}

/** The checks of lines, and a reconstruction of the same lines: its decisions are findings, its spans go nowhere. */
interface LintRun {
  readonly lint: LintState;
  readonly state: State;
  /** By source, as each has a recorder of its own. */
  readonly times: Map<string, LocalTimes>;
}

async function lintLog(
  run: LintRun,
  { sources, close }: OpenedLines,
  onLines: (count: number) => void,
): Promise<void> {
  try {
    for await (const lines of mergeByTime(sources, lineTime)) {
      onLines(lines.length);
      const out = { ...createOutput(), merged: [] };
      for (const line of lines) for (const parsed of lintParts(run, line)) reconstruct(run, parsed, out);
      lintReconstructed(run.lint, out);
    }
  } finally {
    await close();
  }
}

function finishRun(run: LintRun): LintReport {
  const out = { ...createOutput(), merged: [] };
  for (const times of run.times.values()) stepAll(run, placeHeld(times), out);
  finish(run.state, out);
  lintReconstructed(run.lint, out);
  return finishLint(run.lint);
}

function reconstruct(run: LintRun, parsed: ParsedLine, out: Output): void {
  if (parsed.kind !== 'event') return;
  const { source } = parsed.event;
  const times = run.times.get(source) ?? createLocalTimes(undefined);
  run.times.set(source, times);
  stepAll(run, placeLines(times, [parsed]), out);
}

function stepAll({ state }: LintRun, lines: readonly ParsedLine[], out: Output): void {
  for (const line of lines) if (line.kind === 'event') step(state, line.event, out);
}

/** A line with several objects is several lines. */
function lintParts(run: LintRun, line: InputLine): readonly ParsedLine[] {
  const parsed = parseLine(line, { content: false });
  const parts = parsed.kind === 'malformed' ? splitLine(line) : undefined;
  if (parts !== undefined) return parts.flatMap((part) => lintParts(run, part));
  lintLine(run.lint, { line, parsed, facts: inspectLine(line.text) });
  return [parsed];
}
