/** `--checkpoint DIR`: what a follower writes down, and whether what it finds there is its own. */
import { mkdir } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { checkpointPath, readCheckpoint, writeCheckpoint } from '../checkpoint/checkpoint-file.ts';
import {
  type JournalFile,
  openJournal,
  readJournal,
  removeOtherJournals,
} from '../checkpoint/journal-file.ts';
import { isOwner, type Lock, takeLock } from '../checkpoint/lock.ts';
import type { FollowPosition } from '../input/followed-file.ts';
import type { SpanId } from '../model/span.ts';
import { SCHEME } from '../reconstruct/ids.ts';
import { STATE_FORMAT } from '../reconstruct/state-text.ts';
import { CliError } from './cli-error.ts';
import type { Carried } from './destinations.ts';
import type { Io } from './io.ts';
import { type Earlier, type JournalLine, readEarlier, textOf } from './journal.ts';
import type { ReplayFlags } from './replay-flags.ts';
import type { SavedReport } from './saved-report.ts';
import { systemProblem } from './system-problem.ts';
import { packageVersion } from './version.ts';

export interface Checkpoint {
  /** What an earlier run wrote down; `undefined` for the first one. */
  readonly found: Saved | undefined;
  /** What was noted after it was written; `undefined` for the first one. */
  readonly earlier: Earlier | undefined;
  /** Throws what the system throws; the one before is then still there. What was noted so far is forgotten with it. */
  write(progress: Progress): Promise<void>;
  /** Notes what came after the checkpoint, so that it is known even when the next moment is the last one. */
  note(line: JournalLine): void;
  /** How long noting took so far. */
  notedMillis(): number;
  /** Lets the next follower in. */
  release(): Promise<void>;
}

/** How far a follower came. Plain data. */
export interface Progress {
  readonly positions: readonly FollowPosition[];
  /** Of `stateToText`. */
  readonly state: string;
  readonly carried: Carried;
  readonly report: SavedReport;
  /** Open spans as they were sent last. */
  readonly shown: readonly (readonly [spanId: SpanId, version: string])[];
}

interface Saved extends Progress {
  /** By name of the flag, or `log`: what must not change between two runs. */
  readonly settings: Readonly<Record<string, string>>;
}

/** 2 is the number of this file's own format, and the journal's. */
const FORMAT = `2 ${SCHEME} ${STATE_FORMAT}`;

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
    const earlier = await usable(flags.checkpoint, () => earlierIn(directory, found?.digest));
    const journal = openJournal(directory);
    if (found !== undefined) journal.begin(found.digest);
    const note = noteIn(journal, (sentence) => {
      if (!flags.quiet) io.stderr.write(`hermes-otel: ${sentence}\n`);
    });
    let notedMillis = 0;
    const header = { format: FORMAT, program: packageVersion() };
    return {
      found: found?.saved,
      earlier,
      write: async (progress) => {
        journal.begin(await writeCheckpoint(directory, header, bodyOf({ settings, ...progress })));
      },
      note: (line) => {
        const from = performance.now();
        note(line);
        notedMillis += performance.now() - from;
      },
      notedMillis: () => notedMillis,
      release: async () => {
        journal.close();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function earlierIn(directory: string, digest: string | undefined): Promise<Earlier | undefined> {
  await removeOtherJournals(directory, digest);
  return digest === undefined ? undefined : readEarlier(await readJournal(directory, digest));
}

/** What cannot be noted is sent again after a crash, and that is all: it is told once. */
function noteIn(journal: JournalFile, tell: (sentence: string) => void): (line: JournalLine) => void {
  let problem: string | undefined;
  const append = (line: JournalLine) => {
    try {
      return journal.append(textOf(line)) ? undefined : 'it is full';
    } catch (error) {
      return systemProblem(error);
    }
  };
  return (line) => {
    const said = append(line);
    if (said !== undefined && said !== problem) {
      tell(
        `what is sent cannot be noted beside the checkpoint: ${said}; after a crash it would be sent again.`,
      );
    }
    problem = said;
  };
}

function refuseUnsuitable(flags: ReplayFlags): void {
  if (!flags.follow) throw new CliError('--checkpoint goes with --follow: a finished log is replayed whole.');
  if (flags.assumeTimes) {
    throw new CliError('--checkpoint wants recorded times: with --assume-times they would begin anew.');
  }
  if (flags.speed !== undefined || flags.timeShift === 'now') {
    throw new CliError(
      '--speed and --time-shift now begin anew with each run: they do not go with --checkpoint.',
    );
  }
  if ([flags.since, flags.until].some((moment) => moment !== undefined && !/^\d{4}-/.test(moment))) {
    throw new CliError(
      '--since and --until before now move from run to run: with --checkpoint give a time such as 2026-11-23T08:00:00Z.',
    );
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

/** The state on a line of its own: it is JSON already, and the largest part. */
function bodyOf({ state, ...rest }: Saved): string {
  return `${JSON.stringify(rest)}\n${state}`;
}

function savedIn(body: string): Saved {
  const lineEnd = body.indexOf('\n');
  return { ...JSON.parse(body.slice(0, lineEnd)), state: body.slice(lineEnd + 1) };
}

async function foundIn(
  directory: string,
  name: string,
  settings: Saved['settings'],
): Promise<{ readonly saved: Saved; readonly digest: string } | undefined> {
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
      const saved = savedIn(stored.body);
      const other = Object.keys(settings).find((key) => settings[key] !== saved.settings[key]);
      if (other === undefined) return { saved, digest: stored.digest };
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
    '--time-shift': flags.timeShift ?? '',
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
