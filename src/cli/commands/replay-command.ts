/** `hermes-otel replay`: its flags, and the run: options → report → summary, files, exit code. */
import { type CommandSpec, OTLP_VARIABLES } from '../command.ts';
import { openDiagnosticLog } from '../diagnostic-log.ts';
import { exitCodeOf, printBadEnding, undelivered } from '../exit-code.ts';
import { findLogs, LOG_ARGUMENT } from '../find-logs.ts';
import { COLOR_FLAGS, grouped, readBoolean, readFlags, variablesOf } from '../flags.ts';
import { watchHealth } from '../health.ts';
import { watchInterrupts } from '../interrupts.ts';
import type { Io } from '../io.ts';
import {
  isPrinted,
  printBudgets,
  printSummary,
  printUndelivered,
  writeReport,
  writeSummary,
} from '../print-summary.ts';
import { startProgress } from '../progress.ts';
import { notices, readReplayFlags, requireEndpoint } from '../receiver-flags.ts';
import { REPLAY_FLAGS, type ReplayFlags } from '../replay-flags.ts';
import { keepHeapSteady } from '../steady-heap.ts';
import { logsOf, replayOptions } from '../to-options.ts';

export const REPLAY: CommandSpec = {
  words: { '[log...]': LOG_ARGUMENT },
  flags: { ...REPLAY_FLAGS, ...grouped('Output', COLOR_FLAGS) },
  variables: {
    HERMES_OTEL_ENABLED: 'false: does nothing, and says so',
    OTEL_RESOURCE_ATTRIBUTES: 'resource attributes, as key=value,key=value',
    ...variablesOf(REPLAY_FLAGS),
    ...OTLP_VARIABLES,
  },
  examples: {
    'hermes-otel replay session.ndjson': 'the tree of a session in the terminal',
    'tail -f hooks.ndjson | hermes-otel replay - -e otlp': 'live, to a receiver on this machine',
    'hermes-otel replay logs/*.ndjson.gz -e otlp --strict --report report.json':
      'a backfill that fails when anything is lost',
  },
  run: async (command, io) => {
    if (isDisabled(io)) return 0;
    const { color } = readFlags(COLOR_FLAGS, command, io.env);
    return runReplay(command.args, { ...readReplayFlags(command, io.env), color }, io);
  },
};

/** @returns the exit code. Throws a `CliError` or a `ReplayError` when it cannot run at all. */
async function runReplay(named: readonly string[], flags: ReplayFlags, io: Io): Promise<number> {
  const logs = await findLogs(named, flags, io, 'replay');
  requireEndpoint(flags, io.env);
  keepHeapSteady();
  const options = await replayOptions(logs, flags, io);
  const diagnostics = await openDiagnosticLog(flags.diagnostics, { append: flags.checkpoint !== undefined });
  const interrupt = watchInterrupts(io);
  const progress = startProgress(io, flags.quiet || (io.stdout.isTTY === true && isPrinted(flags)));
  const health = watchHealth(flags.statsInterval, io);
  const say = (sentence: string) => {
    if (!flags.quiet) io.stderr.write(`hermes-otel: ${sentence}\n`);
  };
  for (const sentence of notices(flags)) say(sentence);
  try {
    const { replay } = await import('../../replay/replay.ts');
    const report = await replay(logsOf(logs, io, 'replay'), {
      ...options,
      signal: interrupt.signal,
      on: {
        diagnostic: diagnostics?.write,
        notice: say,
        outage: say,
        progress: (now) => {
          progress.update(now.report);
          health.update(now);
        },
      },
    }).finally(async () => {
      progress.stop();
      health.stop();
      await diagnostics?.close();
    });
    const files = logs.length;
    if (flags.quiet) printUndelivered(undelivered(report), io);
    else printSummary({ ...report, files }, flags.deadLetter, io);
    if (flags.report !== undefined) await writeReport(flags.report, { ...report, files });
    printBudgets(report.budgets, io);
    await writeSummary(report, flags, io);
    const received = interrupt.received();
    const ended = { live: report.live, strict: flags.strict, follow: flags.follow, interrupt: received };
    const isBad = printBadEnding(report, ended, io);
    return exitCodeOf(report, flags.strict, received) || Number(isBad);
  } finally {
    interrupt.stop();
    interrupt.leave();
  }
}

/** The live plugin's switch: `HERMES_OTEL_ENABLED=false` does nothing, and prints that. */
function isDisabled(io: Io): boolean {
  const value = io.env.HERMES_OTEL_ENABLED;
  if (value === undefined || value === '' || readBoolean(value, 'HERMES_OTEL_ENABLED')) return false;
  io.stderr.write('hermes-otel: HERMES_OTEL_ENABLED is false: nothing was done.\n');
  return true;
}
