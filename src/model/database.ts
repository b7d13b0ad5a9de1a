import type { JsonValue } from './json.ts';
import type { SessionCost, TokenSums } from './span.ts';
import type { EpochMicros } from './time.ts';

/**
 * Rows of Hermes's `state.db` as the input stage yields them. Columns that a file does not have are `undefined`; content is
 * there only when it was asked for.
 */
export interface DatabaseSession {
  readonly session: SessionRow;
  /** By `id`, which is the order of writing. `timestamp` goes back at times. */
  readonly messages: readonly MessageRow[];
  readonly usage: readonly UsageRow[];
  /** Sessions that name this one as their parent, by start. */
  readonly children: readonly ChildRow[];
}

/** How a session came from another one. */
export interface SessionOrigin {
  readonly id: string;
  readonly source: string | undefined;
  readonly parentSessionId: string | undefined;
  /** `model_config._delegate_from`, since 0.17: the session is a sub-agent's. */
  readonly delegateFrom: string | undefined;
  /** `model_config._branched_from`: a copy that `/branch` made. */
  readonly branchedFrom: string | undefined;
  /** `model_config._reset_from`: a new conversation in the same chat. */
  readonly resetFrom: string | undefined;
  readonly startedAt: EpochMicros;
  /** `undefined` while it runs, after a kill, after a resume, and for some commands. */
  readonly endedAt: EpochMicros | undefined;
  readonly endReason: string | undefined;
  /** `compression` when one session goes on where the parent stopped. */
  readonly parentEndReason: string | undefined;
  readonly parentEndedAt: EpochMicros | undefined;
}

export interface SessionRow extends SessionOrigin {
  readonly model: string | undefined;
  readonly provider: string | undefined;
  readonly baseUrl: string | undefined;
  readonly tokens: TokenSums;
  /** Answered calls with usage; `undefined` when there was none. */
  readonly apiCallCount: number | undefined;
  readonly cost: SessionCost | undefined;
}

/** A session below another one, as far as the parent's own events need it. */
export interface ChildRow extends SessionOrigin {
  readonly firstMessageId: number | undefined;
  readonly lastMessageId: number | undefined;
  readonly lastMessageAt: EpochMicros | undefined;
}

export interface MessageRow {
  readonly id: number;
  readonly role: string;
  readonly time: EpochMicros;
  /** The first 80 characters: enough to distinguish Hermes's own texts from people's. */
  readonly head: string;
  /** The last 16 characters and the length: together with `head` they identify a copy. */
  readonly tail: string;
  readonly length: number;
  readonly finishReason: string | undefined;
  readonly toolCallId: string | undefined;
  /** Of a tool's result; not before 0.16. */
  readonly toolName: string | undefined;
  readonly toolCalls: readonly ToolCallRow[];
  /** Of a tool's result: its `error`, `undefined` when it has none. */
  readonly error: JsonValue | undefined;
  /** False for a text overheard in a group chat. */
  readonly forAgent: boolean;
  /** What of the row cannot be read, and what is done instead. */
  readonly damage: string | undefined;
  /** Content. */
  readonly content: string | undefined;
}

export interface ToolCallRow {
  readonly id: string | undefined;
  /** A second id, in the Responses API. */
  readonly otherId: string | undefined;
  readonly name: string;
  /** Content. */
  readonly args: JsonValue | undefined;
}

/** A row of `session_model_usage` (0.19). */
export interface UsageRow {
  readonly model: string | undefined;
  readonly provider: string | undefined;
  /** `undefined` for the agent's own calls. */
  readonly task: string | undefined;
  readonly callCount: number | undefined;
  readonly tokens: TokenSums;
  readonly lastSeen: EpochMicros | undefined;
}
