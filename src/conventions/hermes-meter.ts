import type { Attributes, Measurement } from '../model/otel.ts';
import type { AgentSpan, ToolCallSpan, TurnSpan } from '../model/span.ts';
import { type CallLabels, callLabels, measureCall } from './call-meter.ts';
import { durationMicros } from './duration.ts';
import {
  operationDuration,
  sessionTurnCount,
  timeToFirstChunk,
  tokenUsage,
  toolDuration,
  turnApiCallCount,
  turnDuration,
  turnToolCallCount,
} from './instruments.ts';
import { labelIndex } from './labels.ts';
import type { Meter } from './rules.ts';

const NOTHING: readonly Measurement[] = [];

/**
 * The live plugin's seven metrics with its labels, and the time to the first chunk where a log tells it. What the
 * plugin could not see adds a label of its own, so that its numbers can be had by leaving that label out: `error.type`
 * (failed attempts), `hermes.aux_task` (auxiliary calls), `hermes.incomplete` (turns and tools without an end).
 */
export function hermesMeter(): Meter {
  const calls = labelIndex(modelCallLabels);
  const tools = labelIndex(toolLabels);
  const turns = labelIndex(turnLabels);
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
    ],
    measure(span) {
      switch (span.kind) {
        case 'api_call':
        case 'auxiliary_call': {
          const task = span.kind === 'auxiliary_call' ? (span.auxTask ?? 'unknown') : undefined;
          const labels = calls(span.model, span.responseModel, span.provider, span.error?.type, task);
          return measureCall(span, labels, span.usage?.inputTokens);
        }
        case 'tool_call':
          return measureTool(span, tools(span.toolName, incomplete(span)));
        case 'turn':
          return measureTurn(span, turns(span.model, span.platform, incomplete(span)));
        case 'session':
        case 'approval':
        case 'subagent':
          return NOTHING;
        default:
          return span satisfies never;
      }
    },
  };
}

function incomplete(span: AgentSpan): 'yes' | undefined {
  return span.incomplete === undefined ? undefined : 'yes';
}

function modelCallLabels(
  model?: string,
  responseModel?: string,
  provider?: string,
  error?: string,
  auxTask?: string,
): CallLabels {
  const labels: Attributes = { 'gen_ai.operation.name': 'chat', 'gen_ai.system': 'hermes-agent' };
  if (model !== undefined) labels['gen_ai.request.model'] = model;
  if (responseModel !== undefined) labels['gen_ai.response.model'] = responseModel;
  if (provider !== undefined) labels['hermes.provider'] = provider;
  if (error !== undefined) labels['error.type'] = error;
  if (auxTask !== undefined) labels['hermes.aux_task'] = auxTask;
  return callLabels(labels);
}

function toolLabels(name?: string, isIncomplete?: string): Attributes {
  const labels: Attributes = {};
  if (name !== undefined) labels['hermes.tool.name'] = name;
  if (isIncomplete !== undefined) labels['hermes.incomplete'] = true;
  return labels;
}

interface TurnLabels {
  readonly turn: Attributes;
  readonly withPlatform: Attributes;
}

function turnLabels(model?: string, platform?: string, isIncomplete?: string): TurnLabels {
  const turn: Attributes = { 'gen_ai.system': 'hermes-agent' };
  if (model !== undefined) turn['gen_ai.request.model'] = model;
  if (isIncomplete !== undefined) turn['hermes.incomplete'] = true;
  return { turn, withPlatform: platform === undefined ? turn : { ...turn, 'hermes.platform': platform } };
}

/** Every tool call is counted, also of background and sub-agent turns: they take time too. */
function measureTool(span: ToolCallSpan, attributes: Attributes): readonly Measurement[] {
  return [{ instrument: toolDuration.name, value: durationMicros(span) / 1_000_000, attributes }];
}

/** Background turns cost time and calls, but nobody asked for them: they are not among the turns of a session. */
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
