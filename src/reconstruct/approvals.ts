/** Approvals: who waited how long for an answer, below the tool call that they gate. */
import type { PostApprovalResponse, PreApprovalRequest } from '../model/event.ts';
import type { ApprovalSpan, IncompleteReason } from '../model/span.ts';
import { later } from '../model/time.ts';
import { fingerprintOf } from './ids.ts';
import { cutOff, emit, type LineOutcome, spanBase, type TurnContext } from './output.ts';
import { closedUnder, derivedSpanId, hasClosed, rememberClosed } from './recently-closed.ts';
import type { ApprovalState, ClosedFacts, Open, ToolState, TurnState } from './state.ts';
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
  if (known !== undefined && isRepeat(known.span.startTime, event.time)) return 'merged';
  // The smart judge hands a request on to a person without a hook of its own: its part ends here, without a choice.
  for (const open of approvals.filter((approval) => isOtherSurface(approval, event))) {
    open.presumed ??= { time: event.time, reason: undefined };
  }
  approvals.push(openApproval(context, event));
  return 'mapped';
}

export function onPostApprovalResponse(context: TurnContext, event: PostApprovalResponse): LineOutcome {
  const { state, turn } = context;
  const key = approvalKey(turn, event);
  const same = turn.approvals.filter((approval) => isSameApproval(approval, event));
  // A request whose tool has ended gets the answer only if there is no other.
  const asked = same.find(({ presumed }) => presumed === undefined) ?? same[0];
  const at = asked === undefined ? -1 : turn.approvals.indexOf(asked);
  if (at === -1 && isSecondAnswer(closedUnder(state, key), event)) return 'merged';
  const [open] = at === -1 ? [] : turn.approvals.splice(at, 1);
  const { span, fingerprint } = open ?? openApproval(context, event);
  rememberClosed(state, key, { startTime: span.startTime, fingerprint, endTime: event.time });
  const { choice } = event;
  span.endTime = clampedEnd(context, event, span.startTime);
  span.choice = choice;
  span.granted = GRANTED.get(choice);
  span.timedOut = choice === undefined ? undefined : choice === 'timeout';
  span.decidedBy = event.decidedBy;
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
    const { span, fingerprint } = open;
    rememberClosed(context.state, approvalKey(context.turn, span), {
      startTime: span.startTime,
      fingerprint,
    });
    cutOff(open, open.presumed);
    emit(context, span);
  }
}

/** Closes every open approval of the turn, as incomplete unless another surface took it over. */
export function closeOpenApprovals(context: TurnContext, reason: IncompleteReason): void {
  for (const approval of context.turn.approvals.splice(0)) {
    cutOff(approval, { time: approval.span.startTime, reason });
    emit(context, approval.span);
  }
}

/** True when the event is of the same request as the open one, on another surface. */
function isOtherSurface(open: ApprovalState, event: ApprovalEvent): boolean {
  return open.span.surface !== event.surface && isSameRequest(open, event);
}

function isSameApproval(open: ApprovalState, event: ApprovalEvent): boolean {
  return open.span.surface === event.surface && isSameRequest(open, event);
}

function isSameRequest({ span, fingerprint }: ApprovalState, event: ApprovalEvent): boolean {
  if (span.toolCallId !== event.toolCallId || differ(span.patternKey, event.patternKey)) return false;
  return !differ(fingerprint, commandOf(event));
}

function approvalKey(turn: TurnState, event: ApprovalEvent | ApprovalState['span']): string {
  return `approval\0${turn.key}\0${event.toolCallId ?? event.patternKey ?? ''}\0${event.surface ?? ''}`;
}

function commandOf({ command }: ApprovalEvent): number | undefined {
  return command === undefined ? undefined : fingerprintOf(command);
}

function openApproval(context: TurnContext, event: ApprovalEvent): ApprovalState {
  const { state, session, turn } = context;
  const position = {
    traceId: turn.span.traceId,
    spanId: approvalSpanId(context, event),
    parentSpanId: findGated(turn, event)?.span.spanId ?? turn.span.spanId,
  };
  const span: Open<ApprovalSpan> = {
    ...spanBase(state, position, { sessionId: session.id, startTime: event.time }),
    kind: 'approval',
    surface: event.surface,
    choice: undefined,
    granted: undefined,
    timedOut: undefined,
    decidedBy: undefined,
    patternKey: event.patternKey,
    toolCallId: event.toolCallId,
    command: state.options.content && typeof event.command === 'string' ? event.command : undefined,
  };
  return { span, fingerprint: commandOf(event), presumed: undefined };
}

/** The tool call that waits for the approval: by its id, else by the command that both name, else the last one. */
function findGated({ tools }: TurnState, event: ApprovalEvent): ToolState | undefined {
  const command = commandOf(event);
  const named =
    event.toolCallId === undefined
      ? undefined
      : tools.find(({ span }) => span.toolCallId === event.toolCallId);
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
