import type { Attributes } from '../model/otel.ts';
import type { FinishedSpan } from '../model/sink.ts';
import type { AgentSpan, ApiCallSpan, AuxiliaryCallSpan, TurnSpan } from '../model/span.ts';
import type { FactName } from './format.ts';

type Fact = string | number | boolean | undefined;
type Facts = Partial<Record<FactName, Fact>>;

/**
 * What the viewer shows of a span beyond its attributes: labels, totals and charts are made of these, so they read
 * the same under every naming convention. A fact that the log does not tell is absent, and so is a plain `false`.
 */
export function factsOf(span: FinishedSpan): Attributes {
  const { agent, otel } = span;
  const facts: Facts = {
    ...factsByKind(agent),
    incomplete: agent.incomplete,
    synthetic: agent.syntheticTime || undefined,
    message: otel.status.message,
  };
  return withoutUndefined(facts);
}

function factsByKind(agent: AgentSpan): Facts {
  switch (agent.kind) {
    case 'session':
      return { model: agent.model, platform: agent.platform };
    case 'turn':
      return turnFacts(agent);
    case 'api_call':
      return { ...callFacts(agent), firstChunkMicros: agent.timeToFirstChunkMicros };
    case 'auxiliary_call':
      return { ...callFacts(agent), tool: agent.auxTask };
    case 'tool_call':
      return {
        tool: agent.toolName,
        outcome: agent.status,
        errorType: agent.errorType,
        background: agent.background || undefined,
      };
    case 'approval':
      return { choice: agent.choice, granted: agent.granted, timedOut: agent.timedOut || undefined };
    case 'subagent':
      return {
        role: agent.role,
        outcome: agent.status,
        child: agent.childSessionId,
        model: agent.model,
      };
    default:
      return agent satisfies never;
  }
}

function turnFacts(agent: TurnSpan): Facts {
  return {
    index: agent.index,
    outcome: agent.finalStatus,
    model: agent.model,
    background: agent.background || undefined,
  };
}

/** Input counts are the whole prompt, cached tokens included, as a bill or a context window sees them. */
function callFacts(agent: ApiCallSpan | AuxiliaryCallSpan): Facts {
  const { usage } = agent;
  return {
    model: agent.responseModel ?? agent.model,
    attempt: agent.retryCount || undefined,
    answered: agent.answered,
    background: agent.background || undefined,
    errorType: agent.error?.type,
    inputTokens: usage?.promptTokens ?? usage?.inputTokens,
    outputTokens: usage?.outputTokens,
    cacheReadTokens: usage?.cacheReadTokens || undefined,
    cacheWriteTokens: usage?.cacheWriteTokens || undefined,
    reasoningTokens: usage?.reasoningTokens || undefined,
  };
}

function withoutUndefined(facts: Facts): Attributes {
  const known: Attributes = {};
  for (const [name, value] of Object.entries(facts)) {
    if (value !== undefined) known[name] = value;
  }
  return known;
}
