/**
 * What is known between two events: plain data (records, arrays, maps), so that it can be printed, compared in a
 * test and written to a checkpoint. It holds no content of the log unless content was asked for.
 */
import type { ApiFields, HookEvent, ToolStatus, Usage } from '../model/event.ts';
import type { AgentSpanEvent, IncompleteReason, SpanId, TraceId } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';
import type { ReconstructOptions } from './options.ts';

export interface State {
  readonly options: ReconstructOptions;
  /** By session id, in order of first sight. */
  readonly sessions: Map<string, SessionState>;
  /** Ids of sessions without an open turn, the longest quiet first. */
  readonly quiet: Map<string, true>;
  /** Which session a task was last seen under. */
  readonly taskSessions: Map<string, string>;
  /** Which session an open turn belongs to, by `turn_id`. */
  readonly turnSessions: Map<string, string>;
  /** Running sub-agents, by child session id (or by a key of their own when Hermes named none). */
  readonly subagents: Map<string, SubagentState>;
  /** What ended lately, in any session: turns by their key, everything else as its noun says. */
  ended: Map<string, Ended>;
  /** What ended before that. */
  endedBefore: Map<string, Ended>;
  /** Keys of open turns, the oldest first: `session id`, NUL, turn key. */
  readonly openTurns: Map<string, true>;
  /** Events that wait for their order, by time. */
  readonly waiting: HookEvent[];
  /** Index of the first of `waiting` that has not been handed on. */
  waitingFrom: number;
  /** The latest time among the events so far, or since the clock was last set back. */
  clock: EpochMicros;
  /** The time handed on last: what comes with an earlier one is a straggler, or tells of a clock that was set back. */
  handedOn: EpochMicros;
  /** Log time of the next look for idle sessions. */
  nextIdleCheck: EpochMicros;
}

/** Where a span stands. */
export interface Position {
  readonly traceId: TraceId;
  readonly spanId: SpanId;
  readonly parentSpanId: SpanId | undefined;
}

export interface SessionState {
  readonly id: string;
  /** `undefined` until something below it needs it: a link to a parent may still come. */
  position: Position | undefined;
  startTime: EpochMicros;
  /** The last thing known to have happened in it. */
  lastTime: EpochMicros;
  /** At finalise or reset; `undefined` while it goes on. */
  endTime: EpochMicros | undefined;
  endReason: string | undefined;
  incomplete: IncompleteReason | undefined;
  model: string | undefined;
  platform: string | undefined;
  previousSessionId: string | undefined;
  parentSessionId: string | undefined;
  /** Key of the sub-agent whose session this is: its turns hang below that span, which stands for the session. */
  subagent: string | undefined;
  /** Open turns, and turns sent whose last children are still awaited. By key, in order of start. */
  readonly turns: Map<string, TurnState>;
  /** Task ids of its ordinary turns. */
  readonly tasks: string[];
  turnCount: number;
  apiCallCount: number;
  toolCallCount: number;
  tokens: Usage;
  completed: boolean | undefined;
  interrupted: boolean | undefined;
  previousTurn: { readonly traceId: TraceId; readonly spanId: SpanId } | undefined;
  /** True when a turn of it was selected: then its span leaves. */
  selected: boolean;
  /** True when its span has left; cleared when it speaks again. */
  sent: boolean;
}

export interface TurnState {
  readonly key: string;
  readonly turnId: string | undefined;
  /** The session at its start. */
  readonly sessionId: string;
  /** The session after the rotations so far. */
  latestSessionId: string;
  readonly position: Position;
  readonly index: number | undefined;
  readonly background: boolean;
  readonly selected: boolean;
  readonly previousTurn: { readonly traceId: TraceId; readonly spanId: SpanId } | undefined;
  taskId: string | undefined;
  startTime: EpochMicros;
  lastTime: EpochMicros;
  /** Its `post_llm_call` or, without one, its `on_session_end`. */
  endTime: EpochMicros | undefined;
  isFirstTurn: boolean | undefined;
  model: string | undefined;
  platform: string | undefined;
  provider: string | undefined;
  senderId: string | undefined;
  completed: boolean | undefined;
  interrupted: boolean | undefined;
  failed: boolean | undefined;
  exitReason: string | undefined;
  userMessage: string | undefined;
  assistantResponse: string | undefined;
  /** True when its span has left. */
  sent: boolean;
  /** True when its `pre_llm_call` is in the log; else it was opened by the first event inside it. */
  announced: boolean;
  /** By logical call: `api_request_id`, or the call's number. */
  readonly calls: Map<string, CallState>;
  /** Key of the call that began last. */
  currentCall: string | undefined;
  /** Open tool calls, in order of start. */
  readonly tools: ToolState[];
  readonly approvals: ApprovalState[];
  readonly auxiliaryCalls: Map<string, AuxiliaryState>;
  readonly events: AgentSpanEvent[];
  apiCallCount: number;
  toolCallCount: number;
  tokens: Usage;
  readonly toolNames: string[];
  readonly toolOutcomes: Partial<Record<ToolStatus | 'incomplete', number>>;
}

export interface Ended {
  readonly startTime: EpochMicros;
  /** `undefined` for what has no end of its own in the log. */
  readonly endTime: EpochMicros | undefined;
  /** Of a tool's arguments. */
  readonly fingerprint: number | undefined;
  /** Of a turn. */
  readonly traceId: TraceId | undefined;
  /** How many ended under this key: some providers give one id to several calls. */
  readonly count: number;
}

/** When something presumably ended, and what told so. */
export interface PresumedEnd {
  readonly time: EpochMicros;
  readonly reason: IncompleteReason;
}

/** One logical call and its attempts. */
export interface CallState {
  readonly key: string;
  /** Attempts seen so far, the open one included. */
  attempts: number;
  /** Answers seen so far: more than one only when a provider was asked again after an answer. */
  answers: number;
  /** Start of its first attempt. */
  firstStart: EpochMicros | undefined;
  /** End of its last closed attempt. */
  lastEnd: EpochMicros | undefined;
  /** Of its last error, to know a repeated one. */
  lastError:
    | { readonly name: string; readonly time: EpochMicros; readonly retryCount: number | undefined }
    | undefined;
  open: AttemptState | undefined;
}

export interface AttemptState extends ApiFields {
  readonly startTime: EpochMicros;
  /** The recorder's time of its `pre`. */
  readonly openedAt: EpochMicros;
  readonly attempt: number;
  readonly sessionId: string;
  readonly model: string | undefined;
  readonly platform: string | undefined;
  readonly messageCount: number | undefined;
  readonly toolCount: number | undefined;
  readonly approxInputTokens: number | undefined;
  readonly requestCharCount: number | undefined;
  readonly maxTokens: number | undefined;
  firstChunkAt: EpochMicros | undefined;
  presumed: PresumedEnd | undefined;
}

export interface ToolState {
  /** Names the call among those that ended; `undefined` for a call that opened without an id. */
  readonly key: SpanId | undefined;
  readonly spanId: SpanId;
  readonly sessionId: string;
  readonly toolName: string;
  toolCallId: string | undefined;
  readonly apiRequestId: string | undefined;
  /** Of its arguments. */
  readonly fingerprint: number;
  readonly startTime: EpochMicros;
  lastTime: EpochMicros;
  /** The `execute_code` that was open when it started. */
  readonly enclosing: SpanId | undefined;
  readonly args: string | undefined;
  presumed: PresumedEnd | undefined;
}

export interface ApprovalState {
  readonly spanId: SpanId;
  readonly parentSpanId: SpanId;
  readonly surface: string | undefined;
  readonly toolCallId: string | undefined;
  readonly patternKey: string | undefined;
  readonly sessionId: string;
  readonly startTime: EpochMicros;
  readonly command: string | undefined;
  presumed: PresumedEnd | undefined;
}

export interface AuxiliaryState extends ApiFields {
  readonly startTime: EpochMicros;
  readonly sessionId: string;
  readonly auxTask: string | undefined;
  readonly model: string | undefined;
  readonly platform: string | undefined;
  readonly messageCount: number | undefined;
  readonly streaming: boolean | undefined;
  presumed: PresumedEnd | undefined;
}

export interface SubagentState {
  readonly key: string;
  readonly position: Position;
  /** The parent's session. */
  readonly sessionId: string;
  readonly parentTurnId: string | undefined;
  readonly childSessionId: string | undefined;
  readonly childSubagentId: string | undefined;
  readonly role: string | undefined;
  readonly goal: string | undefined;
  readonly startTime: EpochMicros;
  readonly background: boolean;
  readonly selected: boolean;
}

export function createState(options: ReconstructOptions): State {
  return {
    options,
    sessions: new Map(),
    quiet: new Map(),
    taskSessions: new Map(),
    turnSessions: new Map(),
    subagents: new Map(),
    ended: new Map(),
    endedBefore: new Map(),
    openTurns: new Map(),
    waiting: [],
    waitingFrom: 0,
    clock: 0 as EpochMicros,
    handedOn: 0 as EpochMicros,
    nextIdleCheck: 0 as EpochMicros,
  };
}
