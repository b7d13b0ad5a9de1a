/** Hermes's `state.db`: which sessions it holds, and the rows of one. Columns are found by `PRAGMA table_info`, never by version. */
import type {
  ChildRow,
  DatabaseSession,
  MessageRow,
  SessionRow,
  ToolCallRow,
  UsageRow,
} from '../model/database.ts';
import { isJsonObject, type JsonValue, parseJson } from '../model/json.ts';
import type { TokenSums } from '../model/span.ts';
import { type EpochMicros, epochMicros } from '../model/time.ts';
import { parseTime } from '../model/time-text.ts';
import { openSqlite, type Row, type Sqlite, SqliteError, type SqliteReader } from './sqlite.ts';

/** A session as the list of all of them has it. */
export interface ListedSession extends ChildRow {
  /** The earliest time in any of its rows. */
  readonly firstTime: EpochMicros;
  /** Grows with each answer. */
  readonly tokenCount: number;
}

export type HermesDatabase = Awaited<ReturnType<typeof openDatabase>>;

export interface DatabaseOptions {
  /** True to read what people, models and tools said. Else it never leaves SQLite. */
  readonly content: boolean;
  readonly reader?: SqliteReader;
}

/** Opens a database for reading. Throws `SqliteError` when it is none of Hermes's. */
export async function openDatabase(path: string, options: DatabaseOptions) {
  const sqlite = await openSqlite(path, options.reader);
  const schema = await readSchema(sqlite).catch(async (error: unknown) => {
    await sqlite.close();
    throw error;
  });
  const reading: Reading = { sqlite, schema, content: options.content };
  return {
    path,
    /** Changes when anything in the file does. */
    version: async () => Number((await sqlite.query('PRAGMA data_version'))[0]?.data_version),
    /** All sessions, by their first time; also those that only messages name. */
    list: () => listSessions(reading),
    /** When rows were first written as things happen, not at the end of a turn: since Hermes 0.18. `undefined`: never. */
    timesSince: async () => micros((await sqlite.query(TIMES_SINCE))[0]?.time),
    /** The rows of one of them, read in one statement per table. */
    read: (session: ListedSession, children: readonly ChildRow[]) => readSession(reading, session, children),
    close: sqlite.close,
  };
}

type Schema = ReadonlyMap<string, ReadonlySet<string>>;

/** The columns of each table. */
async function readSchema(sqlite: Sqlite): Promise<Schema> {
  const schema = new Map<string, ReadonlySet<string>>();
  for (const table of ['sessions', 'messages', 'session_model_usage']) {
    const columns = await sqlite.query(`PRAGMA table_info(${table})`);
    schema.set(table, new Set(columns.map(({ name }) => String(name))));
  }
  for (const [table, needed] of Object.entries(NEEDED)) {
    const missing = needed.find((column) => !schema.get(table)?.has(column));
    if (missing === undefined) continue;
    throw new SqliteError(`it is no database of Hermes: it has no ${table}.${missing}`);
  }
  return schema;
}

/** The first row of an answer or a tool that comes more than 0.1 s after another one. */
const TIMES_SINCE = `
  SELECT min(timestamp) AS time FROM (
    SELECT timestamp, role, lag(role) OVER turn AS role_before, timestamp - lag(timestamp) OVER turn AS gap
    FROM messages WINDOW turn AS (PARTITION BY session_id ORDER BY id))
  WHERE role IN ('assistant', 'tool') AND role_before IN ('assistant', 'tool') AND gap > 0.1`;

const NEEDED = {
  sessions: ['id', 'source', 'started_at'],
  messages: ['id', 'session_id', 'role', 'timestamp'],
} as const;

interface Reading {
  readonly sqlite: Sqlite;
  readonly schema: Schema;
  readonly content: boolean;
}

/** The column, or NULL where the file has none. */
function column({ schema }: Reading, table: string, name: string, alias: string): string {
  return schema.get(table)?.has(name) ? `${alias}.${name}` : `NULL`;
}

async function listSessions(reading: Reading): Promise<readonly ListedSession[]> {
  const own = (name: string) => column(reading, 'sessions', name, 's');
  const parents = (name: string) => column(reading, 'sessions', name, 'p');
  const parentId = own('parent_session_id');
  const config = own('model_config');
  const origin = (key: string) =>
    `CASE WHEN json_valid(${config}) THEN json_extract(${config}, '$.${key}') END`;
  const parent = parentId === 'NULL' ? '' : `LEFT JOIN sessions p ON p.id = ${parentId}`;
  const last = `(SELECT max(id) FROM messages WHERE session_id = k.id AND role IN ('user', 'assistant', 'tool'))`;
  const rows = await reading.sqlite.query(`
    SELECT k.id AS id, s.source AS source, ${parentId} AS parent, ${origin('_delegate_from')} AS delegate_from,
      ${origin('_branched_from')} AS branched_from, ${origin('_reset_from')} AS reset_from, s.started_at AS started_at,
      ${own('ended_at')} AS ended_at, ${own('end_reason')} AS end_reason,
      ${parent === '' ? 'NULL' : parents('end_reason')} AS parent_end_reason,
      ${parent === '' ? 'NULL' : parents('ended_at')} AS parent_ended_at,
      (SELECT min(id) FROM messages WHERE session_id = k.id) AS first_id,
      (SELECT min(timestamp) FROM messages WHERE session_id = k.id AND timestamp > 0) AS first_at,
      coalesce(${own('input_tokens')}, 0) + coalesce(${own('output_tokens')}, 0) AS tokens,
      m.id AS last_id, m.timestamp AS last_at
    FROM (SELECT id FROM sessions UNION ALL
      SELECT DISTINCT session_id FROM messages WHERE session_id NOT IN (SELECT id FROM sessions)) k
      LEFT JOIN sessions s ON s.id = k.id
      ${parent} LEFT JOIN messages m ON m.id = ${last}`);
  return rows.map(listedSession).sort((a, b) => a.firstTime - b.firstTime);
}

function listedSession(row: Row): ListedSession {
  const firstAt = micros(row.first_at);
  const startedAt = micros(row.started_at) ?? firstAt ?? epochMicros(0);
  return {
    id: String(row.id),
    source: text(row.source),
    parentSessionId: text(row.parent),
    delegateFrom: text(row.delegate_from),
    branchedFrom: text(row.branched_from),
    resetFrom: text(row.reset_from),
    startedAt,
    endedAt: micros(row.ended_at),
    endReason: text(row.end_reason),
    parentEndReason: text(row.parent_end_reason),
    parentEndedAt: micros(row.parent_ended_at),
    firstMessageId: count(row.first_id),
    lastMessageId: count(row.last_id),
    lastMessageAt: micros(row.last_at),
    tokenCount: Number(row.tokens),
    firstTime: firstAt !== undefined && firstAt < startedAt ? firstAt : startedAt,
  };
}

const TOKENS = [
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
];

async function readSession(
  reading: Reading,
  session: ListedSession,
  children: readonly ChildRow[],
): Promise<DatabaseSession> {
  const { sqlite, schema } = reading;
  const names = [
    ...['model', 'billing_provider', 'billing_base_url', 'api_call_count', ...TOKENS],
    ...['estimated_cost_usd', 'actual_cost_usd', 'cost_status', 'cost_source'],
  ];
  const columns = names.map((name) => `${column(reading, 'sessions', name, 's')} AS ${name}`).join(', ');
  const [own = {}] = await sqlite.query(`SELECT ${columns} FROM sessions s WHERE s.id = ?`, session.id);
  const rows = await sqlite.query(messagesSql(reading), session.id);
  const messages: MessageRow[] = [];
  for (const row of rows) messages.push(messageRow(row, messages.at(-1)?.time ?? session.startedAt));
  const hasUsage = schema.get('session_model_usage')?.has('session_id') ?? false;
  const usage = hasUsage
    ? await sqlite.query('SELECT * FROM session_model_usage WHERE session_id = ? ORDER BY rowid', session.id)
    : [];
  return {
    session: sessionRow(session, own),
    messages,
    usage: usage.map(usageRow),
    children,
  };
}

function sessionRow(listed: ListedSession, row: Row): SessionRow {
  const calls = count(row.api_call_count);
  const cost = {
    ...(typeof row.estimated_cost_usd === 'number' && { estimatedUsd: row.estimated_cost_usd }),
    ...(typeof row.actual_cost_usd === 'number' && { actualUsd: row.actual_cost_usd }),
    ...(typeof row.cost_status === 'string' && { status: row.cost_status }),
    ...(typeof row.cost_source === 'string' && { source: row.cost_source }),
  };
  const tokens = tokenSums(row);
  const used = TOKENS.some((name) => (count(row[name]) ?? 0) > 0);
  return {
    ...listed,
    model: text(row.model),
    provider: text(row.billing_provider),
    baseUrl: text(row.billing_base_url),
    tokens,
    // Older releases do not count the calls.
    apiCallCount: calls === undefined || calls === 0 ? (used ? 1 : undefined) : calls,
    cost,
  };
}

/** What content is needed for stays in SQLite: the tools' names and ids, a result's error, the head of a text. */
function messagesSql(reading: Reading): string {
  const own = (name: string) => column(reading, 'messages', name, 'm');
  const content = own('content');
  const calls = own('tool_calls');
  const args = reading.content
    ? `, 'args', coalesce(${inCall('function.arguments')}, ${inCall('input')})`
    : '';
  const call = `json_object('id', ${inCall('id')}, 'call_id', ${inCall('call_id')},
    'name', coalesce(${inCall('function.name')}, ${inCall('name')})${args})`;
  const hasError = `m.role = 'tool' AND substr(${content}, 1, 1) = '{' AND instr(${content}, '"error"') > 0`;
  return `
    SELECT m.id AS id, m.role AS role, m.timestamp AS time, ${own('finish_reason')} AS finish_reason,
      ${own('tool_call_id')} AS tool_call_id, ${own('tool_name')} AS tool_name, ${own('observed')} AS observed,
      ${own('display_kind')} AS display_kind, substr(${content}, 1, 80) AS head, substr(${content}, -16) AS tail,
      length(${content}) AS length,
      CASE WHEN json_valid(${calls}) THEN (SELECT json_group_array(${call}) FROM json_each(${calls})) END AS calls,
      ${calls} <> '' AND NOT json_valid(${calls}) AS no_calls,
      CASE WHEN ${hasError} AND json_valid(${content}) THEN json_quote(json_extract(${content}, '$.error')) END AS error
      ${reading.content ? `, CAST(${content} AS BLOB) AS content` : ''}
    FROM messages m WHERE m.session_id = ? ORDER BY m.id`;
}

function inCall(path: string): string {
  return `json_extract(value, '$.${path}')`;
}

/** `before`: the time of the row before, for one without a time, in a damaged database. */
function messageRow(row: Row, before: EpochMicros): MessageRow {
  const calls = parsed(row.calls);
  const error = parsed(row.error);
  return {
    id: Number(row.id),
    role: String(row.role),
    time: micros(row.time) ?? before,
    head: text(row.head) ?? '',
    tail: text(row.tail) ?? '',
    length: count(row.length) ?? 0,
    finishReason: text(row.finish_reason),
    toolCallId: text(row.tool_call_id),
    toolName: text(row.tool_name),
    toolCalls: Array.isArray(calls) ? calls.flatMap(toolCall) : [],
    error: error === null ? undefined : error,
    forAgent: row.observed !== 1 && row.display_kind !== 'hidden',
    damage: damageOf(row),
    content: text(row.content),
  };
}

function damageOf(row: Row): string | undefined {
  if (row.no_calls === 1) return 'tool_calls is not JSON: tools are known by their results only';
  return micros(row.time) === undefined ? 'timestamp is no time: that of the row before counts' : undefined;
}

function toolCall(call: JsonValue): readonly ToolCallRow[] {
  if (!isJsonObject(call) || typeof call.name !== 'string') return [];
  const { id, call_id: otherId, name, args } = call;
  return [
    {
      id: typeof id === 'string' ? id : undefined,
      otherId: typeof otherId === 'string' ? otherId : undefined,
      name,
      args: typeof args === 'string' ? (parsed(args) ?? args) : (args ?? undefined),
    },
  ];
}

function usageRow(row: Row): UsageRow {
  return {
    model: text(row.model),
    provider: text(row.billing_provider),
    task: text(row.task),
    callCount: count(row.api_call_count),
    tokens: tokenSums(row),
    lastSeen: micros(row.last_seen),
  };
}

function tokenSums(row: Row): TokenSums {
  return {
    inputTokens: count(row.input_tokens),
    outputTokens: count(row.output_tokens),
    cacheReadTokens: count(row.cache_read_tokens),
    cacheWriteTokens: count(row.cache_write_tokens),
    reasoningTokens: count(row.reasoning_tokens),
    promptTokens: undefined,
    totalTokens: undefined,
  };
}

function text(cell: Row[string] | undefined): string | undefined {
  return typeof cell === 'string' && cell !== '' ? cell : undefined;
}

function count(cell: Row[string] | undefined): number | undefined {
  return typeof cell === 'number' && Number.isSafeInteger(cell) && cell >= 0 ? cell : undefined;
}

/** Hermes stores epoch seconds. `undefined` for what is no time, as 0. */
function micros(cell: Row[string] | undefined): EpochMicros | undefined {
  return typeof cell === 'number' && cell > 0 ? parseTime(cell) : undefined;
}

function parsed(cell: Row[string] | undefined): JsonValue | undefined {
  return typeof cell === 'string' ? parseJson(cell) : undefined;
}
