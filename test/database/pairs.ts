import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll } from '@jest/globals';
import { type LogLine, readAgentLine } from '../../src/database/agent-log.ts';
import { openDatabase } from '../../src/input/database.ts';
import { mergeByTime } from '../../src/input/merge.ts';
import type { SqliteReader } from '../../src/input/sqlite.ts';
import type { Diagnostic } from '../../src/model/diagnostic.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { AgentSpan } from '../../src/model/span.ts';
import { epochMicros } from '../../src/model/time.ts';
import { databaseSources } from '../../src/replay/database.ts';
import { type Replayed, replayText } from '../replayed.ts';

/** Databases of genuine runs of Hermes, each with the hook log (and some with `agent.log`) of the same run. */
const FIXTURES = fileURLToPath(new URL('../../fixtures/database', import.meta.url));

export const PAIRS = foldersWith('hooks.ndjson.gz');
export const WITH_LOG = foldersWith('agent.log.gz');

function foldersWith(file: string): readonly string[] {
  const files = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' });
  return files
    .filter((path) => basename(path) === file)
    .map((path) => dirname(path))
    .sort();
}

const directory = mkdtempSync(join(tmpdir(), 'pairs-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

export function fixture(pair: string, file: string): Buffer {
  return gunzipSync(readFileSync(join(FIXTURES, pair, `${file}.gz`)));
}

/** The database of a pair as a file of its own. */
export function databaseFile(pair: string): string {
  const path = join(directory, `${pair.replaceAll('/', '-')}.db`);
  writeFileSync(path, fixture(pair, 'state.db'));
  return path;
}

export interface Converting {
  readonly content?: boolean;
  readonly log?: boolean;
  readonly reader?: SqliteReader;
}

const converted = new Map<string, Promise<readonly string[]>>();

/** The hook log that a database becomes. */
export function convert(pair: string, options: Converting = {}): Promise<readonly string[]> {
  const key = `${pair} ${JSON.stringify(options)}`;
  const known = converted.get(key);
  if (known !== undefined) return known;
  const lines = convertFile(databaseFile(pair), options, options.log ? agentLogOf(pair) : new Map());
  converted.set(key, lines);
  return lines;
}

export async function convertFile(
  path: string,
  { content = false, reader = 'auto' }: Converting = {},
  log: ReadonlyMap<string, readonly LogLine[]> = new Map(),
): Promise<readonly string[]> {
  const database = await openDatabase(path, { content, reader });
  const lines: string[] = [];
  const reading = { log, known: new Map(), kept: new Map(), onDiagnostic: unexpected };
  const sources = databaseSources(database, await database.list(), reading);
  for await (const batch of mergeByTime(sources, ({ text }) => epochMicros(JSON.parse(text).ts * 1e6))) {
    for (const { text } of batch) lines.push(text);
  }
  await database.close();
  return lines;
}

function unexpected({ message }: Diagnostic): void {
  throw new Error(message);
}

function agentLogOf(pair: string): Map<string, LogLine[]> {
  const log = new Map<string, LogLine[]>();
  for (const line of fixture(pair, 'agent.log').toString().split('\n')) readAgentLine(log, line);
  return log;
}

export function replayLines(lines: readonly string[]): Replayed {
  return replayText(`${lines.join('\n')}\n`);
}

export function hooksOf(pair: string): Replayed {
  return replayText(fixture(pair, 'hooks.ndjson').toString());
}

export type Kind = AgentSpan['kind'];
export type SpanOf<K extends Kind> = Extract<AgentSpan, { kind: K }>;

export function ofKind<K extends Kind>(spans: readonly AgentSpan[], kind: K): SpanOf<K>[] {
  return spans.filter((span): span is SpanOf<K> => span.kind === kind);
}

/** The `session_totals` in a converted log, by session. */
export function totalsOf(lines: readonly string[]): ReadonlyMap<string, JsonObject> {
  const bodies = lines.map((line): JsonObject => JSON.parse(line));
  return new Map(
    bodies.filter(({ event }) => event === 'session_totals').map((body) => [String(body.session_id), body]),
  );
}
