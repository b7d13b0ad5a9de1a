/** Approvals: who waited how long for an answer, below the tool call that they gate. */
import type { PostApprovalResponse, PreApprovalRequest } from '../model/event.ts';
import type { ApprovalSpan, IncompleteReason } from '../model/span.ts';
import { later } from '../model/time.ts';
import { spanIdOf } from './ids.ts';
import { emit, type LineOutcome, spanBase, type TurnContext } from './output.ts';
import { type ApprovalState, hasClosed, type PresumedEnd, rememberClosed, type TurnState } from './state.ts';
import { clampedEnd, isRepeat } from './times.ts';

/** The choices of `tools/approval.py`: true lets the tool run. Any other choice is neither. */
const GRANTED: ReadonlyMap<string | undefined, boolean> = new Map([
  ['once', true],
  ['session', true],
  ['always', true],
  ['smart_approve', true],
  ['deny', false],
  ['smart_deny', false],
  ['timeout', false],
  ['cancelled', false],
  ['notify_failed', false],
]);

type ApprovalEvent = PreApprovalRequest | PostApprovalResponse;

export function onPreApprovalRequest(context: TurnContext, event: PreApprovalRequest): LineOutcome {
  const { approvals } = context.turn;
  const known = approvals.find((approval) => isSameApproval(approval, event));
  if (known !== undefined && isRepeat(known.startTime, event.time)) return 'merged';
  // The smart judge hands a request on to a person without a hook of its own: its part ends here, without a choice.
  for (const open of approvals.filter((approval) => isOtherSurface(approval, event))) {
    open.presumed ??= { time: later(open.startTime, event.time), reason: undefined };
  }
  approvals.push(openApproval(context, event));
  return 'mapped';
}

export function onPostApprovalResponse(context: TurnContext, event: PostApprovalResponse): LineOutcome {
  const { state, turn } = context;
  const key = approvalKey(turn, event);
  const at = turn.approvals.findIndex((approval) => isSameApproval(approval, event));
  if (at === -1 && hasClosed(state, key)) return 'merged';
  const [open] = at === -1 ? [] : turn.approvals.splice(at, 1);
  const approval = open ?? openApproval(context, event);
  rememberClosed(state, key, approval);
  const { choice } = event;
  const span: ApprovalSpan = {
    ...approvalSpan(context, approval),
    endTime: clampedEnd(context, event, approval.startTime),
    choice,
    granted: GRANTED.get(choice),
    timedOut: choice === undefined ? undefined : choice === 'timeout',
    decidedBy: event.decidedBy,
  };
  turn.lastTime = later(turn.lastTime, span.endTime);
  closeHandedOn(context, event);
  emit(context, span);
  return 'mapped';
}

/** Closes what other surfaces handed on to the one that answered. */
function closeHandedOn(context: TurnContext, event: PostApprovalResponse): void {
  const { approvals } = context.turn;
  for (const open of approvals.filter((approval) => isOtherSurface(approval, event))) {
    if (open.presumed === undefined || open.presumed.reason !== undefined) continue;
    approvals.splice(approvals.indexOf(open), 1);
    rememberClosed(context.state, approvalKey(context.turn, open), open);
    emit(context, { ...approvalSpan(context, open), endTime: open.presumed.time });
  }
}

/** Notes that what is open ended by `end.time`. */
export function presumeApprovalsEnded(turn: TurnState, end: PresumedEnd): void {
  for (const approval of turn.approvals) approval.presumed ??= end;
}

/** Closes every open approval of the turn, as incomplete unless another surface took it over. */
export function closeOpenApprovals(context: TurnContext, reason: IncompleteReason): void {
  for (const approval of context.turn.approvals.splice(0)) {
    const end = approval.presumed ?? { time: approval.startTime, reason };
    emit(context, {
      ...approvalSpan(context, approval),
      endTime: later(approval.startTime, end.time),
      incomplete: end.reason,
    });
  }
}

/** True when the event is of the same request as the open one, on another surface. */
function isOtherSurface(open: ApprovalState, event: ApprovalEvent): boolean {
  if (open.surface === event.surface || open.toolCallId !== event.toolCallId) return false;
  return event.toolCallId !== undefined || open.patternKey === event.patternKey;
}

function isSameApproval(approval: ApprovalState, event: ApprovalEvent): boolean {
  return (
    approval.surface === event.surface &&
    approval.toolCallId === event.toolCallId &&
    (event.toolCallId !== undefined || approval.patternKey === event.patternKey)
  );
}

function approvalKey(turn: TurnState, event: ApprovalEvent | ApprovalState): string {
  return `approval\0${turn.key}\0${event.toolCallId ?? event.patternKey ?? ''}\0${event.surface ?? ''}`;
}

function openApproval(context: TurnContext, event: ApprovalEvent): ApprovalState {
  const { session, turn } = context;
  const tool = turn.tools.find((open) => open.toolCallId === event.toolCallId) ?? turn.tools.at(-1);
  return {
    spanId: approvalSpanId(context, event),
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
function approvalSpanId({ state, turn }: TurnContext, event: ApprovalEvent): ApprovalSpan['spanId'] {
  const key = approvalKey(turn, event);
  const again = event.toolCallId === undefined || hasClosed(state, key);
  return spanIdOf('approval', key, again ? String(event.time) : '');
}

function approvalSpan({ state, turn }: TurnContext, approval: ApprovalState): ApprovalSpan {
  const { traceId } = turn.position;
  return {
    ...spanBase(state, { ...approval, traceId }, approval),
    kind: 'approval',
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
