/** Checks of this machine: Node.js, the clock, Hermes and its recorder. */
import type { EpochMicros } from '../model/time.ts';
import { type Finding, fail, finding, ok, type Verdict, warn } from './finding.ts';

/** `engines` in package.json. */
const OLDEST_NODE = [20, 19] as const;

/** @param version as in `process.versions.node` */
export function checkNode(version: string): Verdict {
  if (!isOlder(version, OLDEST_NODE)) return ok(version);
  const oldest = OLDEST_NODE.join('.');
  return fail(`${version} is older than ${oldest}.`, `Install Node.js ${oldest} or newer.`);
}

export function isOlder(version: string, [leastMajor, leastMinor]: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}

const FIVE_MINUTES_MILLIS = 300_000;

/**
 * Compares this machine's clock with the receiver's.
 * @param date the `Date` header of the receiver's response; `undefined` without one
 * @returns `undefined` when `date` is missing or is not a date
 */
export function checkClock(date: string | undefined, nowMillis: number): Verdict | undefined {
  const aheadMillis = nowMillis - (date === undefined ? Number.NaN : Date.parse(date));
  if (Number.isNaN(aheadMillis)) return undefined;
  if (Math.abs(aheadMillis) < FIVE_MINUTES_MILLIS) return ok("This clock agrees with the receiver's clock.");
  const minutes = Math.round(Math.abs(aheadMillis) / 60_000);
  return warn(
    `This clock is ${minutes} minutes ${aheadMillis > 0 ? 'ahead of' : 'behind'} the receiver's clock.`,
    "Synchronize it (NTP). Otherwise the spans of a live agent lie in the receiver's future or past.",
  );
}

/** What was found of Hermes and its recorder. */
export interface HermesFacts {
  /** The output of `hermes --version`; `undefined` when there is no such command, or it does not answer. */
  readonly version: string | undefined;
  /** `HERMES_HOME` or `~/.hermes`; `undefined` when the user has no home directory. */
  readonly home: string | undefined;
  readonly homeExists: boolean;
  /** The recorder plugin's files are in this home. */
  readonly pluginInstalled: boolean;
  /** `config.yaml` lists it under `plugins.enabled`. Hermes does not load a plugin that is not listed. */
  readonly pluginEnabled: boolean;
  /** `config.yaml` lists it under `plugins.disabled`, which takes precedence. */
  readonly pluginDisabled: boolean;
  /** The number of shell hooks in `config.yaml` that run `hermes-otel record`. */
  readonly shellHooks: number;
  /** Those that Hermes has no consent for: it skips them without a terminal. */
  readonly unapprovedHooks: number;
  /** Why `config.yaml` could not be read; `undefined` when it could, or does not exist. */
  readonly configProblem: string | undefined;
}

export function checkHermes(facts: HermesFacts): readonly Finding[] {
  return [
    finding('Hermes', hermes(facts)),
    ...(facts.homeExists ? [finding('Recorder', recorder(facts))] : []),
  ];
}

function hermes({ version, home, homeExists }: HermesFacts): Verdict {
  const where = homeExists ? `its home is ${home}` : `there is no home at ${home ?? '~/.hermes'}`;
  if (homeExists) return ok(`${version ?? 'There is no command `hermes` here'}; ${where}.`);
  if (version !== undefined)
    return warn(`${version}; ${where}.`, 'Start Hermes once, or set HERMES_HOME to its home.');
  return warn(
    `There is no command \`hermes\` here, and ${where}.`,
    'Nothing to do if you replay logs of another machine. Otherwise install Hermes, or set HERMES_HOME.',
  );
}

function recorder(facts: HermesFacts): Verdict {
  const init = 'Run `hermes-otel init` to set it up.';
  if (facts.configProblem !== undefined)
    return fail(
      `config.yaml cannot be read: ${facts.configProblem}.`,
      'Correct the file: Hermes cannot read it either.',
    );
  if (facts.pluginDisabled)
    return fail(
      'The recorder plugin is listed under plugins.disabled, which takes precedence.',
      'Run `hermes plugins enable hermes_otel_recorder`.',
    );
  if (facts.pluginInstalled && facts.pluginEnabled) {
    if (facts.shellHooks === 0) return ok('The recorder plugin is installed and enabled.');
    return warn(
      'The plugin and shell hooks both record: every event is written twice.',
      'Remove one: `hermes-otel init --uninstall`, then set up the other again.',
    );
  }
  if (facts.unapprovedHooks > 0)
    return warn(
      `Hermes has no consent for ${facts.unapprovedHooks} of ${facts.shellHooks} recording shell hooks: without a terminal it skips them.`,
      'Start `hermes` once at a terminal and agree, or use --accept-hooks, HERMES_ACCEPT_HOOKS=1 or hooks_auto_accept: true.',
    );
  if (facts.shellHooks > 0) return ok(`${facts.shellHooks} shell hooks record.`);
  if (facts.pluginInstalled)
    return fail(
      'The recorder plugin is installed, but not listed under plugins.enabled: Hermes does not load it.',
      init,
    );
  if (facts.pluginEnabled) return fail('The recorder plugin is enabled, but its files are missing.', init);
  return warn('No recorder is set up in this Hermes home.', init);
}

/** Hermes's own database, which a replay reads without any recorder. */
export interface DatabaseFacts {
  readonly path: string;
  readonly sessions: number;
  /** Of the first session; `undefined` when there is none. */
  readonly since: EpochMicros | undefined;
  /** Since when calls and tools have times of their own. */
  readonly timesSince: EpochMicros | undefined;
  /** Why it cannot be read. */
  readonly problem: string | undefined;
}

/** @param hasLog true when the recorder has written a log: then the database is for the time before it. */
export function checkDatabase(
  { path, sessions, since, timesSince, problem }: DatabaseFacts,
  hasLog: boolean,
): Verdict {
  if (problem !== undefined) return warn(problem, 'A replay of it fails for the same reason.');
  if (since === undefined) return ok(`${path} has no session yet.`);
  const times =
    timesSince === undefined
      ? 'without times inside a turn (Hermes writes them since 0.18; logs/agent.log beside it has them)'
      : `with times inside a turn since ${dayOf(timesSince)}`;
  const what = hasLog ? 'What no recorder saw' : 'Nothing was recorded? It';
  const found = `${path} has ${sessions} session${sessions === 1 ? '' : 's'} since ${dayOf(since)}, ${times}.`;
  return ok(`${found} ${what} can be replayed: hermes-otel replay ${path}`);
}

function dayOf(time: EpochMicros): string {
  return new Date(time / 1000).toISOString().slice(0, 10);
}
