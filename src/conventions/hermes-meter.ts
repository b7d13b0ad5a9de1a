import type { Attributes, Measurement } from '../model/otel.ts';
import type { AgentSpan, ToolCallSpan, TurnSpan } from '../model/span.ts';
import {
  type CallFacts,
  type CallInstruments,
  type CallLabels,
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
import { type Label, labelIndex } from './labels.ts';
import { allInput, type Context, durationMicros, type Meter, type ModelCall } from './rules.ts';

const NOTHING: readonly Measurement[] = [];

/**
 * The live plugin's seven metrics with its labels, and the time to the first chunk where the log has one. What the
 * plugin could not see has an extra label: `error.type` (failed attempts), `hermes.aux_task` (auxiliary calls),
 * `hermes.incomplete` (turns and tools without an end). Leaving these series out gives the plugin's numbers.
 */
export function hermesMeter(context: Context): Meter {
  const instruments = callInstruments(context.inputWithCache);
  const calls = labelIndex<CallFacts, CallLabels>(
    [
      (span) => span.model,
      (span) => span.responseModel,
      (span) => span.provider,
      (span) => span.error?.type,
      (span) => (span.kind === 'auxiliary_call' ? (span.auxTask ?? 'unknown') : undefined),
    ],
    (values) => callLabels(modelCallLabels(values), instruments),
  );
  const costs = labelIndex<ModelCall, Attributes>(
    [(span) => span.model, (span) => span.provider, (span) => span.cost?.source],
    costLabels,
  );
  const tools = labelIndex<ToolCallSpan, Attributes>([(span) => span.toolName, incomplete], toolLabels);
  const turns = labelIndex<TurnSpan, TurnLabels>(
    [(span) => span.model, (span) => span.platform, incomplete],
    turnLabels,
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
          return measureTurn(span, turns(span));
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

function incomplete(span: AgentSpan): 'yes' | undefined {
  return span.incomplete === undefined ? undefined : 'yes';
}

function modelCallLabels([model, responseModel, provider, error, auxTask]: readonly Label[]): Attributes {
  const labels: Attributes = { 'gen_ai.operation.name': 'chat', 'gen_ai.system': 'hermes-agent' };
  if (model !== undefined) labels['gen_ai.request.model'] = model;
  if (responseModel !== undefined) labels['gen_ai.response.model'] = responseModel;
  if (provider !== undefined) labels['hermes.provider'] = provider;
  if (error !== undefined) labels['error.type'] = error;
  if (auxTask !== undefined) labels['hermes.aux_task'] = auxTask;
  return labels;
}

function costLabels([model, provider, source]: readonly Label[]): Attributes {
  const labels: Attributes = { 'gen_ai.system': 'hermes-agent' };
  if (model !== undefined) labels['gen_ai.request.model'] = model;
  if (provider !== undefined) labels['hermes.provider'] = provider;
  if (source !== undefined) labels['hermes.cost.source'] = source;
  return labels;
}

function toolLabels([name, isIncomplete]: readonly Label[]): Attributes {
  const labels: Attributes = {};
  if (name !== undefined) labels['hermes.tool.name'] = name;
  if (isIncomplete !== undefined) labels['hermes.incomplete'] = true;
  return labels;
}

interface TurnLabels {
  readonly turn: Attributes;
  readonly withPlatform: Attributes;
}

function turnLabels([model, platform, isIncomplete]: readonly Label[]): TurnLabels {
  const turn: Attributes = { 'gen_ai.system': 'hermes-agent' };
  if (model !== undefined) turn['gen_ai.request.model'] = model;
  if (isIncomplete !== undefined) turn['hermes.incomplete'] = true;
  return { turn, withPlatform: platform === undefined ? turn : { ...turn, 'hermes.platform': platform } };
}

/** Tools of background and sub-agent turns are measured too: they take time. */
function measureTool(span: ToolCallSpan, attributes: Attributes): readonly Measurement[] {
  return [{ instrument: toolDuration.name, value: durationMicros(span) / 1_000_000, attributes }];
}

/** Background turns cost time and calls, but are not among the turns of a session: no user asked for them. */
function measureTurn(span: TurnSpan, labels: TurnLabels): readonly Measurement[] {
  const attributes = labels.turn;
  const measured: Measurement[] = [
    { instrument: turnDuration.name, value: durationMicros(span) / 1_000_000, attributes },
    { instrument: turnApiCallCount.name, value: span.apiCallCount, attributes },
    { instrument: turnToolCallCount.name, value: span.toolCallCount, attributes },
  ];
  if (!span.background) {
    measured.push({ instrument: sessionTurnCount.name, value: 1, attributes: labels.withPlatform });
  }
  return measured;
}
