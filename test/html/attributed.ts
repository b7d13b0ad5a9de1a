import type { Attributes, OtelSpan, StatusCode } from '../../src/model/otel.ts';
import { SPAN_KIND, STATUS_CODE } from '../../src/model/otel.ts';
import type { FinishedSpan } from '../../src/model/sink.ts';
import type { AgentSpan, ApiCallSpan, TurnSpan } from '../../src/model/span.ts';

/** An agent span with attributes as many and as long as the program's own convention gives it. */
export function attributed(agent: AgentSpan): FinishedSpan {
  const { traceId, spanId, parentSpanId, startTime, endTime } = agent;
  const otel: OtelSpan = {
    traceId,
    spanId,
    parentSpanId,
    name: nameOf(agent),
    kind: agent.kind === 'api_call' ? SPAN_KIND.client : SPAN_KIND.internal,
    startTime,
    endTime,
    attributes: withoutUndefined({ 'hermes.session.id': agent.sessionId, ...attributesOf(agent) }),
    status: { code: statusOf(agent), message: messageOf(agent) },
    events: agent.events.map(({ time, name, fields }) => ({ time, name, attributes: { ...fields } })),
    links: agent.links.map((link) => ({ ...link, attributes: { 'hermes.link.relation': link.relation } })),
  };
  return { agent, otel };
}

function nameOf(agent: AgentSpan): string {
  switch (agent.kind) {
    case 'api_call':
      return `chat ${agent.model ?? ''}`;
    case 'tool_call':
      return `hermes.tool.${agent.toolName}`;
    default:
      return `hermes.${agent.kind}`;
  }
}

function statusOf(agent: AgentSpan): StatusCode {
  if (agent.incomplete !== undefined) return STATUS_CODE.unset;
  return messageOf(agent) === undefined ? STATUS_CODE.ok : STATUS_CODE.error;
}

function messageOf(agent: AgentSpan): string | undefined {
  if (agent.kind === 'api_call') return agent.error?.message;
  return agent.kind === 'tool_call' ? agent.errorMessage : undefined;
}

type Candidates = { [key: string]: Attributes[string] | undefined };

function attributesOf(agent: AgentSpan): Candidates {
  switch (agent.kind) {
    case 'session':
      return {
        'hermes.span.kind': 'AGENT',
        'gen_ai.request.model': agent.model,
        'gen_ai.system': 'hermes-agent',
        'hermes.platform': agent.platform,
        'hermes.session.completed': agent.completed,
        'hermes.session.total_turns': agent.turnCount,
      };
    case 'turn':
      return turnAttributes(agent);
    case 'api_call':
      return callAttributes(agent);
    case 'tool_call':
      return {
        'hermes.span.kind': 'TOOL',
        'hermes.tool.name': agent.toolName,
        'hermes.turn.id': agent.apiRequestId?.replace(/:api:\d+$/, ''),
        'hermes.api_request.id': agent.apiRequestId,
        'gen_ai.tool.call.id': agent.toolCallId,
        'hermes.tool.outcome': agent.status,
        'hermes.tool.duration_ms': agent.durationMillis,
        'error.type': agent.errorType,
      };
    case 'approval':
      return {
        'hermes.approval.choice': agent.choice,
        'hermes.approval.granted': agent.granted,
        'hermes.approval.surface': agent.surface,
        'gen_ai.tool.call.id': agent.toolCallId,
      };
    case 'subagent':
      return {
        'hermes.span.kind': 'AGENT',
        'hermes.subagent.role': agent.role,
        'hermes.subagent.status': agent.status,
        'hermes.subagent.session_id': agent.childSessionId,
      };
    case 'auxiliary_call':
      return { 'hermes.span.kind': 'LLM', 'hermes.aux.task': agent.auxTask };
    default:
      return agent satisfies never;
  }
}

function turnAttributes(agent: TurnSpan): Candidates {
  return {
    'hermes.span.kind': 'CHAIN',
    'hermes.turn.id': agent.turnId,
    'hermes.turn.index': agent.index,
    'hermes.is_first_turn': agent.isFirstTurn,
    'gen_ai.request.model': agent.model,
    'hermes.platform': agent.platform,
    'hermes.turn.api_call_count': agent.apiCallCount,
    'hermes.turn.tool_call_count': agent.toolCallCount,
    'hermes.turn.duration_s': { double: (agent.endTime - agent.startTime) / 1e6 },
    'hermes.turn.tools': agent.toolNames,
    'hermes.turn.final_status': agent.finalStatus,
    'gen_ai.usage.input_tokens': agent.tokens.promptTokens,
    'gen_ai.usage.output_tokens': agent.tokens.outputTokens,
    'hermes.incomplete': agent.incomplete === undefined ? undefined : true,
  };
}

function callAttributes(agent: ApiCallSpan): Candidates {
  return {
    'hermes.span.kind': 'LLM',
    'gen_ai.operation.name': 'chat',
    'gen_ai.system': 'hermes-agent',
    'gen_ai.request.model': agent.model,
    'gen_ai.response.model': agent.responseModel,
    'gen_ai.usage.input_tokens': agent.usage?.promptTokens,
    'gen_ai.usage.output_tokens': agent.usage?.outputTokens,
    'gen_ai.response.finish_reasons': agent.finishReason === undefined ? undefined : [agent.finishReason],
    'hermes.provider': agent.provider,
    'hermes.turn.id': agent.apiRequestId?.replace(/:api:\d+$/, ''),
    'hermes.api_request.id': agent.apiRequestId,
    'hermes.api_call_number': agent.callNumber,
    'hermes.api_mode': agent.apiMode,
    'hermes.message_count': agent.messageCount,
    'hermes.tool_count': agent.toolCount,
    'hermes.approx_input_tokens': agent.approxInputTokens,
    'hermes.cache.read_tokens': agent.usage?.cacheReadTokens,
    'hermes.cache.write_tokens': agent.usage?.cacheWriteTokens,
    'hermes.reasoning_tokens': agent.usage?.reasoningTokens,
    'hermes.assistant_content_chars': agent.assistantContentChars ?? undefined,
    'hermes.assistant_tool_call_count': agent.assistantToolCallCount ?? undefined,
    'server.address': 'llm.example',
    'error.type': agent.error?.type,
    'http.response.status_code': agent.error?.statusCode,
  };
}

function withoutUndefined(candidates: Candidates): Attributes {
  const known: Attributes = {};
  for (const [key, value] of Object.entries(candidates)) {
    if (value !== undefined) known[key] = value;
  }
  return known;
}
