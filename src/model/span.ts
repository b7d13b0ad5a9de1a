import type { AnswerFields, ToolStatus, Usage } from './event.ts';
import type { RequestFacts } from './message.ts';
import type { EpochMicros } from './time.ts';

/**
 * A reconstructed activity of Hermes as a span with typed fields, free of naming conventions.
 * `undefined` always means that the log does not have the value; nothing here is invented.
 * Fields marked "Content" are present only when content was requested.
 */
export type AgentSpan =
  | SessionSpan
  | TurnSpan
  | ApiCallSpan
  | ToolCallSpan
  | ApprovalSpan
  | SubagentSpan
  | AuxiliaryCallSpan;

export type AgentSpanKind = AgentSpan['kind'];

/** The reason for closing a span that has no end in the log. The closing rules are in `docs/adr`. */
export type IncompleteReason =
  /** The next logical call (or the call after this tool's batch) began. */
  | 'next_call'
  | 'next_turn'
  | 'turn_end'
  | 'session_end'
  | 'idle'
  | 'end_of_input'
  /** The limit of open spans was reached. */
  | 'evicted';

/** 32 lower-case hex digits. */
export type TraceId = string & { readonly unit: 'TraceId' };
/** 16 lower-case hex digits. */
export type SpanId = string & { readonly unit: 'SpanId' };

export interface SpanLink {
  readonly traceId: TraceId;
  readonly spanId: SpanId;
  /** The role of the linked span for this one. */
  readonly relation: 'previous_turn';
}

/** Something that happened at one moment during a span. */
export interface AgentSpanEvent {
  readonly time: EpochMicros;
  /** Hermes's name of the hook. */
  readonly name: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

export interface SpanBase {
  readonly traceId: TraceId;
  readonly spanId: SpanId;
  /** `undefined`: a root. */
  readonly parentSpanId: SpanId | undefined;
  readonly startTime: EpochMicros;
  /** Never before `startTime`. */
  readonly endTime: EpochMicros;
  /** The session of the span, also where Hermes's `task_id` is something else. */
  readonly sessionId: string;
  /** `undefined`: the end is in the log. */
  readonly incomplete: IncompleteReason | undefined;
  readonly links: readonly SpanLink[];
  readonly events: readonly AgentSpanEvent[];
  /** True when the log has no times and `--assume-times` gave artificial ones. */
  readonly syntheticTime: boolean;
  /** The recorded start, when the whole log was shifted to another time. */
  readonly originalStartTime?: EpochMicros;
  /** Where its times come from, in a session read from Hermes's database; absent in one that a recorder wrote. */
  readonly timeSource?: TimeSource | undefined;
}

/**
 * How much a time of a session from Hermes's database is worth. `row`: when the row was written, within milliseconds of the
 * event. `log`: a line of `agent.log`. `order`: only the order is known, so durations mean nothing and no metric is made of them.
 */
export type TimeSource = 'row' | 'log' | 'order';

/** Token sums over several answers; `undefined` as long as no answer reported that count. */
export type TokenSums = Usage;

/** What a session cost by Hermes's own account, in US dollars. A field is absent when Hermes does not know it: never 0 for unknown. */
export interface SessionCost {
  readonly estimatedUsd?: number;
  readonly actualUsd?: number;
  /** `actual`, `estimated` or `included` (in a subscription, which is not 0 dollars). */
  readonly status?: string;
  /** Where Hermes has the price from. */
  readonly source?: string;
}

/** What one model call cost. Absent when the price is unknown: never 0 for unknown. */
export interface CallCost {
  readonly usd: number;
  /** The parts for input and output; absent when the log has only the sum. */
  readonly inputUsd?: number;
  readonly outputUsd?: number;
  /** `hermes` when the log has the cost, else the price table and its version. */
  readonly source: string;
}

/** Token sums of one model in a session, as Hermes's database keeps them. */
export interface ModelUsage {
  readonly model: string | undefined;
  readonly provider: string | undefined;
  /** The auxiliary task (`title_generation`, `compression`…); `undefined` for the agent's own calls. */
  readonly task: string | undefined;
  /** `undefined` when the database does not count the calls. */
  readonly callCount: number | undefined;
  readonly tokens: TokenSums;
  /** When the last of the calls ended: the time of the token metrics. */
  readonly lastTime: EpochMicros;
}

interface Totals {
  readonly apiCallCount: number;
  readonly toolCallCount: number;
  /** Sums over API calls and auxiliary calls. */
  readonly tokens: TokenSums;
}

/** Its totals are those of the ordinary turns under this session id; sub-agents' are their own. */
export interface SessionSpan extends SpanBase, Totals {
  readonly kind: 'session';
  readonly model: string | undefined;
  readonly platform: string | undefined;
  /** Hermes's profile; absent in logs without profiles. */
  readonly profile?: string | undefined;
  /** Of the session's last turn; `undefined` when no turn has it. */
  readonly completed: boolean | undefined;
  readonly interrupted: boolean | undefined;
  /** Background turns left out. */
  readonly turnCount: number;
  /** The session that context compression replaced with this one. */
  readonly previousSessionId: string | undefined;
  /** Content: the first message of the user and the last answer, present only when content was asked for. */
  readonly userMessage?: string | undefined;
  readonly assistantResponse?: string | undefined;
  readonly parentSessionId: string | undefined;
  readonly endReason: string | undefined;
  /** Absent when Hermes does not know: a recorder's log has no costs. */
  readonly cost?: SessionCost;
  /**
   * Token sums per model of calls that have no usage of their own in the trace: of a session from Hermes's database.
   * Token metrics count these once; what a call reports itself is not in here.
   */
  readonly modelUsage?: readonly ModelUsage[];
}

export type FinalStatus = 'completed' | 'interrupted' | 'failed' | 'incomplete';

/** Where a model call goes, as Hermes names it: `provider` is Hermes's word, `custom` for any unknown one. */
export interface Endpoint {
  readonly provider?: string | undefined;
  readonly baseUrl?: string | undefined;
  readonly apiMode?: string | undefined;
}

/** Its endpoint is the one of its first model call. */
export interface TurnSpan extends SpanBase, Endpoint, Totals {
  readonly kind: 'turn';
  readonly turnId: string | undefined;
  /** From 1, in order of start, within the session; `undefined` for background turns. */
  readonly index: number | undefined;
  readonly isFirstTurn: boolean | undefined;
  readonly model: string | undefined;
  readonly platform: string | undefined;
  readonly profile?: string | undefined;
  readonly senderId: string | undefined;
  /** A background review fork: kept as a span, left out of the session's counts and sums. */
  readonly background: boolean;
  /** True for a turn of a sub-agent's session. Its parent is the sub-agent, which ends after it. */
  readonly inSubagent: boolean;
  /** Distinct names, in order of first use. */
  readonly toolNames: readonly string[];
  /** How many tool calls ended how; only outcomes that occurred. */
  readonly toolOutcomes: Readonly<Partial<Record<ToolStatus | 'incomplete', number>>>;
  readonly finalStatus: FinalStatus;
  readonly completed: boolean | undefined;
  readonly interrupted: boolean | undefined;
  readonly failed: boolean | undefined;
  readonly exitReason: string | undefined;
  /** Content. */
  readonly userMessage: string | undefined;
  readonly assistantResponse: string | undefined;
}

/** The failure of a call. */
export interface CallError {
  /** The provider's or Hermes's error class; `_OTHER` when the log has none. */
  readonly type: string;
  readonly message: string | undefined;
  readonly statusCode: number | undefined;
  /** Hermes's classification: `rate_limit`, `overloaded`… */
  readonly reason: string | undefined;
  readonly retryable: boolean | undefined;
  readonly maxRetries: number | undefined;
}

/** A call of a model: an API call or an auxiliary call. Only one that was answered has the answer's fields. */
interface ModelCall extends SpanBase, Partial<AnswerFields> {
  readonly apiRequestId: string | undefined;
  readonly model: string | undefined;
  readonly platform: string | undefined;
  readonly provider: string | undefined;
  readonly baseUrl: string | undefined;
  readonly apiMode: string | undefined;
  /** 0 for the first attempt. */
  readonly retryCount: number;
  readonly messageCount: number | undefined;
  /** From `costUsd`, else from the prices of the replay, which sets it when the call has ended. A copy of the span is slow. */
  cost?: CallCost;
  readonly request?: RequestFacts | undefined;
  /** `undefined` when the log has no failure. */
  readonly error: CallError | undefined;
  /** True with an answer, with or without usage. */
  readonly answered: boolean;
  /** True in a background turn. */
  readonly background: boolean;
}

/** One attempt of one logical call. */
export interface ApiCallSpan extends ModelCall {
  readonly kind: 'api_call';
  readonly callNumber: number | undefined;
  readonly toolCount: number | undefined;
  readonly approxInputTokens: number | undefined;
  readonly requestCharCount: number | undefined;
  readonly maxTokens: number | undefined;
  /** Duration of the whole logical call, on the answered attempt; equal to the span's own without retries. */
  readonly callDurationMicros: number | undefined;
  /** From the attempt's start to the first chunk of its answer. */
  readonly timeToFirstChunkMicros: number | undefined;
  readonly contextLength: number | undefined;
}

export interface ToolCallSpan extends SpanBase {
  readonly kind: 'tool_call';
  readonly toolName: string;
  readonly toolCallId: string | undefined;
  /** The API call that requested the tool. */
  readonly apiRequestId: string | undefined;
  /** `undefined` when the end is not in the log. */
  readonly status: ToolStatus | undefined;
  readonly errorType: string | undefined;
  readonly errorMessage: string | undefined;
  /** Hermes's own measurement; `undefined` when it sent none, or a 0 that means "not measured". */
  readonly durationMillis: number | undefined;
  /** Content. `args` is JSON. */
  readonly args: string | undefined;
  readonly result: string | undefined;
  readonly background: boolean;
}

export interface ApprovalSpan extends SpanBase {
  readonly kind: 'approval';
  readonly surface: string | undefined;
  readonly choice: string | undefined;
  /** `undefined` without an answer. */
  readonly granted: boolean | undefined;
  readonly timedOut: boolean | undefined;
  readonly decidedBy: string | undefined;
  readonly patternKey: string | undefined;
  readonly toolCallId: string | undefined;
  /** Content. */
  readonly command: string | undefined;
}

/**
 * From `subagent_start` to `subagent_stop`. Its parent is the tool call or the turn; its children are the child session's
 * turns. Its endpoint is the one of the child session's first model call, and its totals are the child session's.
 */
export interface SubagentSpan extends SpanBase, Endpoint, Totals {
  readonly kind: 'subagent';
  readonly childSessionId: string | undefined;
  readonly childSubagentId: string | undefined;
  readonly parentTurnId: string | undefined;
  readonly role: string | undefined;
  readonly status: string | undefined;
  readonly durationMillis: number | undefined;
  readonly model: string | undefined;
  readonly turnCount: number;
  /** Of the child session, as on `SessionSpan`. */
  readonly cost?: SessionCost;
  readonly modelUsage?: readonly ModelUsage[];
  /** Content. */
  readonly goal: string | undefined;
  readonly summary: string | undefined;
}

export interface AuxiliaryCallSpan extends ModelCall {
  readonly kind: 'auxiliary_call';
  readonly auxTask: string | undefined;
  readonly streaming: boolean | undefined;
}

/** Hermes's statuses for a failed sub-agent. `interrupted` is a decision, not a failure. */
const FAILED_SUBAGENT: ReadonlySet<string> = new Set(['error', 'failed', 'timeout']);

/**
 * True for a span that failed according to the log. Blocked and cancelled tools, denied approvals and interrupted
 * turns are decisions, not failures, and a span without an end is no failure either. The one rule for spans, metrics
 * and views.
 */
export function isError(span: AgentSpan): boolean {
  switch (span.kind) {
    case 'api_call':
    case 'auxiliary_call':
      return span.error !== undefined;
    case 'tool_call':
      return span.status === 'error' || span.status === 'timeout';
    case 'turn':
      return span.finalStatus === 'failed';
    case 'subagent':
      return span.status !== undefined && FAILED_SUBAGENT.has(span.status);
    case 'session':
    case 'approval':
      return false;
    default:
      return span satisfies never;
  }
}
