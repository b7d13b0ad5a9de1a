/** Approvals: who waited how long for an answer, below the tool call that they gate. */
import type { PostApprovalResponse, PreApprovalRequest } from '../model/event.ts';
import type { ApprovalSpan, IncompleteReason } from '../model/span.ts';
import { later } from '../model/time.ts';
import { fingerprintOf } from './ids.ts';
import { emit, type LineOutcome, spanBase, type TurnContext } from './output.ts';
import { closedUnder, derivedSpanId, hasClosed, rememberClosed } from './recently-closed.ts';
import type { ApprovalState, ClosedFacts, PresumedEnd, ToolState, TurnState } from './state.ts';
import { clampedEnd, differ, isRepeat } from './times.ts';

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
  if (at === -1 && isSecondAnswer(closedUnder(state, key), event)) return 'merged';
  const [open] = at === -1 ? [] : turn.approvals.splice(at, 1);
  const approval = open ?? openApproval(context, event);
  rememberClosed(state, key, { ...approval, endTime: event.time });
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

/** True for an answer of a second recorder. */
function isSecondAnswer(closed: ClosedFacts | undefined, event: PostApprovalResponse): boolean {
  if (closed === undefined || differ(closed.fingerprint, commandOf(event))) return false;
  return (
    event.toolCallId !== undefined || closed.endTime === undefined || isRepeat(closed.endTime, event.time)
  );
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
  return !differ(open.patternKey, event.patternKey) && !differ(open.fingerprint, commandOf(event));
}

function isSameApproval(approval: ApprovalState, event: ApprovalEvent): boolean {
  return (
    approval.surface === event.surface &&
    approval.toolCallId === event.toolCallId &&
    !differ(approval.patternKey, event.patternKey) &&
    !differ(approval.fingerprint, commandOf(event))
  );
}

function approvalKey(turn: TurnState, event: ApprovalEvent | ApprovalState): string {
  return `approval\0${turn.key}\0${event.toolCallId ?? event.patternKey ?? ''}\0${event.surface ?? ''}`;
}

function commandOf({ command }: ApprovalEvent): number | undefined {
  return command === undefined ? undefined : fingerprintOf(command);
}

function openApproval(context: TurnContext, event: ApprovalEvent): ApprovalState {
  const { state, session, turn } = context;
  const fingerprint = commandOf(event);
  return {
    spanId: approvalSpanId(context, event),
    parentSpanId: findGated(turn, event)?.spanId ?? turn.position.spanId,
    surface: event.surface,
    toolCallId: event.toolCallId,
    patternKey: event.patternKey,
    sessionId: session.id,
    startTime: event.time,
    fingerprint,
    command: state.options.content && typeof event.command === 'string' ? event.command : undefined,
    presumed: undefined,
  };
}

/** The tool call that waits for the approval: by its id, else by the command that both name, else the last one. */
function findGated({ tools }: TurnState, event: ApprovalEvent): ToolState | undefined {
  const command = commandOf(event);
  const named =
    event.toolCallId === undefined ? undefined : tools.find((tool) => tool.toolCallId === event.toolCallId);
  const same = command === undefined ? undefined : tools.find((tool) => tool.command === command);
  return named ?? same ?? tools.at(-1);
}

/** By tool call and surface; one that is asked for again, or has no tool call, by its time and command as well. */
function approvalSpanId(context: TurnContext, event: ApprovalEvent): ApprovalSpan['spanId'] {
  const { state, turn } = context;
  const key = approvalKey(turn, event);
  const again = event.toolCallId === undefined || hasClosed(state, key);
  const command = event.toolCallId === undefined ? commandOf(event) : undefined;
  const parts = ['approval', key, again ? String(event.time) : ''];
  return derivedSpanId(context, event, command === undefined ? parts : [...parts, String(command)]);
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
