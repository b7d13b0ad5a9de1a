/**
 * Hermes's own text log (`logs/agent.log`): what each call of the model cost in time and tokens, how long tools took, and where
 * turns end, in every release. Its times are local and without a zone: the rows of the database show the offset.
 */
import { append } from '../model/lists.ts';
import { type EpochMicros, later, shift } from '../model/time.ts';
import { parseTime } from '../model/time-text.ts';

/** A line of the log about a session. `at` is local time, read as if it were UTC, until `sessionLog` moves it. */
export type LogLine =
  | { readonly kind: 'turn'; readonly at: EpochMicros; readonly background: boolean }
  | ({ readonly kind: 'call' } & LogCall)
  | ({ readonly kind: 'failure' } & LogFailure)
  | { readonly kind: 'retry'; readonly at: EpochMicros; readonly waitMicros: number }
  | ({ readonly kind: 'tool' } & LogTool)
  | { readonly kind: 'end'; readonly at: EpochMicros; readonly reason: string; readonly apiCalls: number };

export interface LogCall {
  /** The end of the call. */
  readonly at: EpochMicros;
  /** Counts the calls of one agent, which may live through several turns. */
  readonly number: number;
  readonly model: string | undefined;
  readonly latencyMicros: number;
  /** Cached tokens included; `undefined` when the provider reported none. */
  readonly promptTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly cacheReadTokens: number | undefined;
  readonly cacheWriteTokens: number | undefined;
}

export interface LogFailure {
  readonly at: EpochMicros;
  readonly maxAttempts: number;
  readonly errorType: string;
  readonly summary: string;
  /** When Hermes tried again, by what it said that it would wait; `undefined` when it gave up. */
  retryAt: EpochMicros | undefined;
}

export interface LogTool {
  readonly at: EpochMicros;
  readonly name: string;
  readonly durationMicros: number;
}

/** The lines of each session, in order. */
export type AgentLog = ReadonlyMap<string, readonly LogLine[]>;

/** One turn as the log shows it. */
export interface LogTurn {
  readonly start: EpochMicros;
  readonly background: boolean;
  /** True when another turn ran meanwhile, so that calls cannot be distinguished. */
  beside: boolean;
  end: EpochMicros | undefined;
  reason: string | undefined;
  readonly calls: LogCall[];
}

/** The turns of a session, and what may belong to any of them by its time. */
export interface SessionLog {
  readonly turns: readonly LogTurn[];
  readonly tools: LogTool[];
  readonly failures: LogFailure[];
}

/** Groups: local time, session, text. */
const LINE = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) [A-Z]+ (?:\[([^\]]+)\] )?[\w.]+: (.*)/;
const TURN = /^conversation turn: session=(\S+) .*?msg='?(Review the conversation above)?/;
const CALL = /^API call #(\d+): (.*)/;
const FAILURE = /^API call failed \(attempt \d+\/(\d+)\) error_type=(\S+) .*?summary=(.*)/;
const RETRY = /^Retrying API call in (\d+(?:\.\d+)?)s/;
const TOOL = /^[Tt]ool (\S+) (?:completed|returned error|failed|cancelled) \((\d+(?:\.\d+)?)s/;
const END = /^(?:Turn ended with pending.*?)?Turn ended: reason=(.*?) model=.*?api_calls=(\d+)\//;
const FIELD = /(\w+)=(\S+)/g;

/** Adds the facts of a line to `log`. Lines come in the order in which Hermes wrote them. */
export function readAgentLine(log: Map<string, LogLine[]>, text: string): void {
  const [, local = '', named, said = ''] = LINE.exec(text) ?? [];
  const at = parseTime(local);
  const line = at === undefined ? undefined : readLine(at, said);
  const session = named ?? TURN.exec(said)?.[1];
  if (line !== undefined && session !== undefined) append(log, session, line);
}

function readLine(at: EpochMicros, text: string): LogLine | undefined {
  const call = CALL.exec(text);
  if (call !== null) return { kind: 'call', at, number: Number(call[1]), ...readCall(call[2] ?? '') };
  const tool = TOOL.exec(text);
  if (tool !== null) return { kind: 'tool', at, name: tool[1] ?? '', durationMicros: seconds(tool[2]) };
  const end = END.exec(text);
  if (end !== null) return { kind: 'end', at, reason: end[1] ?? '', apiCalls: Number(end[2]) };
  const turn = TURN.exec(text);
  if (turn !== null) return { kind: 'turn', at, background: turn[2] !== undefined };
  const retry = RETRY.exec(text);
  if (retry !== null) return { kind: 'retry', at, waitMicros: seconds(retry[1]) };
  const failure = FAILURE.exec(text);
  if (failure === null) return undefined;
  const [, maxAttempts, errorType = '_OTHER', summary = ''] = failure;
  return { kind: 'failure', at, maxAttempts: Number(maxAttempts), errorType, summary, retryAt: undefined };
}

function readCall(text: string): Omit<LogCall, 'at' | 'number'> {
  const fields = new Map([...text.matchAll(FIELD)].map(([, key = '', value = '']) => [key, value]));
  const cached = fields.get('cache')?.split('/')[0];
  return {
    model: fields.get('model'),
    latencyMicros: seconds(fields.get('latency')?.replace('s', '')),
    promptTokens: whole(fields.get('in')),
    outputTokens: whole(fields.get('out')),
    cacheReadTokens: whole(cached),
    cacheWriteTokens: whole(fields.get('write')),
  };
}

/** `undefined` for `unknown` and `?`, which newer releases write. */
function whole(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function seconds(text: string | undefined): number {
  const value = Number(text);
  return Number.isFinite(value) ? Math.round(value * 1e6) : 0;
}

/** Zones differ from UTC by whole quarters of an hour, at most by 14 hours. */
const QUARTER_MICROS = 15 * 60 * 1e6;
const FARTHEST_MICROS = 15 * 3600 * 1e6;
/** Rows are written so soon after their line, or before it. */
const NEAR_MICROS = 3e6;

/**
 * What to add to the log's times so that they are those of the rows: the offset that most rows agree on. `undefined` when no
 * row lies near any line, in whatever zone.
 */
export function offsetOf(lines: readonly LogLine[], rowTimes: readonly EpochMicros[]): number | undefined {
  const votes = new Map<number, number>();
  for (const time of rowTimes) {
    const near = new Set<number>();
    for (const { at } of lines) {
      const quarter = Math.round((time - at) / QUARTER_MICROS) * QUARTER_MICROS;
      if (Math.abs(quarter) <= FARTHEST_MICROS && Math.abs(time - at - quarter) <= NEAR_MICROS)
        near.add(quarter);
    }
    for (const quarter of near) votes.set(quarter, (votes.get(quarter) ?? 0) + 1);
  }
  const [best] = [...votes].sort(([a, votesA], [b, votesB]) => votesB - votesA || Math.abs(a) - Math.abs(b));
  return best?.[0];
}

/** A tenth of a second, to which latencies are rounded, and the time between a call and the line about its turn. */
const ROUNDED_MICROS = 150_000;

/**
 * The turns in the lines of a session. Turns may run side by side (a background review beside the next turn), and a line
 * names only the session. A turn ends right after its last call and says how many it had; a call's number says which
 * call came before it. `offset`: from the log's times to those of the rows.
 */
export function sessionLog(lines: readonly LogLine[], offset: number): SessionLog {
  const log = { turns: [] as LogTurn[], tools: [] as LogTool[], failures: [] as LogFailure[] };
  const calls: LogCall[] = [];
  for (const line of lines) addLine(log, calls, { ...line, at: shift(line.at, offset) });
  // What never ended has the calls that no other turn has, from its start on.
  for (const turn of log.turns.filter(isOpen)) {
    const next = log.turns.find(({ start }) => start > turn.start)?.start ?? Number.POSITIVE_INFINITY;
    for (const call of calls.filter(({ at }) => at >= turn.start && at < next)) take(calls, call, turn);
  }
  return log;
}

function addLine(log: { turns: LogTurn[] } & SessionLog, calls: LogCall[], line: LogLine): void {
  switch (line.kind) {
    case 'turn': {
      const { at, background } = line;
      log.turns.push({ start: at, background, beside: false, end: undefined, reason: undefined, calls: [] });
      break;
    }
    case 'call':
      calls.push(line);
      break;
    case 'tool':
      log.tools.push(line);
      break;
    case 'failure':
      log.failures.push(line);
      break;
    case 'retry': {
      const failure = log.failures.at(-1);
      if (failure !== undefined) failure.retryAt ??= later(failure.at, shift(line.at, line.waitMicros));
      break;
    }
    case 'end':
      endTurn(log.turns, calls, line);
      break;
    default:
      line satisfies never;
  }
}

function isOpen(turn: LogTurn): boolean {
  return turn.end === undefined;
}

function endTurn(turns: readonly LogTurn[], calls: LogCall[], end: LogLine & { kind: 'end' }): void {
  const chain = lastCalls(calls, end);
  const begins = chain[0] === undefined ? end.at : chain[0].at - chain[0].latencyMicros;
  const turn = turns.findLast((open) => isOpen(open) && open.start <= begins + ROUNDED_MICROS);
  if (turn === undefined) return;
  turn.end = end.at;
  turn.reason = end.reason;
  for (const other of turns) {
    if (runBeside(turn, other, end.at)) turn.beside = other.beside = true;
  }
  for (const call of chain) if (call.at >= turn.start) take(calls, call, turn);
}

/** A turn without an end ran beside only what began after it: before that it may have been killed. */
function runBeside(turn: LogTurn, other: LogTurn, until: number): boolean {
  if (other === turn || other.background || turn.background) return false;
  const otherEnd = other.end ?? (other.start > turn.start ? until : other.start);
  return otherEnd > turn.start && other.start < until;
}

/** The calls of the turn that ends, as far back as their numbers follow each other. */
function lastCalls(calls: readonly LogCall[], end: LogLine & { kind: 'end' }): readonly LogCall[] {
  const chain: LogCall[] = [];
  let next = calls.at(-1);
  while (next !== undefined && chain.length < end.apiCalls) {
    chain.unshift(next);
    const { number, at, latencyMicros } = next;
    const begins = at - latencyMicros + ROUNDED_MICROS;
    next = calls.findLast((call) => call.number === number - 1 && call.at <= begins);
  }
  return chain;
}

function take(calls: LogCall[], call: LogCall, turn: LogTurn): void {
  calls.splice(calls.indexOf(call), 1);
  turn.calls.push(call);
}
