/** `--checkpoint DIR`: what a follower writes down, and whether what it finds there is its own. */
import { mkdir } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { checkpointPath, readCheckpoint, writeCheckpoint } from '../checkpoint/checkpoint-file.ts';
import { isOwner, type Lock, takeLock } from '../checkpoint/lock.ts';
import type { MeterState } from '../export/metrics/meter.ts';
import type { FollowPosition } from '../input/followed-file.ts';
import { SCHEME } from '../reconstruct/ids.ts';
import { STATE_FORMAT } from '../reconstruct/state-text.ts';
import { CliError } from './cli-error.ts';
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';
import type { SavedReport } from './saved-report.ts';
import { systemProblem } from './system-problem.ts';
import { packageVersion } from './version.ts';

export interface Checkpoint {
  /** What an earlier run wrote down; `undefined` for the first one. */
  readonly found: Saved | undefined;
  /** Throws what the system throws; the one before is then still there. */
  write(progress: Progress): Promise<void>;
  /** Lets the next follower in. */
  release(): Promise<void>;
}

/** How far a follower came. Plain data. */
export interface Progress {
  readonly positions: readonly FollowPosition[];
  /** Of `stateToText`. */
  readonly state: string;
  readonly meter: MeterState | undefined;
  readonly report: SavedReport;
}

interface Saved extends Progress {
  /** By name of the flag, or `log`: what must not change between two runs. */
  readonly settings: Readonly<Record<string, string>>;
}

/** 1 is the number of this file's own format. */
const FORMAT = `1 ${SCHEME} ${STATE_FORMAT}`;

/** `undefined` without `--checkpoint`. Throws a `CliError` when it is another's, or cannot be used. */
export async function openCheckpoint(
  logs: readonly string[],
  flags: ReplayFlags,
  io: Io,
): Promise<Checkpoint | undefined> {
  if (flags.checkpoint === undefined) return undefined;
  refuseUnsuitable(flags);
  const directory = absolute(io, flags.checkpoint);
  const lock = await lockOf(directory, flags.checkpoint, io);
  try {
    const settings = settingsOf(logs, flags, io);
    const found = await foundIn(directory, flags.checkpoint, settings);
    const header = { format: FORMAT, program: packageVersion() };
    return {
      found,
      write: (progress) => writeCheckpoint(directory, header, JSON.stringify({ settings, ...progress })),
      release: () => lock.release(),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function refuseUnsuitable(flags: ReplayFlags): void {
  if (!flags.follow) throw new CliError('--checkpoint goes with --follow: a finished log is replayed whole.');
  if (flags.assumeTimes) {
    throw new CliError('--checkpoint wants recorded times: with --assume-times they would begin anew.');
  }
}

async function lockOf(directory: string, name: string, io: Io): Promise<Lock> {
  const probe = (pid: number) => io.kill(pid, 0);
  const taken = await usable(name, async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return await takeLock(directory, io.pid, probe);
  });
  if (!isOwner(taken)) return taken;
  const { pid, host } = taken;
  throw new CliError(
    `--checkpoint: ${name} is in use by process ${pid} on ${host}. Give each follower a directory of its own.`,
  );
}

async function foundIn(
  directory: string,
  name: string,
  settings: Saved['settings'],
): Promise<Saved | undefined> {
  const stored = await usable(name, () => readCheckpoint(directory, FORMAT));
  const anew = `remove ${checkpointPath(name)} to begin anew`;
  switch (stored.kind) {
    case 'none':
      return undefined;
    case 'unreadable':
      throw new CliError(`--checkpoint: ${checkpointPath(name)} is damaged; ${anew}.`);
    case 'other_format':
      throw new CliError(
        `--checkpoint: ${name} was written by hermes-otel ${stored.program}, in a format that this version (${packageVersion()}) does not read. Go on with that version, or ${anew}.`,
      );
    case 'body': {
      const saved: Saved = JSON.parse(stored.body);
      const other = Object.keys(settings).find((key) => settings[key] !== saved.settings[key]);
      if (other === undefined) return saved;
      throw new CliError(
        `--checkpoint: ${name} was made with ${other} ${saved.settings[other] || 'unset'}, not ${settings[other] || 'unset'}. Run as before, or ${anew}.`,
      );
    }
    default:
      return stored satisfies never;
  }
}

/** Whatever decides which spans a log becomes, and how their measurements add up. */
function settingsOf(logs: readonly string[], flags: ReplayFlags, io: Io): Saved['settings'] {
  const { session, platform, model } = flags;
  return {
    log: logs
      .map((log) => absolute(io, log))
      .sort()
      .join(', '),
    '--trace-per': flags.tracePer,
    '--conventions': flags.conventions.toSorted().join(','),
    '--capture-content': String(flags.captureContent),
    '--metric-interval': `${flags.metricInterval}ms`,
    '--no-metrics': String(!flags.metrics),
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE:
      io.env.OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE ?? '',
    '--session': session.join(','),
    '--platform': platform.join(','),
    '--model': model.join(','),
    '--since': flags.since ?? '',
    '--until': flags.until ?? '',
  };
}

function absolute(io: Io, path: string): string {
  return isAbsolute(path) ? path : resolve(join(io.cwd(), path));
}

async function usable<T>(name: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    throw new CliError(`--checkpoint: ${name} cannot be used: ${systemProblem(error)}.`);
  }
}
