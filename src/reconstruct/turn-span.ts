import type { FinalStatus, IncompleteReason, TurnSpan } from '../model/span.ts';
import { later } from '../model/time.ts';
import type { SessionState, State, TurnState } from './state.ts';

/** The turn as it stands. `reason`: why it is incomplete; `undefined` when it is whole. */
export function turnSpan(
  state: State,
  session: SessionState,
  turn: TurnState,
  reason: IncompleteReason | undefined,
): TurnSpan {
  const awaited = turn.tools.length;
  const topLevel = turn.tools.filter((tool) => tool.enclosing === undefined).length;
  return {
    kind: 'turn',
    traceId: turn.position.traceId,
    spanId: turn.position.spanId,
    parentSpanId: turn.position.parentSpanId,
    startTime: turn.startTime,
    endTime: later(turn.startTime, turn.endTime ?? turn.lastTime),
    sessionId: turn.sessionId,
    incomplete: reason,
    links: turn.previousTurn === undefined ? [] : [{ ...turn.previousTurn, relation: 'previous_turn' }],
    events: turn.events,
    syntheticTime: state.options.syntheticTime,
    turnId: turn.turnId,
    index: turn.index,
    isFirstTurn: turn.isFirstTurn,
    model: turn.model ?? session.model,
    platform: turn.platform ?? session.platform,
    provider: turn.provider,
    senderId: turn.senderId,
    background: turn.background,
    inSubagent: session.subagent !== undefined,
    apiCallCount: turn.apiCallCount,
    toolCallCount: turn.toolCallCount + topLevel,
    tokens: turn.tokens,
    toolNames: turn.toolNames,
    toolOutcomes:
      awaited === 0
        ? turn.toolOutcomes
        : { ...turn.toolOutcomes, incomplete: (turn.toolOutcomes.incomplete ?? 0) + awaited },
    finalStatus: finalStatusOf(turn, reason),
    completed: turn.completed,
    interrupted: turn.interrupted,
    failed: turn.failed,
    exitReason: turn.exitReason,
    userMessage: turn.userMessage,
    assistantResponse: turn.assistantResponse,
  };
}

function finalStatusOf(turn: TurnState, reason: IncompleteReason | undefined): FinalStatus {
  if (turn.failed === true) return 'failed';
  if (turn.interrupted === true) return 'interrupted';
  if (reason !== undefined) return 'incomplete';
  return turn.completed === false ? 'incomplete' : 'completed';
}
