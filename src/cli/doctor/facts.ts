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
import type { ParsedLine } from '../../model/line.ts';
import type { AgentSpan } from '../../model/span.ts';
import type { EpochMicros } from '../../model/time.ts';
import { createOutput } from '../../reconstruct/output.ts';
import { createState } from '../../reconstruct/state.ts';
import { finish, step } from '../../reconstruct/step.ts';
import { hermesHome } from '../../record/settings.ts';
import { openHermesDatabase } from '../../replay/database.ts';
import { openInput, SILENCE } from '../../replay/input.ts';
import { reconstructOptions } from '../../replay/options.ts';
import { ReplayError } from '../../replay/replay-error.ts';
import { createReport } from '../../replay/report.ts';
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

/** Runs the stages of a replay over a log and counts what they produce. Throws a `ReplayError` when it cannot be opened. */
export async function logFacts(log: string): Promise<LogFacts> {
  const input = await openInput([log], { options: {}, report: createReport(1) });
  const state = createState(reconstructOptions({}, input.live));
  const out = createOutput();
  const counts = { lines: 0, events: 0, lost: 0 };
  let firstLost: string | undefined;
  let lastEvent: EpochMicros | undefined;
  const count = (line: ParsedLine) => {
    counts.lines += 1;
    if (line.kind === 'event') {
      counts.events += 1;
      lastEvent = line.event.time;
      step(state, line.event, out);
    }
    const loss = lossOf(line);
    if (loss !== undefined) counts.lost += 1;
    firstLost ??= loss;
  };
  for await (const batch of input.lines) {
    if (batch !== SILENCE) batch.forEach(count);
  }
  finish(state, out);
  return { name: log, ...counts, firstLost, lastEvent, ...countsOf(out.spans) };
}

/** Why a replay loses a line; `undefined` when it does not. */
function lossOf(line: ParsedLine): string | undefined {
  switch (line.kind) {
    case 'malformed':
      return `line ${line.diagnostic.at?.line}: ${line.diagnostic.message}`;
    case 'untimed':
      return `line ${line.event.line}: it has no time`;
    default:
      return undefined;
  }
}

function countsOf(spans: readonly AgentSpan[]) {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const of = (kind: AgentSpan['kind']) => spans.filter((span) => span.kind === kind).length;
  const answered = spans.filter((span) => span.kind === 'api_call').filter((span) => span.answered);
  return {
    sessions: of('session'),
    turns: of('turn'),
    apiCalls: of('api_call'),
    toolCalls: of('tool_call'),
    answeredCalls: answered.length,
    callsWithUsage: answered.filter(({ usage }) => usage !== undefined).length,
    orphans: spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId)).length,
    incomplete: spans.filter(({ incomplete }) => incomplete !== undefined).length,
  };
}
