/**
 * The state between two events: plain data (records, arrays, maps), so that it can be printed, compared in a test and
 * written to a checkpoint. It holds no content of the log unless content was asked for.
 */
import type { HookEvent, SessionTotals, ToolStatus, Usage } from '../model/event.ts';
import type {
  AgentSpan,
  AgentSpanEvent,
  ApiCallSpan,
  ApprovalSpan,
  AuxiliaryCallSpan,
  Endpoint,
  IncompleteReason,
  SpanId,
  TimeSource,
  ToolCallSpan,
  TraceId,
  TurnSpan,
} from '../model/span.ts';
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
  /** What closed lately, in any session: turns by their key, everything else under keys of its own module. The oldest first. */
  readonly recentlyClosed: Map<string, ClosedFacts>;
  /** Keys of open turns, the oldest first: `session id`, NUL, turn key. */
  readonly openTurns: Map<string, true>;
  /** Keys of the open turns that only wait for late events (`TurnState.wait`). */
  readonly expiring: Map<string, true>;
  /** Log time before which no turn of `expiring` is due. */
  nextExpiry: EpochMicros;
  /** The reorder window: events by time. */
  readonly waiting: HookEvent[];
  /** Index of the first of `waiting` that has not been applied. */
  waitingFrom: number;
  /** The latest time of the events so far, or since the clock was last set back. */
  clock: EpochMicros;
  /** The time of the event applied last. An event with an earlier time is late, or its clock was set back. */
  watermark: EpochMicros;
  /** The latest `watermark`, which goes back where the log's clock does. */
  reached: EpochMicros;
  /** Log time of the next check for idle sessions. */
  nextIdleCheck: EpochMicros;
}

/** The place of a span in its trace. */
export interface Position {
  readonly traceId: TraceId;
  readonly spanId: SpanId;
  readonly parentSpanId: SpanId | undefined;
}

export interface SessionState {
  readonly id: string;
  /** `undefined` until a span below needs it: a link to a parent may still come. */
  position: Position | undefined;
  startTime: EpochMicros;
  /** The last thing known to have happened in it. */
  lastTime: EpochMicros;
  /** Set by finalize or reset; `undefined` while it goes on. */
  endTime: EpochMicros | undefined;
  endReason: string | undefined;
  incomplete: IncompleteReason | undefined;
  model: string | undefined;
  platform: string | undefined;
  profile: string | undefined;
  endpoint: Endpoint | undefined;
  previousSessionId: string | undefined;
  parentSessionId: string | undefined;
  /** The session into which a rotation turned this one. */
  continuedBy: string | undefined;
  /** Key of the sub-agent that runs this session: its turns hang below that span, which stands for the session. */
  subagent: string | undefined;
  /** Open turns, and sent turns with open children. By key, in order of start. */
  readonly turns: Map<string, TurnState>;
  /** Task ids of its ordinary turns. */
  readonly tasks: string[];
  /** The task that was last noted as this session's in `State.taskSessions`. */
  notedTask: string | undefined;
  /** True when the log has hooks that begin or end its turns. */
  hasTurnHooks: boolean;
  turnCount: number;
  apiCallCount: number;
  toolCallCount: number;
  tokens: Usage;
  completed: boolean | undefined;
  interrupted: boolean | undefined;
  /** Content: of its first turn, and of its last. */
  userMessage: string | undefined;
  assistantResponse: string | undefined;
  /** Its ordinary turn that began last. */
  latestTurn: LatestTurn | undefined;
  /** Hermes's own sums, in a log that was made of its database. */
  totals: Pick<SessionTotals, 'usage' | 'cost' | 'modelUsage'> | undefined;
  timeSource: TimeSource | undefined;
  /** True when a turn of it was selected: then its span is sent. */
  selected: boolean;
  /** True when its span was sent; cleared when a new turn begins. */
  sent: boolean;
}

export interface LatestTurn {
  readonly key: string;
  readonly startTime: EpochMicros;
  readonly traceId: TraceId;
  readonly spanId: SpanId;
}

/** A turn with `wait` closes when the log's clock is this far past its last event, and past `from`. */
export interface Wait {
  readonly from: EpochMicros;
  readonly micros: number;
}

export interface TurnState {
  readonly key: string;
  /** Without a span of its own, it has the ids of what stands for it: the session. */
  readonly span: OpenTurn;
  /** The session after the rotations so far. */
  latestSessionId: string;
  /** True for what gathers the calls outside turns: it is no turn, and they hang below the session. */
  readonly outside: boolean;
  /** False: nothing hangs below it, because the session has no span either. */
  readonly hasSpan: boolean;
  /** False while a later event may show whose turn it is: its spans are held. */
  certain: boolean;
  readonly held: AgentSpan[];
  readonly selected: boolean;
  taskId: string | undefined;
  lastTime: EpochMicros;
  /** Its `post_llm_call` or, without one, its `on_session_end`. */
  endTime: EpochMicros | undefined;
  /** Set when the turn is over, or its session is, and only late events are awaited. */
  wait: Wait | undefined;
  /** Of its last API error. */
  errorTime: EpochMicros | undefined;
  /** True when Hermes does not try again after that error. */
  fatal: boolean;
  endpoint: Endpoint | undefined;
  /** True when its span was sent. */
  sent: boolean;
  /** True when its `pre_llm_call` came twice: two recorders write this log. */
  heardTwice: boolean;
  /** False: the turn was opened by the first event inside it. */
  hasPreLlmCall: boolean;
  /** By logical call: `api_request_id`, or the call's number. */
  readonly calls: Map<string, CallState>;
  /** Key of the call that began last. */
  currentCall: string | undefined;
  /** Open tool calls, in order of start. */
  readonly tools: ToolState[];
  readonly approvals: ApprovalState[];
  readonly auxiliaryCalls: Map<string, AuxiliaryState>;
  /** Finished aggregator calls, whose tokens the API call around them may report too. */
  readonly aggregators: AuxiliaryCallSpan[];
  /** Answers of a mixture of agents of which the aggregator call is not known yet. */
  aggregatedAnswers: number;
}

/** A span that is filled in while its activity is open, and leaves as it is. */
export type Open<S> = { -readonly [F in keyof S]: S[F] };

export interface OpenTurn extends Open<Omit<TurnSpan, 'events' | 'toolNames' | 'toolOutcomes'>> {
  readonly events: AgentSpanEvent[];
  readonly toolNames: string[];
  readonly toolOutcomes: Partial<Record<ToolStatus | 'incomplete', number>>;
}

export interface ClosedFacts {
  /** Of an API call. */
  readonly answer: AnswerFacts | undefined;
  /** Of a tool call. */
  readonly durationMillis: number | undefined;
  /** True when its own end was not in the log: a late one still counts. */
  readonly cutOff: boolean | undefined;
  readonly startTime: EpochMicros;
  /** `undefined` when its end is not remembered. */
  readonly endTime: EpochMicros | undefined;
  /** Of a tool's arguments. */
  readonly fingerprint: number | undefined;
  /** Of a turn. */
  readonly traceId: TraceId | undefined;
  /** How many closed under this key: some providers give one id to several calls. */
  readonly count: number;
}

/** What identifies an answer. */
export interface AnswerFacts {
  readonly endedAt: EpochMicros | undefined;
  readonly totalTokens: number | undefined;
}

/** An end that follows from a later event. Without a `reason` the span is whole. */
export interface PresumedEnd {
  readonly time: EpochMicros;
  readonly reason: IncompleteReason | undefined;
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
    | {
        readonly name: string;
        readonly time: EpochMicros;
        readonly retryCount: number | undefined;
        readonly statusCode: number | undefined;
      }
    | undefined;
  /** Of its last answer, likewise. */
  lastAnswer: (AnswerFacts & { readonly time: EpochMicros }) | undefined;
  open: AttemptState | undefined;
}

export interface AttemptState {
  readonly span: Open<ApiCallSpan>;
  /** The recorder's time of its `pre`. */
  readonly openedAt: EpochMicros;
  /** Of the logical call, as its `pre` has it. */
  readonly startedAt: EpochMicros | undefined;
  firstChunkAt: EpochMicros | undefined;
  presumed: PresumedEnd | undefined;
}

export interface ToolState {
  readonly span: Open<ToolCallSpan>;
  /** Names the call among those that closed; `undefined` for a call that opened without an id. */
  readonly key: SpanId | undefined;
  /** Of its arguments. */
  readonly fingerprint: number;
  /** Fingerprint of the command among them, by which approvals are paired. */
  readonly command: number | undefined;
  presumed: PresumedEnd | undefined;
}

export interface ApprovalState {
  readonly span: Open<ApprovalSpan>;
  /** Of the command. */
  readonly fingerprint: number | undefined;
  presumed: PresumedEnd | undefined;
}

export interface AuxiliaryState {
  readonly span: Open<AuxiliaryCallSpan>;
  presumed: PresumedEnd | undefined;
}

export interface SubagentState {
  readonly key: string;
  readonly position: Position;
  /** The parent's session. */
  readonly sessionId: string;
  readonly parentTurnId: string | undefined;
  /** Known later when `subagent_start` did not name it. */
  childSessionId: string | undefined;
  readonly childSubagentId: string | undefined;
  readonly role: string | undefined;
  readonly goal: string | undefined;
  readonly startTime: EpochMicros;
  readonly timeSource: TimeSource | undefined;
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
    recentlyClosed: new Map(),
    openTurns: new Map(),
    expiring: new Map(),
    nextExpiry: Number.MAX_SAFE_INTEGER as EpochMicros,
    waiting: [],
    waitingFrom: 0,
    clock: 0 as EpochMicros,
    watermark: 0 as EpochMicros,
    reached: 0 as EpochMicros,
    nextIdleCheck: 0 as EpochMicros,
  };
}

export function openTurnKey(turn: TurnState): string {
  return `${turn.span.sessionId}\0${turn.key}`;
}

/** The turn under a key of `State.openTurns`. */
export function openTurnUnder(
  state: State,
  key: string,
): { session: SessionState; turn: TurnState } | undefined {
  const at = key.indexOf('\0');
  const session = state.sessions.get(key.slice(0, at));
  const turn = session?.turns.get(key.slice(at + 1));
  return session === undefined || turn === undefined ? undefined : { session, turn };
}

/** The id of the session that stands for none: auxiliary calls outside turns may name none, and none may be active. */
export const NO_SESSION = '';

export const NO_TOKENS: Usage = {
  inputTokens: undefined,
  outputTokens: undefined,
  cacheReadTokens: undefined,
  cacheWriteTokens: undefined,
  reasoningTokens: undefined,
  promptTokens: undefined,
  totalTokens: undefined,
};

interface Counted {
  readonly session: SessionState;
  readonly turn: TurnState;
}

/** Adds one answer's tokens to its turn and, unless the turn is a background review, to its session. */
export function countUsage({ session, turn }: Counted, usage: Usage | undefined): void {
  if (usage === undefined) return;
  turn.span.tokens = addUsage(turn.span.tokens, usage);
  if (!turn.span.background) session.tokens = addUsage(session.tokens, usage);
}

/** A count that no answer reported stays `undefined`, never 0. */
export function addUsage(sum: Usage, usage: Usage): Usage {
  return {
    inputTokens: plus(sum.inputTokens, usage.inputTokens),
    outputTokens: plus(sum.outputTokens, usage.outputTokens),
    cacheReadTokens: plus(sum.cacheReadTokens, usage.cacheReadTokens),
    cacheWriteTokens: plus(sum.cacheWriteTokens, usage.cacheWriteTokens),
    reasoningTokens: plus(sum.reasoningTokens, usage.reasoningTokens),
    promptTokens: plus(sum.promptTokens, usage.promptTokens),
    totalTokens: plus(sum.totalTokens, usage.totalTokens),
  };
}

function plus(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : a + b;
}
