/** How many jobs a replay is shared between, and of what: one, unless more were asked for and the logs can be shared. */
import { availableParallelism } from 'node:os';
import { CliError } from '../cli-error.ts';
import { openLogs } from '../input.ts';
import type { Io } from '../io.ts';
import type { ReplayFlags } from '../replay-flags.ts';
import { type PlannedLog, planLogs } from './plan.ts';

export interface Plan {
  readonly jobs: number;
  readonly logs: readonly PlannedLog[];
}

/** Each needs memory of its own, and looks at lines of others: more would do little else. */
const MOST_JOBS = 256;
/** A thread must start and warm up: on two cores two jobs are faster than one from twice so much on (docs/performance.md). */
const LEAST_BYTES_PER_JOB = 256 * 1024 * 1024;
/** Logs are repetitive. */
const GZIP_RATIO = 8;

/** `undefined`: one job. Throws a `CliError` for a number of jobs that cannot be had; with `auto` one is enough then. */
export async function planJobs(
  names: readonly string[],
  flags: ReplayFlags,
  io: Io,
): Promise<Plan | undefined> {
  const asked = readJobs(flags.jobs ?? '1');
  if (asked === 1) return undefined;
  const reason = reasonAgainst(names, flags) ?? (await pipeAmong(names, io));
  if (reason !== undefined && asked !== 'auto') throw new CliError(reason);
  if (reason !== undefined) return undefined;
  const logs = await planLogs(names);
  const jobs = asked === 'auto' ? jobsWorthwhile(logs, availableParallelism()) : asked;
  return jobs < 2 ? undefined : { jobs, logs };
}

function readJobs(text: string): number | 'auto' {
  if (text === 'auto') return text;
  const jobs = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (jobs >= 1 && jobs <= MOST_JOBS) return jobs;
  throw new CliError(`--jobs takes a number from 1 to ${MOST_JOBS}, or auto, not "${text}".`);
}

/** One sentence when what was asked for cannot be shared. */
function reasonAgainst(names: readonly string[], flags: ReplayFlags): string | undefined {
  if (flags.follow || flags.speed !== undefined || flags.checkpoint !== undefined) {
    return '--jobs shares finished logs: leave it out with --follow, --checkpoint and --speed.';
  }
  if (flags.assumeTimes) {
    return '--jobs wants recorded times: artificial ones (--assume-times) are counted line by line.';
  }
  if (flags.exporter.includes('console')) {
    return '--jobs is for sending, as trees in the terminal come one after the other: name another exporter, such as -e otlp.';
  }
  if (flags.failOn.length > 0 || flags.summary !== 'none') {
    return '--jobs keeps no totals over all spans: leave it out with --fail-on and --summary.';
  }
  if (flags.shard !== undefined) {
    return '--shard shares between machines, --jobs between cores: give one of them.';
  }
  return names.length === 0 || names.includes('-') ? PIPED : undefined;
}

const PIPED = '--jobs reads a log twice, which standard input cannot be: name files.';

/** Throws a `CliError` when a log cannot be read at all. */
async function pipeAmong(names: readonly string[], io: Io): Promise<string | undefined> {
  const pipe = (await openLogs(names, io, 'replay')).find(({ reopenable }) => !reopenable);
  return pipe && `--jobs reads a log twice, which ${pipe.name} cannot be: name files.`;
}

/** 0 or 1: one job is best. */
export function jobsWorthwhile(logs: readonly PlannedLog[], cores: number): number {
  const bytes = logs.reduce((sum, { sizeBytes, gzip }) => sum + sizeBytes * (gzip ? GZIP_RATIO : 1), 0);
  return Math.min(cores, MOST_JOBS, Math.floor(bytes / LEAST_BYTES_PER_JOB));
}
