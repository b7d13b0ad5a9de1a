/** `hermes-otel replay`: its flags, and the run: options → report → summary, files, exit code. */
import { setFlagsFromString } from 'node:v8';
import type { Shard } from '../../fleet/sources.ts';
import type { ReplayOptions } from '../../replay/options.ts';
import type { ReplayReport } from '../../replay/report.ts';
import {
  AWS_VARIABLES,
  bucketAddress,
  bucketAt,
  filesOfShard,
  isBucketAddress,
  readShard,
  snapshotStore,
} from '../buckets.ts';
import { CliError } from '../cli-error.ts';
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
import { noticesTo, startProgress } from '../progress.ts';
import { notices, readReplayFlags, requireEndpoint } from '../receiver-flags.ts';
import { REPLAY_FLAGS, type ReplayFlags } from '../replay-flags.ts';
import { logsOf, replayOptions, settingsOf } from '../to-options.ts';

export const REPLAY: CommandSpec = {
  words: { '[log...]': LOG_ARGUMENT },
  flags: { ...REPLAY_FLAGS, ...grouped('Output', COLOR_FLAGS) },
  variables: {
    HERMES_OTEL_ENABLED: 'false: does nothing, and says so',
    OTEL_RESOURCE_ATTRIBUTES: 'resource attributes, as key=value,key=value',
    ...variablesOf(REPLAY_FLAGS),
    ...OTLP_VARIABLES,
    ...AWS_VARIABLES,
    HERMES_OTEL_SHARD_COUNT: 'number of processes, for --shard auto',
  },
  examples: {
    'hermes-otel replay session.ndjson': 'the tree of a session in the terminal',
    'tail -f hooks.ndjson | hermes-otel replay - -e otlp': 'live, to a receiver on this machine',
    'hermes-otel replay logs/*.ndjson.gz -e otlp --strict --report report.json':
      'a backfill that fails when anything is lost',
    'hermes-otel replay s3://hermes-logs/2026/ -e otlp --shard 0/4 --checkpoint state':
      'a quarter of the logs in a bucket; continues when it is run again',
  },
  run: async (command, io) => {
    if (isDisabled(io)) return 0;
    const { color } = readFlags(COLOR_FLAGS, command, io.env);
    return runReplay(command.args, { ...readReplayFlags(command, io.env), color }, io);
  },
};

/** What is to be replayed, and how. */
interface Work {
  readonly files: number;
  run(options: Pick<ReplayOptions, 'signal' | 'on'>): Promise<ReplayReport>;
}

/** `undefined` when this shard has no logs. */
async function workOf(named: readonly string[], flags: ReplayFlags, io: Io): Promise<Work | undefined> {
  const shard = readShard(flags.shard, io.env);
  const [address, ...others] = [...named, ...(flags.hermesHome === undefined ? [] : [flags.hermesHome])];
  if (address !== undefined && others.length === 0 && isBucketAddress(address))
    return await bucketWork(address, shard, flags, io);
  const found = await findLogs(named, flags, io, 'replay');
  if (shard !== undefined && (flags.follow || found.length === 0 || found.includes('-')))
    throw new CliError('--shard shares finished logs: name files, directories or a bucket.');
  const logs = filesOfShard(found, shard);
  if (logs.length === 0 && found.length > 0) return undefined;
  const options = await replayOptions(logs, flags, io);
  // Each shard counts for itself: without a name of its own, its metrics would be those of the others.
  const instance = shard && { 'service.instance.id': `shard-${shard.index}-of-${shard.count}` };
  const { replay } = await import('../../replay/replay.ts');
  return {
    files: logs.length,
    run: (more) =>
      replay(logsOf(logs, io, 'replay'), {
        ...options,
        ...more,
        resource: { ...instance, ...options.resource },
      }),
  };
}

/** The logs in a bucket. Throws a `CliError` for flags that do not go with them. */
async function bucketWork(
  log: string,
  shard: Shard | undefined,
  flags: ReplayFlags,
  io: Io,
): Promise<Work | undefined> {
  if (flags.follow)
    throw new CliError('--follow reads files: run it again with --checkpoint for what is new in a bucket.');
  if (flags.timeShift === 'now')
    throw new CliError('--time-shift now must see the whole log first: give a duration such as 30d.');
  if (flags.assumeTimes)
    throw new CliError('--assume-times would begin anew with each object: copy them and replay the files.');
  const once = flags.exporter.find((name) => !BATCH_EXPORTERS.has(name));
  if (once !== undefined) throw new CliError(`-e ${once} takes one log: use -e otlp for a bucket.`);
  const address = bucketAddress(log);
  const { temporality, ...options } = await replayOptions([log], flags, io);
  if (temporality === 'delta')
    throw new CliError(
      'A bucket is replayed with cumulative metrics: unset OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE.',
    );
  if (flags.checkpoint?.startsWith(log.endsWith('/') ? log : `${log}/`))
    throw new CliError(`--checkpoint ${flags.checkpoint} is among the logs: keep it elsewhere.`);
  const store = flags.checkpoint && (await snapshotStore(flags.checkpoint, flags.endpointUrl, io.env));
  const bucket = await bucketAt(address, flags.endpointUrl, io.env);
  const { replayBatch } = await import('../../fleet/batch.ts');
  const { sourcesIn } = await import('../../fleet/objects.ts');
  const sources = await sourcesIn(bucket, address.key, shard);
  if (sources.length === 0) return undefined;
  return {
    files: sources.reduce((sum, { objects }) => sum + objects.length, 0),
    run: (more) =>
      replayBatch(bucket, sources, {
        ...options,
        ...more,
        store: store || undefined,
        settings: settingsOf(flags, io),
      }),
  };
}

/** Those that can be opened for each source anew. */
const BATCH_EXPORTERS: ReadonlySet<string> = new Set(['console', 'otlp', 'otlp_grpc', 'otlp_file']);

/**
 * By default V8 lets the heap grow to several times the live data before it collects old garbage. Twice the live data is
 * enough for a run that may last for years. 1.25 times would save 10 MB and cost a tenth of the time.
 */
const HEAP_GROWTH_PERCENT = 100;

/** @returns the exit code. Throws a `CliError` or a `ReplayError` when it cannot run at all. */
async function runReplay(named: readonly string[], flags: ReplayFlags, io: Io): Promise<number> {
  requireEndpoint(flags, io.env);
  const work = await workOf(named, flags, io);
  if (work === undefined) {
    if (!flags.quiet) io.stderr.write('hermes-otel: no log is in this shard: nothing to do.\n');
    return 0;
  }
  const { files } = work;
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
  const diagnostics = await openDiagnosticLog(flags.diagnostics, { append: flags.checkpoint !== undefined });
  const interrupt = watchInterrupts(io);
  const progress = startProgress(io, flags.quiet || (io.stdout.isTTY === true && isPrinted(flags)));
  const health = watchHealth(flags.statsInterval, io);
  const say = noticesTo(io, flags.quiet);
  for (const sentence of notices(flags)) say(sentence);
  try {
    const running = work.run({
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
    });
    const report = await running.finally(async () => {
      progress.stop();
      health.stop();
      await diagnostics?.close();
    });
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
