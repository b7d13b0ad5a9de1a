/**
 * The metrics of the GenAI conventions: those of 1.41 as `opentelemetry-util-genai` 1.3 records them, or those of the
 * conventions' new repository. Input tokens include cached ones, as on the spans.
 */
import type { Attributes, Instrument, Measurement } from '../model/otel.ts';
import type { ToolCallSpan, TurnSpan } from '../model/span.ts';
import {
  agentDuration,
  agentInferenceCalls,
  agentToolCalls,
  type CallFacts,
  type CallInstruments,
  callLabels,
  costOfCalls,
  executeToolDuration,
  inferenceDuration,
  inferenceTimeToFirstChunk,
  inferenceTokens,
  measureCall,
  measureSession,
  operationDuration,
  timeToFirstChunk,
  tokenUsage,
} from './instruments.ts';
import { itself, labelIndex } from './labels.ts';
import { AGENT } from './names.ts';
import { providerOf, serverOf } from './provider.ts';
import { allInput, durationMicros, type Meter, type ModelCall } from './rules.ts';
import { errorType } from './status.ts';

const NOTHING: readonly Measurement[] = [];

/** The cached and reasoning parts are recorded where there are any: zeros would only cost series. */
const STANDARD: CallInstruments = {
  duration: operationDuration,
  timeToFirstChunk,
  tokens: [
    { instrument: tokenUsage, type: 'input', count: allInput },
    { instrument: tokenUsage, type: 'output', count: ({ outputTokens }) => outputTokens },
    {
      instrument: tokenUsage,
      type: 'cache_read',
      count: ({ cacheReadTokens }) => cacheReadTokens || undefined,
    },
    {
      instrument: tokenUsage,
      type: 'cache_write',
      count: ({ cacheWriteTokens }) => cacheWriteTokens || undefined,
    },
    {
      instrument: tokenUsage,
      type: 'reasoning',
      count: ({ reasoningTokens }) => reasoningTokens || undefined,
    },
  ],
};

const LATEST: CallInstruments = {
  duration: inferenceDuration,
  timeToFirstChunk: inferenceTimeToFirstChunk,
  tokens: [
    { instrument: inferenceTokens.input, count: allInput },
    { instrument: inferenceTokens.output, count: ({ outputTokens }) => outputTokens },
    { instrument: inferenceTokens.inputPerCall, count: allInput },
    { instrument: inferenceTokens.outputPerCall, count: ({ outputTokens }) => outputTokens },
    { instrument: inferenceTokens.cacheRead, count: ({ cacheReadTokens }) => cacheReadTokens || undefined },
    {
      instrument: inferenceTokens.cacheWrite,
      count: ({ cacheWriteTokens }) => cacheWriteTokens || undefined,
    },
    { instrument: inferenceTokens.reasoning, count: ({ reasoningTokens }) => reasoningTokens || undefined },
  ],
};

export const genAiMeter = (): Meter => meter(STANDARD, []);
export const genAiLatestMeter = (): Meter => meter(LATEST, [agentInferenceCalls, agentToolCalls]);

function meter(instruments: CallInstruments, counts: readonly Instrument[]): Meter {
  const calls = labelIndex(
    { 'gen_ai.operation.name': 'chat' },
    {
      'gen_ai.provider.name': (span: CallFacts) => providerOf(span),
      'gen_ai.request.model': (span) => span.model,
      'gen_ai.response.model': (span) => span.responseModel,
      'error.type': (span) => span.error?.type,
      'server.address': ({ baseUrl }) => serverOf(baseUrl ?? '').address,
      'server.port': ({ baseUrl }) => serverOf(baseUrl ?? '').port,
    },
    (labels) => callLabels(labels, instruments),
  );
  const costs = labelIndex(
    {},
    {
      'gen_ai.provider.name': (span: ModelCall) => providerOf(span),
      'gen_ai.request.model': (span) => span.model,
      'hermes.cost.source': (span) => span.cost?.source,
    },
    itself,
  );
  const tools = labelIndex(
    { 'gen_ai.tool.type': 'function' },
    {
      'gen_ai.tool.name': (span: ToolCallSpan) => span.toolName,
      'error.type': errorType,
    },
    itself,
  );
  const turns = labelIndex(
    { 'gen_ai.agent.name': AGENT },
    {
      'gen_ai.request.model': (span: TurnSpan) => span.model,
      'error.type': errorType,
    },
    itself,
  );
  return {
    instruments: [
      instruments.duration,
      ...new Set(instruments.tokens.map(({ instrument }) => instrument)),
      instruments.timeToFirstChunk,
      agentDuration,
      executeToolDuration,
      ...counts,
      costOfCalls,
    ],
    measure(span) {
      switch (span.kind) {
        case 'api_call':
        case 'auxiliary_call':
          return measureCall(span, { instruments, labels: calls(span), costs });
        case 'tool_call':
          return [secondsOf(span, executeToolDuration, tools(span))];
        case 'turn':
          return measureTurn(span, turns(span), counts);
        case 'session':
        case 'subagent':
          return measureSession(span, instruments, calls);
        case 'approval':
          return NOTHING;
        default:
          return span satisfies never;
      }
    },
  };
}

function secondsOf(span: ToolCallSpan | TurnSpan, { name }: Instrument, attributes: Attributes): Measurement {
  return { instrument: name, value: durationMicros(span) / 1_000_000, attributes };
}

/** A sub-agent's turn is an invocation too; the sub-agent's own span would count it twice. */
function measureTurn(span: TurnSpan, attributes: Attributes, counts: readonly Instrument[]): Measurement[] {
  const measured = [secondsOf(span, agentDuration, attributes)];
  for (const { name } of counts) {
    const value = name === agentToolCalls.name ? span.toolCallCount : span.apiCallCount;
    measured.push({ instrument: name, value, attributes });
  }
  return measured;
}
