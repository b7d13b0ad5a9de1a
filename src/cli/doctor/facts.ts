/** Collects the facts that the doctor judges: about Hermes on this machine, and about a log. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseDocument } from 'yaml';
import type { LogFacts } from '../../doctor/log.ts';
import type { DatabaseFacts, HermesFacts } from '../../doctor/machine.ts';
import { homeLogs } from '../../input/find-files.ts';
import { listAt } from '../../install/config-text.ts';
import {
  acceptsHooks,
  configPath,
  hooksOf,
  PLUGIN,
  PLUGIN_FILES,
  pluginDirectory,
  readIfThere,
  recordingHooks,
  unapprovedHooks,
} from '../../install/hermes-home.ts';
import { hermesHome } from '../../record/settings.ts';
import { openHermesDatabase } from '../../replay/database.ts';
import { ReplayError } from '../../replay/replay-error.ts';
import { eventCount, lostLines } from '../../replay/report.ts';
import { readSpans } from '../../replay/spans.ts';
import type { Io } from '../io.ts';

/** Hermes is a Python program that takes seconds to load. */
const VERSION_TIMEOUT_MILLIS = 15_000;

export async function hermesFacts(env: Io['env']): Promise<HermesFacts> {
  const home = hermesHome(env);
  const config = home === undefined ? '' : (readIfThere(configPath(home)) ?? '');
  const error = parseDocument(config).errors[0];
  const listed = (inner: string) => error === undefined && listAt(config, 'plugins', inner).includes(PLUGIN);
  const hooks = error === undefined ? recordingHooks(hooksOf(config)) : [];
  const files = home === undefined ? [] : PLUGIN_FILES.map((file) => join(pluginDirectory(home), file));
  return {
    version: await hermesVersion(env),
    home,
    homeExists: home !== undefined && existsSync(home),
    pluginInstalled: files.length > 0 && files.every((file) => existsSync(file)),
    pluginEnabled: listed('enabled'),
    pluginDisabled: listed('disabled'),
    shellHooks: hooks.length,
    unapprovedHooks:
      home === undefined || acceptsHooks(config, env) ? 0 : unapprovedHooks(home, hooks).length,
    configProblem: error === undefined ? undefined : `line ${error.linePos?.[0].line ?? 1} is not valid YAML`,
  };
}

async function hermesVersion(env: Io['env']): Promise<string | undefined> {
  try {
    const options = { env: { ...env }, timeout: VERSION_TIMEOUT_MILLIS };
    const { stdout } = await promisify(execFile)('hermes', ['--version'], options);
    return stdout.split('\n')[0]?.trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The databases of a Hermes home and its profiles. */
export async function databaseFacts(home: string): Promise<readonly DatabaseFacts[]> {
  const databases = (await homeLogs(home)).filter((path) => path.endsWith('.db'));
  return Promise.all(databases.map(factsOf));
}

async function factsOf(path: string): Promise<DatabaseFacts> {
  const none = { path, sessions: 0, since: undefined, timesSince: undefined, problem: undefined };
  try {
    return await openHermesDatabase(path, false, async (database) => {
      const sessions = (await database.list()).filter(({ lastMessageId }) => lastMessageId !== undefined);
      const timesSince = await database.timesSince();
      await database.close();
      return { ...none, sessions: sessions.length, since: sessions[0]?.firstTime, timesSince };
    });
  } catch (error) {
    if (!(error instanceof ReplayError)) throw error;
    return { ...none, problem: error.message };
  }
}

/** Counts what a replay makes of a log. Throws a `ReplayError` when it cannot be opened. */
export async function logFacts(log: string): Promise<LogFacts> {
  const { spans, report } = await readSpans([log], { cost: false });
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const answered = spans.filter((span) => span.kind === 'api_call').filter((span) => span.answered);
  const lost = report.diagnostics.find(({ severity }) => severity === 'error');
  return {
    name: log,
    lines: report.lines,
    events: eventCount(report) - report.account.unknown,
    lost: lostLines(report),
    firstLost: lost && `${lost.at === undefined ? '' : `line ${lost.at.line}: `}${lost.message}`,
    lastEvent: report.lastEvent,
    sessions: report.spans.session,
    turns: report.spans.turn,
    apiCalls: report.spans.api_call,
    toolCalls: report.spans.tool_call,
    answeredCalls: answered.length,
    callsWithUsage: answered.filter(({ usage }) => usage !== undefined).length,
    orphans: spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId)).length,
    incomplete: report.incomplete,
  };
}
