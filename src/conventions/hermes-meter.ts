import type { Attributes, Measurement } from '../model/otel.ts';
import type { AgentSpan, ToolCallSpan, TurnSpan } from '../model/span.ts';
import {
  type CallFacts,
  type CallInstruments,
  callLabels,
  costOfCalls,
  measureCall,
  measureSession,
  operationDuration,
  sessionTurnCount,
  timeToFirstChunk,
  tokenUsage,
  toolDuration,
  turnApiCallCount,
  turnDuration,
  turnToolCallCount,
} from './instruments.ts';
import { itself, labelIndex } from './labels.ts';
import { allInput, type Context, durationMicros, type Meter, type ModelCall } from './rules.ts';

const NOTHING: readonly Measurement[] = [];
const SYSTEM: Attributes = { 'gen_ai.system': 'hermes-agent' };

/**
 * The live plugin's seven metrics with its labels, and the time to the first chunk where the log has one. What the
 * plugin could not see has an extra label: `error.type` (failed attempts), `hermes.aux_task` (auxiliary calls),
 * `hermes.incomplete` (turns and tools without an end). Leaving these series out gives the plugin's numbers.
 */
export function hermesMeter(context: Context): Meter {
  const instruments = callInstruments(context.inputWithCache);
  const calls = labelIndex(
    { 'gen_ai.operation.name': 'chat', ...SYSTEM },
    {
      'gen_ai.request.model': (span: CallFacts) => span.model,
      'gen_ai.response.model': (span) => span.responseModel,
      'hermes.provider': (span) => span.provider,
      'error.type': (span) => span.error?.type,
      'hermes.aux_task': (span) => (span.kind === 'auxiliary_call' ? (span.auxTask ?? 'unknown') : undefined),
    },
    (labels) => callLabels(labels, instruments),
  );
  const costs = labelIndex(
    SYSTEM,
    {
      'gen_ai.request.model': (span: ModelCall) => span.model,
      'hermes.provider': (span) => span.provider,
      'hermes.cost.source': (span) => span.cost?.source,
    },
    itself,
  );
  const tools = labelIndex(
    {},
    {
      'hermes.tool.name': (span: ToolCallSpan) => span.toolName,
      'hermes.incomplete': isIncomplete,
    },
    itself,
  );
  const ofTurn = {
    'gen_ai.request.model': (span: TurnSpan) => span.model,
    'hermes.incomplete': isIncomplete,
  };
  const turns = labelIndex(SYSTEM, ofTurn, itself);
  const sessions = labelIndex(
    SYSTEM,
    { ...ofTurn, 'hermes.platform': (span: TurnSpan) => span.platform },
    itself,
  );
  return {
    instruments: [
      operationDuration,
      tokenUsage,
      timeToFirstChunk,
      toolDuration,
      turnDuration,
      turnApiCallCount,
      turnToolCallCount,
      sessionTurnCount,
      costOfCalls,
    ],
    measure(span) {
      switch (span.kind) {
        case 'api_call':
        case 'auxiliary_call':
          return measureCall(span, { instruments, labels: calls(span), costs });
        case 'tool_call':
          return measureTool(span, tools(span));
        case 'turn':
          return measureTurn(span, turns(span), sessions(span));
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

/** The live plugin's panels group tokens by type, so there are the two types that it has. */
function callInstruments(inputWithCache: boolean): CallInstruments {
  return {
    duration: operationDuration,
    timeToFirstChunk,
    tokens: [
      {
        instrument: tokenUsage,
        type: 'input',
        count: inputWithCache ? allInput : ({ inputTokens }) => inputTokens,
      },
      { instrument: tokenUsage, type: 'output', count: ({ outputTokens }) => outputTokens },
    ],
  };
}

function isIncomplete({ incomplete }: AgentSpan): true | undefined {
  return incomplete === undefined ? undefined : true;
}

/** Tools of background and sub-agent turns are measured too: they take time. */
function measureTool(span: ToolCallSpan, attributes: Attributes): readonly Measurement[] {
  return [{ instrument: toolDuration.name, value: durationMicros(span) / 1_000_000, attributes }];
}

/** Background turns cost time and calls, but are not among the turns of a session: no user asked for them. */
function measureTurn(
  span: TurnSpan,
  attributes: Attributes,
  withPlatform: Attributes,
): readonly Measurement[] {
  const measured: Measurement[] = [
    { instrument: turnDuration.name, value: durationMicros(span) / 1_000_000, attributes },
    { instrument: turnApiCallCount.name, value: span.apiCallCount, attributes },
    { instrument: turnToolCallCount.name, value: span.toolCallCount, attributes },
  ];
  if (!span.background) {
    measured.push({ instrument: sessionTurnCount.name, value: 1, attributes: withPlatform });
  }
  return measured;
}
