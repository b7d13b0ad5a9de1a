import type { Attributes, Instrument, Measurement } from '../model/otel.ts';
import type { SessionSpan, SubagentSpan, TokenSums } from '../model/span.ts';
import { durationMicros, type ModelCall } from './rules.ts';

/** Bucket bounds in seconds, from the GenAI semantic conventions. */
const CALL_SECONDS = doubling(0.01, 14);
const TURN_SECONDS = doubling(0.1, 13);
const CALLS = doubling(1, 8);
const TOKENS = [
  1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
];

/** `first`, twice that, four times that…, rounded to two decimals: 0.01, 0.02, … 81.92. */
function doubling(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, power) => Math.round(first * 2 ** power * 100) / 100);
}

export const operationDuration: Instrument = {
  name: 'gen_ai.client.operation.duration',
  kind: 'histogram',
  unit: 's',
  description: 'Duration of one attempt of a model call, answered or failed.',
  bounds: CALL_SECONDS,
};

export const tokenUsage: Instrument = {
  name: 'gen_ai.client.token.usage',
  kind: 'histogram',
  unit: '{token}',
  description: 'Input and output tokens of one answered model call that reported its usage.',
  bounds: TOKENS,
};

export const timeToFirstChunk: Instrument = {
  name: 'gen_ai.client.operation.time_to_first_chunk',
  kind: 'histogram',
  unit: 's',
  description: 'Time from the start of an attempt to the first chunk of its streamed answer.',
  bounds: CALL_SECONDS,
};

export const toolDuration: Instrument = {
  name: 'hermes.tool.duration',
  kind: 'histogram',
  unit: 's',
  description: 'Duration of one tool call.',
  bounds: CALL_SECONDS,
};

export const turnDuration: Instrument = {
  name: 'hermes.turn.duration',
  kind: 'histogram',
  unit: 's',
  description: 'Duration of one turn: a user message and its reply.',
  bounds: TURN_SECONDS,
};

export const turnApiCallCount: Instrument = {
  name: 'hermes.turn.api_call_count',
  kind: 'histogram',
  unit: '{call}',
  description: 'API calls of one turn.',
  bounds: CALLS,
};

export const turnToolCallCount: Instrument = {
  name: 'hermes.turn.tool_call_count',
  kind: 'histogram',
  unit: '{call}',
  description: 'Tool calls of one turn.',
  bounds: CALLS,
};

export const sessionTurnCount: Instrument = {
  name: 'hermes.session.turn_count',
  kind: 'counter',
  unit: '{turn}',
  description: 'Turns, background turns left out.',
  bounds: [],
};

/** The labels of a model call, and of its two token types. */
export interface CallLabels {
  readonly call: Attributes;
  readonly input: Attributes;
  readonly output: Attributes;
}

export function callLabels(call: Attributes): CallLabels {
  return {
    call,
    input: { ...call, 'gen_ai.token.type': 'input' },
    output: { ...call, 'gen_ai.token.type': 'output' },
  };
}

const NOTHING: readonly Measurement[] = [];

/**
 * The measurements of one attempt of a model call. Answered and failed attempts are both operations (a failed one has
 * `error.type`, as in the semantic conventions); an attempt without a known end has no duration. Tokens are counted on
 * the answered attempt only; `inputTokens` includes cached ones or not, as the convention defines it.
 */
export function measureCall(
  span: ModelCall,
  labels: CallLabels,
  inputTokens: (tokens: TokenSums) => number | undefined,
): readonly Measurement[] {
  if (!span.answered && span.error === undefined) return NOTHING;
  const measured: Measurement[] = [
    {
      instrument: operationDuration.name,
      value: durationMicros(span) / 1_000_000,
      attributes: labels.call,
    },
  ];
  if (span.kind === 'api_call' && span.timeToFirstChunkMicros !== undefined) {
    const value = span.timeToFirstChunkMicros / 1_000_000;
    measured.push({ instrument: timeToFirstChunk.name, value, attributes: labels.call });
  }
  if (span.answered && span.usage !== undefined) {
    addTokens(measured, inputTokens(span.usage), labels.input);
    addTokens(measured, span.usage.outputTokens, labels.output);
  }
  return measured;
}

/** What labels of a model call are made of. */
export type CallFacts = Pick<
  ModelCall,
  'kind' | 'model' | 'responseModel' | 'provider' | 'baseUrl' | 'error'
> & {
  readonly auxTask?: string | undefined;
};

/** The tokens of a session, or of a sub-agent's, that no call of it has. Only a session from Hermes's database has any. Counted once per model and task. */
export function measureSession(
  { modelUsage = [] }: SessionSpan | SubagentSpan,
  labelsOf: (facts: CallFacts) => CallLabels,
  inputTokens: (tokens: TokenSums) => number | undefined,
): readonly Measurement[] {
  const measured: Measurement[] = [];
  for (const { model, provider, task, tokens } of modelUsage) {
    const labels = labelsOf({
      kind: task === undefined ? 'api_call' : 'auxiliary_call',
      model,
      provider,
      auxTask: task,
      responseModel: undefined,
      baseUrl: undefined,
      error: undefined,
    });
    addTokens(measured, inputTokens(tokens), labels.input);
    addTokens(measured, tokens.outputTokens, labels.output);
  }
  return measured;
}

function addTokens(measured: Measurement[], value: number | undefined, attributes: Attributes): void {
  if (value !== undefined) measured.push({ instrument: tokenUsage.name, value, attributes });
}
