/** Turns → lines of the hook log, each field under the name that Hermes's hooks give it. */
import type { MessageRow, SessionRow, UsageRow } from '../model/database.ts';
import type { Usage } from '../model/event.ts';
import { isTruthy, type JsonObject, type JsonValue, parseJson } from '../model/json.ts';
import type { TimeSource } from '../model/span.ts';
import { type EpochMicros, earlier, later } from '../model/time.ts';
import type { KnownSession, KnownTurn } from './known.ts';
import { type Delegation, delegatedBy, isSubagent } from './links.ts';
import type { Timed, TimedCall, TimedFailure, TimedTool, TimedTurn } from './times.ts';
import type { SharedUsage } from './tokens.ts';
import { isFinal, type RowTool, wasInterrupted } from './turns.ts';

/** A line of the log to be, before it is text. */
export interface HookLine {
  readonly time: EpochMicros;
  /** Of lines at one time: what ends something comes after what happened in it. */
  readonly rank: 0 | 1 | 2;
  /** `messages.id` of the row that it comes from. */
  readonly row: number;
  readonly body: JsonObject;
}

/** A turn with its id. */
export interface NamedTurn extends TimedTurn {
  readonly turnId: string;
  /** From 1; `undefined` where the turn began in another session. */
  readonly ordinal: number | undefined;
  /** The number of its first call in this session. */
  readonly firstCall: number;
  /** The same turn in a hook log: what that has is not written again. */
  readonly known: KnownTurn | undefined;
}

/** A session on its way into lines. */
export interface Writing {
  readonly session: SessionRow;
  readonly turns: readonly NamedTurn[];
  readonly delegations: readonly Delegation[];
  readonly known: KnownSession | undefined;
  readonly usage: SharedUsage;
  readonly lines: HookLine[];
}

/** A row of `sessions` may be written long before the first turn: by a gateway, by `/new`. */
const SOON_MICROS = 100_000;

/** `linked`: the session goes on in the trace of its parent. */
export function writeStart(out: Writing, linked: boolean): void {
  const { session, turns } = out;
  const [first] = turns;
  add(out, startOf(session, first), 'row', first?.turn.last.id ?? 0, {
    event: 'on_session_start',
    model: session.model,
    previous_session_id: linked ? session.parentSessionId : undefined,
  });
  for (const { child, turn } of out.delegations) {
    if (turn === undefined) writeDelegation(out, undefined, child.id, child.startedAt);
  }
}

function startOf({ startedAt }: SessionRow, first: TimedTurn | undefined): EpochMicros {
  if (first === undefined) return startedAt;
  if (first.source === 'order') return earlier(startedAt, first.start);
  const isSoon = first.start >= startedAt && first.start <= startedAt + SOON_MICROS;
  return isSoon ? startedAt : first.start;
}

export function writeTurn(out: Writing, turn: NamedTurn): void {
  const { session } = out;
  const { user, last } = turn.turn;
  if (turn.ordinal !== undefined && !turn.known?.hasStart) {
    add(out, turn.start, turn.source, (user ?? last).id, {
      event: 'pre_llm_call',
      turn_id: turn.turnId,
      // A background review has another task; its turns are in no row.
      task_id: session.id,
      model: session.model,
      is_first_turn: turn.ordinal === 1 && session.branchedFrom === undefined,
      user_message: messageOf(user),
    });
  }
  for (const [index, call] of turn.calls.entries()) writeCall(out, turn, call, turn.firstCall + index);
  writeFailures(out, turn, turn.failures, turn.firstCall + turn.calls.length);
  for (const { child, turn: parent, tool } of out.delegations) {
    if (parent === turn.turn && tool === undefined) writeDelegation(out, turn, child.id, child.startedAt);
  }
  if (turn.ended && !turn.known?.hasEnd) writeTurnEnd(out, turn);
}

function writeCall(out: Writing, turn: NamedTurn, call: TimedCall, number: number): void {
  if (!turn.known?.calls.has(number)) writeAnswer(out, turn, call, number);
  for (const tool of call.tools) writeTool(out, turn, tool, requestIdOf(turn, number));
}

function requestIdOf({ turnId }: NamedTurn, number: number): string {
  return `${turnId}:api:${number}`;
}

/** What all events of a call have. */
function callBody({ session }: Writing, turn: NamedTurn, number: number, model = session.model) {
  return {
    turn_id: turn.turnId,
    api_request_id: requestIdOf(turn, number),
    api_call_count: number,
    model,
    provider: session.provider,
    base_url: session.baseUrl,
  };
}

function writeAnswer(out: Writing, turn: NamedTurn, call: TimedCall, number: number): void {
  const row = call.call?.row ?? turn.turn.last;
  const common = callBody(out, turn, number, call.log?.model);
  const pre = { event: 'pre_api_request', ...common, started_at: seconds(call.start) };
  if (call.failures.length === 0) add(out, call.start, call.source, row.id, pre);
  else writeFailures(out, turn, call.failures, number);
  const again = call.failures.at(-1)?.retryAt;
  if (again !== undefined)
    add(out, earlier(again, call.end), call.source, row.id, { ...pre, retry_count: call.failures.length });
  add(out, call.end, call.source, row.id, {
    event: 'post_api_request',
    ...common,
    started_at: seconds(call.start),
    ended_at: seconds(call.end),
    api_duration: (call.end - call.start) / 1e6,
    finish_reason: row.finishReason,
    usage: usageBody(out.usage.byCall.get(call)),
    assistant_content_chars: call.call === undefined ? undefined : row.length,
    assistant_tool_call_count: call.call?.tools.length,
  });
}

/** Attempts that failed, in the order of the log. */
function writeFailures(
  out: Writing,
  turn: NamedTurn,
  failures: readonly TimedFailure[],
  number: number,
): void {
  for (const [index, failure] of failures.entries()) {
    const { start, at: end } = failure;
    const common = {
      ...callBody(out, turn, number),
      started_at: seconds(failures[0]?.start ?? start),
      retry_count: index,
    };
    add(out, start, 'log', turn.turn.last.id, { event: 'pre_api_request', ...common });
    const status = /^HTTP (\d{3})\b/.exec(failure.summary)?.[1];
    add(out, end, 'log', turn.turn.last.id, {
      event: 'api_request_error',
      ...common,
      ended_at: seconds(end),
      status_code: status === undefined ? undefined : Number(status),
      max_retries: failure.maxAttempts,
      retryable: failure.retryAt !== undefined,
      error: { type: failure.errorType, message: failure.summary },
    });
  }
}

function writeTool(out: Writing, turn: NamedTurn, { tool, ...times }: TimedTool, requestId: string): void {
  const { call, result } = tool;
  const row = result ?? turn.turn.last;
  const common = {
    turn_id: turn.turnId,
    api_request_id: requestId,
    tool_name: call.name,
    tool_call_id: result?.toolCallId ?? call.id,
    args: call.args,
  };
  const id = common.tool_call_id ?? '';
  if (!turn.known?.tools.has(id))
    add(out, times.start, times.source, row.id, { event: 'pre_tool_call', ...common });
  writeDelegations(out, turn, tool, times);
  if (result === undefined || turn.known?.endedTools.has(id)) return;
  const failed = isTruthy(result.error);
  add(out, times.end, times.source, row.id, {
    event: 'post_tool_call',
    ...common,
    status: failed ? 'error' : 'ok',
    error_message: failed ? errorText(result.error) : undefined,
    duration_ms: times.durationMicros === undefined ? undefined : times.durationMicros / 1000,
    result: textOf(result),
  });
}

/** The sub-agents that a tool started. Hermes starts them before the tool ends, also those that go on in the background. */
function writeDelegations(out: Writing, turn: NamedTurn, tool: RowTool, { start, end }: Timed): void {
  for (const { child, tool: starter } of out.delegations) {
    if (starter !== tool) continue;
    const last = tool.result === undefined ? child.startedAt : end;
    writeDelegation(out, turn, child.id, later(start, earlier(child.startedAt, last)));
  }
}

function writeDelegation(out: Writing, turn: NamedTurn | undefined, child: string, time: EpochMicros): void {
  if (out.known?.children.has(child)) return;
  add(out, time, turn?.source ?? 'row', turn?.turn.last.id ?? 0, {
    event: 'subagent_start',
    parent_session_id: out.session.id,
    parent_turn_id: turn?.turnId,
    child_session_id: child,
  });
}

function writeTurnEnd(out: Writing, turn: NamedTurn): void {
  const { turnId: turn_id, reason, source } = turn;
  const { last, exhausted } = turn.turn;
  const interrupted = wasInterrupted(turn.turn) || (reason?.startsWith('interrupted') ?? false);
  const answered = !interrupted && (reason?.startsWith('text_response') ?? last.role === 'assistant');
  if (answered) {
    const assistant_response = textOf(last);
    add(out, turn.end, source, last.id, { event: 'post_llm_call', turn_id, assistant_response });
  }
  add(out, turn.end, source, last.id, {
    event: 'on_session_end',
    turn_id,
    completed: answered && !exhausted && (reason !== undefined || isFinal(last)),
    interrupted,
    turn_exit_reason: reason,
  });
}

/** The sums of the session, and its end where the rows have it. */
export function writeEnd(out: Writing): void {
  const { session, turns } = out;
  const time = turns.reduce((latest, { end }) => later(latest, end), session.startedAt);
  const row = turns.at(-1)?.turn.last.id ?? 0;
  const { apiCallCount } = session;
  add(
    out,
    time,
    'row',
    row,
    {
      event: 'session_totals',
      usage: apiCallCount === undefined ? undefined : usageBody(session.tokens),
      cost: costBody(session),
      model_usage: out.usage.rest.map(modelUsageBody),
    },
    1,
  );
  const { endedAt, endReason: reason } = session;
  if (isSubagent(session)) writeStop(out, time, row);
  else if (endedAt !== undefined && endedAt >= time && reason !== 'compression' && !out.known?.hasEnd) {
    add(out, endedAt, 'row', row, { event: 'on_session_finalize', reason }, 2);
  }
}

function writeStop(out: Writing, time: EpochMicros, row: number): void {
  const { session, turns } = out;
  const last = turns.at(-1);
  if (session.endedAt === undefined && last?.ended !== true) return;
  const parent = delegatedBy(session);
  const completed = last?.ended === true && !wasInterrupted(last.turn);
  add(
    out,
    later(time, session.endedAt ?? time),
    'row',
    row,
    {
      event: 'subagent_stop',
      session_id: parent,
      parent_session_id: parent,
      child_session_id: session.id,
      child_status: completed ? 'completed' : undefined,
    },
    2,
  );
}

/** Hooks that Hermes fires without one. */
const WITHOUT_PLATFORM = new Set(['pre_tool_call', 'post_tool_call', 'subagent_start', 'subagent_stop']);

function add(
  out: Writing,
  time: EpochMicros,
  timeSource: TimeSource,
  row: number,
  fields: Fields,
  rank: HookLine['rank'] = 0,
): void {
  const { id: session_id, source } = out.session;
  const platform = WITHOUT_PLATFORM.has(fields.event) ? undefined : source;
  const body = { ts: seconds(time), session_id, platform, ...fields, time_source: timeSource };
  out.lines.push({ time, rank, row, body });
}

type Fields = JsonObject & { readonly event: string };

function seconds(time: EpochMicros): number {
  return time / 1e6;
}

function usageBody(usage: Usage | undefined): JsonObject | undefined {
  return usage === undefined
    ? undefined
    : {
        input_tokens: usage.inputTokens,
        output_tokens: usage.outputTokens,
        cache_read_tokens: usage.cacheReadTokens,
        cache_write_tokens: usage.cacheWriteTokens,
        reasoning_tokens: usage.reasoningTokens,
        prompt_tokens: usage.promptTokens,
      };
}

function modelUsageBody({ model, provider, task, callCount, tokens, lastSeen }: UsageRow): JsonObject {
  const last_seen = lastSeen === undefined ? undefined : seconds(lastSeen);
  return { model, provider, task, api_call_count: callCount, usage: usageBody(tokens), last_seen };
}

/** `undefined` when Hermes does not know: its 0 dollars stand for that too, and `included` without a source is a placeholder. */
function costBody({ cost }: SessionRow): JsonObject | undefined {
  if (cost === undefined || cost.status === 'unknown') return undefined;
  const source = cost.source === 'none' ? undefined : cost.source;
  if (cost.status === 'included') return source === undefined ? undefined : { status: cost.status, source };
  const estimated_usd = cost.estimatedUsd;
  const actual_usd = cost.actualUsd;
  if (cost.status === undefined && !estimated_usd && !actual_usd) return undefined;
  if (estimated_usd === undefined && actual_usd === undefined) return undefined;
  return { estimated_usd, actual_usd, status: cost.status, source };
}

function errorText(error: JsonValue | undefined): string | undefined {
  return typeof error === 'string' ? error : JSON.stringify(error);
}

/** What stands behind a content column that is no plain text: a list of parts. */
const PARTS = '\0json:';

/** The text of a message, `undefined` unless content was asked for. */
function textOf(row: MessageRow | undefined): string | undefined {
  const content = row?.content;
  return content?.startsWith(PARTS) ? content.slice(PARTS.length) : content;
}

/** The same as hooks have it: a list of parts where there are several. */
function messageOf(row: MessageRow | undefined): JsonValue | undefined {
  if (!row?.content?.startsWith(PARTS)) return row?.content;
  return parseJson(row.content.slice(PARTS.length)) ?? row.content;
}
