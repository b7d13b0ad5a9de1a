/** `--checkpoint DIR`: what a follower writes down, and whether what it finds there is its own. */
import { mkdir } from 'node:fs/promises';
import { checkpointPath, readCheckpoint, writeCheckpoint } from '../../checkpoint/checkpoint-file.ts';
import { openJournal, readJournal, removeOtherJournals } from '../../checkpoint/journal-file.ts';
import { isOwner, type Lock, takeLock } from '../../checkpoint/lock.ts';
import type { FollowPosition } from '../../input/followed-file.ts';
import type { SpanId } from '../../model/span.ts';
import { SCHEME } from '../../reconstruct/ids.ts';
import { STATE_FORMAT } from '../../reconstruct/state-text.ts';
import { CliError } from '../cli-error.ts';
import type { Carried } from '../destinations.ts';
import type { Io } from '../io.ts';
import type { ReplayFlags } from '../replay-flags.ts';
import { systemProblem } from '../system-problem.ts';
import { packageVersion } from '../version.ts';
import { absolute, type CheckpointSettings, refuseUnsuitable, settingsOf } from './checkpoint-settings.ts';
import { type Earlier, readEarlier } from './journal.ts';
import { type Note, noteIn } from './note.ts';
import type { SavedReport } from './saved-report.ts';

export interface Checkpoint {
  /** What an earlier run wrote down; `undefined` for the first one. */
  readonly found: Saved | undefined;
  /** What was noted after it was written; `undefined` for the first one. */
  readonly earlier: Earlier | undefined;
  /** Throws what the system throws; the one before is then still there. What was noted so far is forgotten with it. */
  write(standing: Standing): Promise<void>;
  /** For what comes after the checkpoint, so that it is known even when the next moment is the last one. */
  readonly note: Note;
  /** Lets the next follower in. */
  release(): Promise<void>;
}

/** How far a follower came. Plain data. */
export interface Standing {
  readonly positions: readonly FollowPosition[];
  /** Of `stateToText`. */
  readonly state: string;
  readonly carried: Carried;
  readonly report: SavedReport;
  /** Open spans as they were sent last. */
  readonly shown: readonly (readonly [spanId: SpanId, version: string])[];
}

interface Saved extends Standing {
  readonly settings: CheckpointSettings;
}

/** 3 is the number of this file's own format, and the journal's. */
const FORMAT = `3 ${SCHEME} ${STATE_FORMAT}`;

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
    const header = { format: FORMAT, program: packageVersion() };
    return {
      found: found?.saved,
      earlier,
      write: async (standing) => {
        journal.begin(await writeCheckpoint(directory, header, bodyOf({ settings, ...standing })));
      },
      note,
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
  settings: CheckpointSettings,
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

async function usable<T>(name: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    throw new CliError(`--checkpoint: ${name} cannot be used: ${systemProblem(error)}.`);
  }
}
