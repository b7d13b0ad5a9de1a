/** Which logs a command reads: the named files, directories and globs, those of a Hermes home, or the one that is found. */
import { fstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { findFiles, homeLogs, kindOfPath } from '../input/find-files.ts';
import { hermesHome, recordSettings } from '../record/settings.ts';
import { isBucketAddress } from './buckets.ts';
import { CliError } from './cli-error.ts';
import type { Io } from './io.ts';

/** The options of a command that concern its logs. */
export const LOG_ARGUMENT =
  'files (also .gz), directories, globs, databases of Hermes, or - for standard input; the log of the recorder, else the database of Hermes, unless given';

export interface LogFlags {
  readonly hermesHome?: string | undefined;
  /** True: directories and globs stay as they are, because new files in them are read too. */
  readonly follow?: boolean;
  readonly quiet?: boolean;
}

/**
 * The logs to read; empty for standard input. Without a named log and without data on standard input, it is the log of the
 * recorder, else Hermes's databases. Prints which one on standard error.
 */
export async function findLogs(
  named: readonly string[],
  flags: LogFlags,
  io: Pick<Io, 'env' | 'stderr' | 'stdin'>,
  command: string,
): Promise<readonly string[]> {
  const address = named.find(isBucketAddress);
  if (address !== undefined)
    throw new CliError(`${command} reads files: ${address} is for replay alone, without other logs.`);
  if (flags.hermesHome !== undefined) return [...named, ...(await logsOfHome(flags.hermesHome))];
  if (named.length === 0) return hasInput(io.stdin) ? [] : foundLogs(flags, io, command);
  return flags.follow ? named : (await Promise.all(named.map(expand))).flat();
}

async function logsOfHome(home: string): Promise<readonly string[]> {
  const found = await homeLogs(home);
  if (found.length > 0) return found;
  throw new CliError(
    `--hermes-home: ${home} has neither a state.db nor a hermes-otel/hooks.ndjson: name the directory that Hermes calls HERMES_HOME.`,
  );
}

/** False for a terminal and for /dev/null, as a service has it. */
function hasInput({ fd, isTTY }: Io['stdin']): boolean {
  if (isTTY) return false;
  try {
    return fd === undefined || !fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

async function foundLogs(
  { quiet }: LogFlags,
  io: Pick<Io, 'env' | 'stderr'>,
  command: string,
): Promise<readonly string[]> {
  const home = hermesHome(io.env);
  const [recorded, all] = [await recordedLogs(io.env), home === undefined ? [] : await homeLogs(home)];
  const isHookLog = (path: string) => !path.endsWith('.db');
  const hookLogs = recorded.length > 0 ? recorded : all.filter(isHookLog);
  const logs = hookLogs.length > 0 ? hookLogs : all;
  const [first] = logs;
  if (first === undefined) {
    throw new CliError(
      `No log was named, and ${home ?? 'the home directory'} has neither a recorder's log nor a database of Hermes: give a file, pipe one in, or start recording with "hermes-otel init" ("hermes-otel ${command} --help" shows how).`,
    );
  }
  const what = hookLogs.length > 0 ? "the recorder's log" : "Hermes's database";
  const where = logs.length === 1 ? first : `${logs.length} files, the first is ${first}`;
  if (!quiet) io.stderr.write(`hermes-otel: reading ${what}: ${where}\n`);
  return logs;
}

/** The log of the recorder and what was rotated, where HERMES_OTEL_RECORD_FILE names it. */
async function recordedLogs(env: Io['env']): Promise<readonly string[]> {
  const { path } = recordSettings([], env);
  if (path === undefined || !env.HERMES_OTEL_RECORD_FILE) return [];
  const { files } = await findFiles([dirname(path)]);
  return files
    .map((file) => file.path)
    .filter((file) => file === path || /^\.\d+$/.test(file.slice(path.length)));
}

async function expand(path: string): Promise<readonly string[]> {
  if (path === '-' || (await kindOfPath(path)) === 'file') return [path];
  const { files } = await findFiles([path]);
  if (files.length > 0) return files.map((file) => file.path);
  throw new CliError(`There is no file in ${JSON.stringify(path)}: check the path.`);
}
