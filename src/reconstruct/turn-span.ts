/** A turn's state → its span. */
import type { FinalStatus, IncompleteReason, TurnSpan } from '../model/span.ts';
import { later } from '../model/time.ts';
import type { TurnContext } from './output.ts';
import type { TurnState } from './state.ts';

/** A copy of the turn so far, as late events still change its state. `reason`: why it is incomplete; `undefined` when it is whole. */
export function turnSpan(
  { state, session, turn }: Omit<TurnContext, 'out'>,
  reason: IncompleteReason | undefined,
): TurnSpan {
  const topLevel = turn.tools.filter((tool) => tool.enclosing === undefined).length;
  return {
    traceId: turn.position.traceId,
    spanId: turn.position.spanId,
    parentSpanId: turn.position.parentSpanId,
    startTime: turn.startTime,
    sessionId: turn.sessionId,
    syntheticTime: state.options.syntheticTime,
    timeSource: turn.timeSource,
    kind: 'turn',
    endTime: later(turn.startTime, turn.endTime ?? turn.lastTime),
    incomplete: reason,
    links: linksTo(turn.previousTurn),
    events: [...turn.events],
    turnId: turn.turnId,
    index: turn.index,
    isFirstTurn: turn.isFirstTurn,
    model: turn.model ?? session.model,
    platform: turn.platform ?? session.platform,
    profile: turn.profile ?? session.profile,
    provider: turn.provider,
    senderId: turn.senderId,
    background: turn.background,
    inSubagent: session.subagent !== undefined,
    apiCallCount: turn.apiCallCount,
    toolCallCount: turn.toolCallCount + topLevel,
    tokens: turn.tokens,
    toolNames: [...turn.toolNames],
    toolOutcomes: outcomesOf(turn),
    finalStatus: finalStatusOf(turn, reason),
    completed: turn.completed,
    interrupted: turn.interrupted,
    failed: turn.failed,
    exitReason: turn.exitReason,
    userMessage: turn.userMessage,
    assistantResponse: turn.assistantResponse,
  };
}

function linksTo(previous: TurnState['previousTurn']): TurnSpan['links'] {
  if (previous === undefined) return [];
  return [{ traceId: previous.traceId, spanId: previous.spanId, relation: 'previous_turn' }];
}

/** Open tool calls count as incomplete. */
function outcomesOf({ tools, toolOutcomes }: TurnState): TurnSpan['toolOutcomes'] {
  if (tools.length === 0) return { ...toolOutcomes };
  return { ...toolOutcomes, incomplete: (toolOutcomes.incomplete ?? 0) + tools.length };
}

function finalStatusOf(turn: TurnState, reason: IncompleteReason | undefined): FinalStatus {
  if (turn.failed === true) return 'failed';
  if (turn.interrupted === true) return 'interrupted';
  if (reason !== undefined) return 'incomplete';
  return turn.completed === false ? 'incomplete' : 'completed';
}
