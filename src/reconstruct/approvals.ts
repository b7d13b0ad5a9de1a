/** Approvals: who waited how long for whose word, below the tool call they gate. */
import type { PostApprovalResponse, PreApprovalRequest } from '../model/event.ts';
import type { ApprovalSpan, IncompleteReason } from '../model/span.ts';
import { type EpochMicros, later } from '../model/time.ts';
import { hasEnded, rememberEnded } from './ended.ts';
import { spanIdOf } from './ids.ts';
import type { Fate, Output } from './output.ts';
import type { ApprovalState, PresumedEnd, SessionState, State, TurnState } from './state.ts';
import { clampedEnd, isRepeat } from './times.ts';

/** The choices that let the tool run (`tools/approval.py`). */
const GRANTING: ReadonlySet<string> = new Set(['once', 'session', 'always', 'smart_approve']);
const REFUSING: ReadonlySet<string> = new Set([
  'deny',
  'smart_deny',
  'timeout',
  'cancelled',
  'notify_failed',
]);

export function onPreApprovalRequest(
  state: State,
  session: SessionState,
  turn: TurnState,
  event: PreApprovalRequest,
): Fate {
  const known = turn.approvals.find((approval) => sameApproval(approval, event));
  if (known !== undefined && isRepeat(known.startTime, event.time)) return 'merged';
  // The smart judge passes a request on to a person without a word of its own.
  for (const approval of turn.approvals) {
    if (approval.toolCallId === event.toolCallId) {
      approval.presumed ??= { time: later(approval.startTime, event.time), reason: 'next_call' };
    }
  }
  turn.approvals.push(openApproval(state, session, turn, event));
  return 'mapped';
}

export function onPostApprovalResponse(
  state: State,
  out: Output,
  session: SessionState,
  turn: TurnState,
  event: PostApprovalResponse,
): Fate {
  const at = turn.approvals.findIndex((approval) => sameApproval(approval, event));
  if (at === -1 && hasEnded(state, approvalKey(turn, event))) return 'merged';
  const [open] = at === -1 ? [] : turn.approvals.splice(at, 1);
  const approval = open ?? openApproval(state, session, turn, event);
  rememberEnded(state, approvalKey(turn, event), approval.startTime);
  const { choice } = event;
  const span: ApprovalSpan = {
    ...approvalSpan(state, turn, approval),
    endTime: clampedEnd(out, event, approval.startTime, event.time),
    choice,
    granted:
      choice === undefined
        ? undefined
        : GRANTING.has(choice)
          ? true
          : REFUSING.has(choice)
            ? false
            : undefined,
    timedOut: choice === undefined ? undefined : choice === 'timeout',
    decidedBy: event.decidedBy,
  };
  turn.lastTime = later(turn.lastTime, span.endTime);
  if (turn.selected) out.spans.push(span);
  return 'mapped';
}

/** Notes that what is open must have ended by `end.time`. */
export function presumeApprovalsEnded(turn: TurnState, end: PresumedEnd): void {
  for (const approval of turn.approvals) approval.presumed ??= end;
}

/** Closes every open approval of the turn as incomplete. */
export function closeOpenApprovals(
  state: State,
  out: Output,
  turn: TurnState,
  reason: IncompleteReason,
): void {
  for (const approval of turn.approvals.splice(0)) {
    const end = approval.presumed ?? { time: approval.startTime, reason };
    const span: ApprovalSpan = {
      ...approvalSpan(state, turn, approval),
      endTime: later(approval.startTime, end.time),
      incomplete: end.reason,
    };
    if (turn.selected) out.spans.push(span);
  }
}

type ApprovalEvent = PreApprovalRequest | PostApprovalResponse;

function sameApproval(approval: ApprovalState, event: ApprovalEvent): boolean {
  return (
    approval.surface === event.surface &&
    approval.toolCallId === event.toolCallId &&
    (event.toolCallId !== undefined || approval.patternKey === event.patternKey)
  );
}

function approvalKey(turn: TurnState, event: ApprovalEvent): string {
  return `approval\0${turn.key}\0${event.toolCallId ?? event.patternKey ?? ''}\0${event.surface ?? ''}`;
}

function openApproval(
  state: State,
  session: SessionState,
  turn: TurnState,
  event: ApprovalEvent,
): ApprovalState {
  const tool = turn.tools.find((open) => open.toolCallId === event.toolCallId) ?? turn.tools.at(-1);
  return {
    spanId: approvalSpanId(state, turn, event),
    parentSpanId: tool?.spanId ?? turn.position.spanId,
    surface: event.surface,
    toolCallId: event.toolCallId,
    patternKey: event.patternKey,
    sessionId: session.id,
    startTime: event.time,
    command: event.command,
    presumed: undefined,
  };
}

/** By tool call and surface; one that is asked for again, or has no tool call, by its time as well. */
function approvalSpanId(state: State, turn: TurnState, event: ApprovalEvent): ApprovalSpan['spanId'] {
  const key = approvalKey(turn, event);
  const again = event.toolCallId === undefined || hasEnded(state, key);
  return spanIdOf('approval', key, again ? timeText(event.time) : '');
}

function timeText(time: EpochMicros): string {
  return String(time);
}

function approvalSpan(state: State, turn: TurnState, approval: ApprovalState): ApprovalSpan {
  return {
    kind: 'approval',
    traceId: turn.position.traceId,
    spanId: approval.spanId,
    parentSpanId: approval.parentSpanId,
    startTime: approval.startTime,
    endTime: approval.startTime,
    sessionId: approval.sessionId,
    incomplete: undefined,
    links: [],
    events: [],
    syntheticTime: state.options.syntheticTime,
    surface: approval.surface,
    choice: undefined,
    granted: undefined,
    timedOut: undefined,
    decidedBy: undefined,
    patternKey: approval.patternKey,
    toolCallId: approval.toolCallId,
    command: approval.command,
  };
}
