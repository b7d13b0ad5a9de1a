import type { JsonValue } from './json.ts';
import type { LineRef } from './line.ts';
import type { RequestFacts, ResponseFacts } from './message.ts';
import type { ModelUsage, SessionCost, TimeSource } from './span.ts';
import type { EpochMicros } from './time.ts';

/**
 * A parsed line: one call of one Hermes hook, independent of its envelope and dialect.
 * Field names are Hermes's own, in camel case. `undefined` means that Hermes did not send the field, or sent null or
 * '' for it: the stages after `parse` never receive an empty id. Fields marked "Content" (what people, models and
 * tools wrote) are read only with `ParseOptions.content`.
 */
export type HookEvent =
  | SessionStart
  | SessionEnd
  | SessionFinalize
  | SessionReset
  | SessionTotals
  | PreLlmCall
  | PostLlmCall
  | PreApiRequest
  | PostApiRequest
  | ApiRequestError
  | PreToolCall
  | PostToolCall
  | SubagentStart
  | SubagentStop
  | PreApprovalRequest
  | PostApprovalResponse
  | PreAuxiliaryCall
  | PostAuxiliaryCall
  | StreamDelta
  | Mark
  | Unmapped;

/**
 * The discriminator of `HookEvent`: Hermes's name of the hook, or `mark` for all hooks that become a span event and
 * `unmapped` for all that are in no span. Those two keep Hermes's name in `name`.
 */
export type HookName = HookEvent['hook'];

export interface EventBase extends LineRef {
  /** The recorder's time of the event. */
  readonly time: EpochMicros;
  readonly sessionId: string | undefined;
  readonly taskId: string | undefined;
  /** Since 0.16. */
  readonly turnId: string | undefined;
  readonly model: string | undefined;
  readonly platform: string | undefined;
  /** Hermes's profile, which distinguishes the agents of one gateway. Newer builds only. */
  readonly profile: string | undefined;
  /** How much `time` is worth, in a log that was made of Hermes's database; absent in one that a recorder wrote. */
  readonly timeSource?: TimeSource;
}

export interface SessionStart extends EventBase {
  readonly hook: 'on_session_start';
  /** The session that context compression turned into this one; only in a log that was made of Hermes's database. */
  readonly previousSessionId: string | undefined;
}

/** The end of a *turn*, despite its name (hermes-agent #26509). */
export interface SessionEnd extends EventBase {
  readonly hook: 'on_session_end';
  readonly completed: boolean | undefined;
  readonly interrupted: boolean | undefined;
  readonly failed: boolean | undefined;
  readonly turnExitReason: string | undefined;
  /** `shutdown` or `keyboard_interrupt`, only from the CLI's safety net. */
  readonly reason: string | undefined;
}

export interface SessionFinalize extends EventBase {
  readonly hook: 'on_session_finalize';
  readonly reason: string | undefined;
}

/** `sessionId` is the new session. */
export interface SessionReset extends EventBase {
  readonly hook: 'on_session_reset';
  readonly reason: string | undefined;
  readonly oldSessionId: string | undefined;
}

/** The sums that Hermes itself keeps of a session. No hook: only in a log that was made of Hermes's database. */
export interface SessionTotals extends EventBase {
  readonly hook: 'session_totals';
  /** Of the agent's own calls. */
  readonly usage: Usage | undefined;
  readonly cost: SessionCost | undefined;
  /** What no call in the log has of it, per model and task. */
  readonly modelUsage: readonly ModelUsage[];
}

export interface PreLlmCall extends EventBase {
  readonly hook: 'pre_llm_call';
  readonly isFirstTurn: boolean | undefined;
  readonly senderId: string | undefined;
  readonly parentSessionId: string | undefined;
  /** True when the user message opens as Hermes's background review prompt does; `undefined` when there is no message. */
  readonly reviewPrompt: boolean | undefined;
  /** Content. */
  readonly userMessage: string | undefined;
}

export interface PostLlmCall extends EventBase {
  readonly hook: 'post_llm_call';
  /** As in `PreLlmCall`. */
  readonly reviewPrompt: boolean | undefined;
  /** Content. */
  readonly assistantResponse: string | undefined;
}

/** Fields of the three API hooks and the two auxiliary hooks. */
export interface ApiFields {
  /** Since 0.16; shared by all attempts of one logical call. */
  readonly apiRequestId: string | undefined;
  /** The number of the logical call in the turn, from 1. */
  readonly apiCallCount: number | undefined;
  readonly provider: string | undefined;
  readonly baseUrl: string | undefined;
  readonly apiMode: string | undefined;
  /** Start of the logical call, shared by its attempts. */
  readonly startedAt: EpochMicros | undefined;
  readonly retryCount: number | undefined;
}

export interface PreApiRequest extends EventBase, ApiFields {
  readonly hook: 'pre_api_request';
  readonly messageCount: number | undefined;
  readonly toolCount: number | undefined;
  readonly approxInputTokens: number | undefined;
  readonly requestCharCount: number | undefined;
  readonly maxTokens: number | undefined;
  readonly request: RequestFacts | undefined;
}

/** Token counts of one answer (Hermes's `usage`). A count that was not reported is `undefined`. */
export interface Usage {
  /** Uncached input; without one in the log, `promptTokens` less the cache counts. */
  readonly inputTokens: number | undefined;
  /** All output, reasoning included. */
  readonly outputTokens: number | undefined;
  readonly cacheReadTokens: number | undefined;
  readonly cacheWriteTokens: number | undefined;
  /** Part of `outputTokens`. */
  readonly reasoningTokens: number | undefined;
  /** `inputTokens` + cache read + cache write. */
  readonly promptTokens: number | undefined;
  readonly totalTokens: number | undefined;
}

/** The answer of a model, for API calls and auxiliary calls alike. */
export interface AnswerFields {
  readonly endedAt: EpochMicros | undefined;
  /** Duration of the logical call: failed attempts and back-off included. */
  readonly apiDurationMicros: number | undefined;
  readonly finishReason: string | undefined;
  readonly responseModel: string | undefined;
  /** `undefined` when the provider reported none, never zeroes. */
  readonly usage: Usage | undefined;
  readonly assistantContentChars: number | undefined;
  readonly assistantToolCallCount: number | undefined;
  /** The cost in US dollars as the provider or Hermes reports it; `undefined` when unknown, never a computed price. */
  readonly costUsd: number | undefined;
  readonly response: ResponseFacts | undefined;
}

export interface PostApiRequest extends EventBase, ApiFields, AnswerFields {
  readonly hook: 'post_api_request';
  readonly messageCount: number | undefined;
  readonly firstChunkAt: EpochMicros | undefined;
  readonly contextLength: number | undefined;
}

export interface ApiRequestError extends EventBase, ApiFields {
  readonly hook: 'api_request_error';
  readonly endedAt: EpochMicros | undefined;
  readonly apiDurationMicros: number | undefined;
  readonly statusCode: number | undefined;
  readonly maxRetries: number | undefined;
  readonly retryable: boolean | undefined;
  readonly reason: string | undefined;
  readonly errorType: string | undefined;
  readonly errorMessage: string | undefined;
}

export interface PreToolCall extends EventBase {
  readonly hook: 'pre_tool_call';
  readonly toolName: string;
  /** `undefined` for nested `execute_code` calls, and in the agent loop's `pre` before 0.16. */
  readonly toolCallId: string | undefined;
  readonly apiRequestId: string | undefined;
  /** Read also without `content`: calls without ids are paired by name and arguments. */
  readonly args: JsonValue | undefined;
}

export type ToolStatus = 'ok' | 'error' | 'blocked' | 'cancelled' | 'timeout';

export interface PostToolCall extends EventBase {
  readonly hook: 'post_tool_call';
  readonly toolName: string;
  readonly toolCallId: string | undefined;
  readonly apiRequestId: string | undefined;
  readonly args: JsonValue | undefined;
  /** 0 for blocked, timed-out and some cancelled calls: not a duration then. */
  readonly durationMillis: number | undefined;
  /** Hermes's own status, or derived from the result where the dialect has none. */
  readonly status: ToolStatus;
  readonly errorType: string | undefined;
  /** `error_message`, or the `error` of the result. */
  readonly errorMessage: string | undefined;
  /** Content. A result that is no string is written as JSON. */
  readonly result: string | undefined;
}

/** `sessionId` is the parent's. */
export interface SubagentStart extends EventBase {
  readonly hook: 'subagent_start';
  readonly parentTurnId: string | undefined;
  readonly childSessionId: string | undefined;
  readonly childSubagentId: string | undefined;
  readonly childRole: string | undefined;
  /** Content. */
  readonly childGoal: string | undefined;
}

/** `sessionId` is the parent's. `parentTurnId` may name a later turn than the one that started the child (M13 of docs/mapping.md). */
export interface SubagentStop extends EventBase {
  readonly hook: 'subagent_stop';
  readonly parentTurnId: string | undefined;
  readonly childSessionId: string | undefined;
  readonly childRole: string | undefined;
  readonly childStatus: string | undefined;
  readonly durationMillis: number | undefined;
  /** Content. */
  readonly childSummary: string | undefined;
}

export interface ApprovalFields {
  /** `cli`, `gateway`, `smart`. */
  readonly surface: string | undefined;
  /** A routing key; on the CLI since 0.16 the session id. Approvals have no session id of their own. */
  readonly sessionKey: string | undefined;
  readonly toolCallId: string | undefined;
  readonly patternKey: string | undefined;
  /** Read also when no content was asked for: approvals without ids are paired by it. A number is its fingerprint. */
  readonly command: string | number | undefined;
}

export interface PreApprovalRequest extends EventBase, ApprovalFields {
  readonly hook: 'pre_approval_request';
}

export interface PostApprovalResponse extends EventBase, ApprovalFields {
  readonly hook: 'post_approval_response';
  readonly choice: string | undefined;
  readonly decidedBy: string | undefined;
}

export interface PreAuxiliaryCall extends EventBase, ApiFields {
  readonly hook: 'pre_auxiliary_call';
  readonly auxTask: string | undefined;
  readonly messageCount: number | undefined;
  readonly streaming: boolean | undefined;
  readonly request: RequestFacts | undefined;
}

export interface PostAuxiliaryCall extends EventBase, ApiFields, AnswerFields {
  readonly hook: 'post_auxiliary_call';
  readonly auxTask: string | undefined;
  readonly messageCount: number | undefined;
  readonly streaming: boolean | undefined;
  readonly errorType: string | undefined;
  readonly errorMessage: string | undefined;
}

export interface StreamDelta extends EventBase {
  readonly hook: 'on_stream_delta';
  /** The number of the API call in the turn. */
  readonly iteration: number | undefined;
}

/** A hook that becomes a span event on its turn: `pre_verify`, skills, kanban, compression, interim messages. */
export interface Mark extends EventBase {
  readonly hook: 'mark';
  /** Hermes's name of the hook. */
  readonly name: string;
  /** Scalars worth showing, content left out. */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

/** A known hook that is no span (`transform_*` and the like). Its session and turn were active at its time. */
export interface Unmapped extends EventBase {
  readonly hook: 'unmapped';
  /** Hermes's name of the hook. */
  readonly name: string;
}

/** Hermes's own time of the hook call, where it sends one. `started_at` is that of the first attempt. */
export function hermesTime(event: HookEvent): EpochMicros | undefined {
  switch (event.hook) {
    case 'post_api_request':
    case 'api_request_error':
    case 'post_auxiliary_call':
      return event.endedAt;
    case 'pre_api_request':
    case 'pre_auxiliary_call':
      return (event.retryCount ?? 0) === 0 ? event.startedAt : undefined;
    default:
      return undefined;
  }
}

const QUARTER_HOUR_MICROS = 15 * 60 * 1e6;
/** Between Hermes's time and the recorder's lies the call of the recorder. */
const TOLERANCE_MICROS = 5e6;
const WIDEST_OFFSET_MICROS = 14 * 60 * 60 * 1e6;

/**
 * The recorder's offset from UTC in microseconds, if its time is local time: by Hermes's own time, in whole quarter
 * hours. `undefined` when Hermes sends none, or the two differ by no possible offset.
 */
export function localOffset(event: HookEvent): number | undefined {
  const own = hermesTime(event);
  if (own === undefined) return undefined;
  const offset = Math.round((event.time - own) / QUARTER_HOUR_MICROS) * QUARTER_HOUR_MICROS;
  const isClose = Math.abs(event.time - own - offset) <= TOLERANCE_MICROS;
  return isClose && Math.abs(offset) <= WIDEST_OFFSET_MICROS ? offset : undefined;
}
