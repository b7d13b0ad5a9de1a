/**
 * When things in a turn happened, and how well that is known. Since Hermes 0.18 a row is written as the thing happens; before that
 * the rows of a turn are written at its end, and only their order counts. `agent.log` has the times in all releases.
 */
import type { MessageRow } from '../model/database.ts';
import type { TimeSource } from '../model/span.ts';
import { type EpochMicros, earlier, later, shift } from '../model/time.ts';
import type { LogCall, LogFailure, LogTurn, SessionLog } from './agent-log.ts';
import {
  isFinal,
  type RowCall,
  type RowTool,
  type RowTurn,
  ran,
  WRITTEN_TOGETHER_MICROS,
  writtenAtEnd,
} from './turns.ts';

export interface TimedTurn {
  readonly turn: RowTurn;
  readonly start: EpochMicros;
  readonly end: EpochMicros;
  readonly source: TimeSource;
  readonly calls: readonly TimedCall[];
  /** Attempts of a call that was never answered. */
  readonly failures: readonly TimedFailure[];
  /** Why the turn ended, by the log. */
  readonly reason: string | undefined;
  /** True when its end is in the rows or in the log. */
  readonly ended: boolean;
}

export interface Timed {
  readonly start: EpochMicros;
  readonly end: EpochMicros;
  readonly source: TimeSource;
}

export interface TimedCall extends Timed {
  /** `undefined`: only the log knows the call, as its answer was empty. */
  readonly call: RowCall | undefined;
  readonly log: LogCall | undefined;
  readonly failures: readonly TimedFailure[];
  readonly tools: readonly TimedTool[];
}

export interface TimedTool extends Timed {
  readonly tool: RowTool;
  /** Measured by Hermes. */
  readonly durationMicros: number | undefined;
}

/** `at` is its end. */
export interface TimedFailure extends LogFailure {
  readonly start: EpochMicros;
}

/** What is known of a turn beside its own rows. */
export interface TurnContext {
  /** When the turn began in another session. */
  readonly before: EpochMicros | undefined;
  /** True when rows of this session are known to be written as things happen. */
  readonly writtenAsItHappens: boolean;
  /** True when they are known to be written at the end of their turn. */
  readonly writtenAtEnd: boolean;
  /** Moments by which rows with at most this id had happened: a sub-agent's start shows that its parent had asked for it. */
  readonly anchors: readonly { readonly id: number; readonly time: EpochMicros }[];
  readonly log: SessionLog | undefined;
  readonly logTurn: LogTurn | undefined;
}

/** A latency in the log is rounded to a tenth of a second: a start so near to the thing before it is that thing's end. */
const ROUNDED_MICROS = 150_000;
/** An answer's row is written at most so long after the log's line, and so long before it. */
const ROW_AFTER_LINE_MICROS = 1_500_000;
const ROW_BEFORE_LINE_MICROS = 50_000;

export function timeTurn(turn: RowTurn, context: TurnContext): TimedTurn {
  const { logTurn } = context;
  const { inner, outer } = sourcesOf(turn, context);
  const useLog = logTurn !== undefined && outer === 'order';
  const rowStart = startOf(turn, context);
  const logStart = logTurn?.start ?? rowStart;
  // A chat platform stamps a message long before its turn begins.
  const start = useLog ? logStart : later(rowStart, logStart);
  const clock: Clock = { turn, context, inner, time: start };
  const calls =
    logTurn === undefined ? turn.calls.map((call) => rowCall(clock, call)) : logCalls(clock, logTurn);
  const logEnd = logTurn?.end;
  const failures = logTurn === undefined ? [] : failuresUntil(clock, logEnd ?? clock.time);
  const rowEnd = logTurn === undefined || calls.length === 0 ? rowTime(clock, turn.last) : clock.time;
  return {
    turn,
    start,
    end: later(clock.time, logEnd ?? rowEnd),
    source: useLog ? 'log' : outer,
    calls,
    failures,
    reason: logTurn?.reason,
    ended: logEnd !== undefined || turn.notice === turn.last || isFinal(turn.last),
  };
}

interface Sources {
  readonly inner: TimeSource;
  readonly outer: TimeSource;
}

const ROW: Sources = { inner: 'row', outer: 'row' };
const ORDER: Sources = { inner: 'order', outer: 'order' };

/** How much the rows' times are worth: of the turn, and of what happened in it. */
function sourcesOf(turn: RowTurn, context: TurnContext): Sources {
  const first = turn.calls[0]?.row ?? turn.notice;
  if (first === undefined) return context.writtenAtEnd ? ORDER : ROW;
  const apart = turn.user === undefined || first.time - turn.user.time > WRITTEN_TOGETHER_MICROS;
  const atEnd = writtenAtEnd(turn) ?? !(apart || context.writtenAsItHappens);
  return { inner: atEnd ? 'order' : 'row', outer: apart || !atEnd ? 'row' : 'order' };
}

interface Clock {
  readonly turn: RowTurn;
  readonly context: TurnContext;
  readonly inner: TimeSource;
  /** The end of the last thing in the turn. */
  time: EpochMicros;
}

function startOf(turn: RowTurn, context: TurnContext): EpochMicros {
  const first = turn.user ?? turn.calls[0]?.row ?? turn.last;
  if (turn.user === undefined && context.before !== undefined) return earlier(context.before, first.time);
  return anchored(context, first);
}

function anchored({ anchors }: TurnContext, row: MessageRow): EpochMicros {
  let { time } = row;
  for (const anchor of anchors) if (row.id <= anchor.id) time = earlier(time, anchor.time);
  return time;
}

function rowTime(clock: Clock, row: MessageRow): EpochMicros {
  return later(clock.time, clock.inner === 'order' ? anchored(clock.context, row) : row.time);
}

function rowCall(clock: Clock, call: RowCall): TimedCall {
  const start = clock.time;
  const end = rowTime(clock, call.row);
  clock.time = end;
  const tools = call.tools.filter(hasBegun).map((tool) => rowTool(clock, tool));
  return { call, log: undefined, failures: [], start, end, source: clock.inner, tools };
}

function rowTool(clock: Clock, tool: RowTool): TimedTool {
  const start = clock.time;
  const end = tool.result === undefined ? start : rowTime(clock, tool.result);
  clock.time = end;
  return { tool, durationMicros: undefined, start, end, source: clock.inner };
}

/** True for tools that ran, and for the first without a result: it runs still, or ran when Hermes was killed. */
function hasBegun(tool: RowTool, index: number, tools: readonly RowTool[]): boolean {
  if (tool.result !== undefined) return ran(tool);
  return tools.findIndex(({ result }) => result === undefined) === index;
}

function logCalls(clock: Clock, logTurn: LogTurn): TimedCall[] {
  const rows = [...clock.turn.calls];
  const calls: TimedCall[] = [];
  for (const [index, log] of logTurn.calls.entries()) {
    const next = logTurn.calls[index + 1];
    const row = rows[0];
    const matches =
      row !== undefined && isSameCall(clock, row, log, logTurn.calls.length - index, rows.length);
    if (matches) rows.shift();
    calls.push(logCall(clock, matches ? row : undefined, log, next));
  }
  // Answers without usage have no line.
  for (const row of rows) calls.push(rowCall(clock, row));
  return calls;
}

/** Whether a row is the answer that a line is about: by its time, else by the tools that it asked for. */
function isSameCall(clock: Clock, call: RowCall, log: LogCall, lines: number, rows: number): boolean {
  if (clock.inner === 'row') {
    const late = call.row.time - log.at;
    return late >= -ROW_BEFORE_LINE_MICROS && late <= ROW_AFTER_LINE_MICROS;
  }
  if (lines <= rows) return true;
  const names = call.tools.filter(ran).map(({ call: { name } }) => name);
  return names.every((name) =>
    clock.context.log?.tools.some((tool) => tool.name === name && tool.at >= log.at),
  );
}

function logCall(
  clock: Clock,
  call: RowCall | undefined,
  log: LogCall,
  next: LogCall | undefined,
): TimedCall {
  const end = later(clock.time, log.at);
  const failures = failuresUntil(clock, end);
  const measured = shift(end, -log.latencyMicros);
  const start = failures[0]?.start ?? (measured - clock.time <= ROUNDED_MICROS ? clock.time : measured);
  clock.time = end;
  const tools = (call?.tools ?? [])
    .filter(hasBegun)
    .map((tool) => logTool(clock, tool, log.at, next?.at ?? Number.POSITIVE_INFINITY));
  return { call, log, failures, start, end, source: 'log', tools };
}

/** `from` and `before`: the times of the call that asked for the tool and of the next one. */
function logTool(clock: Clock, tool: RowTool, from: number, before: number): TimedTool {
  const pool = clock.context.log?.tools ?? [];
  const found = pool.findIndex(({ name, at }) => name === tool.call.name && at >= from && at <= before);
  const [line] = found < 0 ? [] : pool.splice(found, 1);
  if (line === undefined) return rowTool(clock, tool);
  const { at: end, durationMicros } = line;
  clock.time = later(clock.time, end);
  return { tool, durationMicros, start: shift(end, -durationMicros), end, source: 'log' };
}

/** The failed attempts between the last thing in the turn and `end`. */
function failuresUntil(clock: Clock, end: EpochMicros): TimedFailure[] {
  const pool = clock.context.log?.failures ?? [];
  const failures: TimedFailure[] = [];
  let start = clock.time;
  for (let next = pool[0]; next !== undefined && next.at <= end; next = pool[0]) {
    pool.shift();
    if (next.at < start) continue;
    failures.push({ ...next, start });
    start = next.retryAt ?? next.at;
  }
  return failures;
}
