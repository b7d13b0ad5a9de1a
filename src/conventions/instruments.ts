/** The instruments of all conventions, and what a model call measures. */
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

function histogram(name: string, unit: string, bounds: readonly number[], description: string): Instrument {
  return { name, kind: 'histogram', unit, description, bounds };
}

function counter(name: string, unit: string, description: string): Instrument {
  return { name, kind: 'counter', unit, description, bounds: [] };
}

export const operationDuration = histogram(
  'gen_ai.client.operation.duration',
  's',
  CALL_SECONDS,
  'Duration of one attempt of a model call, answered or failed.',
);
export const tokenUsage = histogram(
  'gen_ai.client.token.usage',
  '{token}',
  TOKENS,
  'Input and output tokens of one answered model call that reported its usage.',
);
export const timeToFirstChunk = histogram(
  'gen_ai.client.operation.time_to_first_chunk',
  's',
  CALL_SECONDS,
  'Time from the start of an attempt to the first chunk of its streamed answer.',
);
export const toolDuration = histogram(
  'hermes.tool.duration',
  's',
  CALL_SECONDS,
  'Duration of one tool call.',
);
export const turnDuration = histogram(
  'hermes.turn.duration',
  's',
  TURN_SECONDS,
  'Duration of one turn: a user message and its reply.',
);
export const turnApiCallCount = histogram(
  'hermes.turn.api_call_count',
  '{call}',
  CALLS,
  'API calls of one turn.',
);
export const turnToolCallCount = histogram(
  'hermes.turn.tool_call_count',
  '{call}',
  CALLS,
  'Tool calls of one turn.',
);
export const sessionTurnCount = counter(
  'hermes.session.turn_count',
  '{turn}',
  'Turns, background turns left out.',
);
/** In braces, as money has no unit in UCUM. */
export const costOfCalls: Instrument = {
  ...counter('hermes.cost', '{USD}', 'Cost of the model calls whose price is known, in US dollars.'),
  sums: 'double',
};
export const agentDuration = histogram(
  'gen_ai.invoke_agent.duration',
  's',
  TURN_SECONDS,
  'Duration of one turn: a user message and its reply.',
);
export const executeToolDuration = histogram(
  'gen_ai.execute_tool.duration',
  's',
  CALL_SECONDS,
  'Duration of one tool call.',
);
export const agentInferenceCalls = histogram(
  'gen_ai.invoke_agent.inference_calls',
  '{call}',
  CALLS,
  'API calls of one turn.',
);
export const agentToolCalls = histogram(
  'gen_ai.invoke_agent.tool_calls',
  '{call}',
  CALLS,
  'Tool calls of one turn.',
);
export const inferenceDuration = histogram(
  'gen_ai.client.inference.duration',
  's',
  CALL_SECONDS,
  'Duration of one attempt of a model call, answered or failed.',
);
export const inferenceTimeToFirstChunk = histogram(
  'gen_ai.client.inference.time_to_first_chunk',
  's',
  CALL_SECONDS,
  'Time from the start of an attempt to the first chunk of its streamed answer.',
);
export const inferenceTokens = {
  input: counter(
    'gen_ai.client.inference.usage.input_tokens',
    '{token}',
    'Input tokens, cached ones included.',
  ),
  output: counter('gen_ai.client.inference.usage.output_tokens', '{token}', 'Output tokens.'),
  cacheRead: counter(
    'gen_ai.client.inference.usage.cache_read.input_tokens',
    '{token}',
    'Input tokens read from a cache.',
  ),
  cacheWrite: counter(
    'gen_ai.client.inference.usage.cache_write.input_tokens',
    '{token}',
    'Input tokens written to a cache.',
  ),
  reasoning: counter(
    'gen_ai.client.inference.usage.reasoning.output_tokens',
    '{token}',
    'Output tokens spent on reasoning.',
  ),
  inputPerCall: histogram(
    'gen_ai.client.inference.operation.input_tokens',
    '{token}',
    TOKENS,
    'Input tokens of one model call.',
  ),
  outputPerCall: histogram(
    'gen_ai.client.inference.operation.output_tokens',
    '{token}',
    TOKENS,
    'Output tokens of one model call.',
  ),
};

/** How a convention measures one kind of token. */
export interface TokenMeasure {
  readonly instrument: Instrument;
  /** The label `gen_ai.token.type`, where one instrument has several kinds. */
  readonly type?: string;
  readonly count: (tokens: TokenSums) => number | undefined;
}

/** The instruments of a model call under one convention. */
export interface CallInstruments {
  readonly duration: Instrument;
  readonly timeToFirstChunk: Instrument;
  readonly tokens: readonly TokenMeasure[];
}

/** The labels of a model call, and of each of its kinds of token. */
export interface CallLabels {
  readonly call: Attributes;
  readonly tokens: readonly Attributes[];
}

export function callLabels(call: Attributes, { tokens }: CallInstruments): CallLabels {
  const withType = (type: string | undefined) =>
    type === undefined ? call : { ...call, 'gen_ai.token.type': type };
  return { call, tokens: tokens.map(({ type }) => withType(type)) };
}

const NOTHING: readonly Measurement[] = [];

/** What a convention brings to the measuring of a call. */
export interface CallMeasure {
  readonly instruments: CallInstruments;
  readonly labels: CallLabels;
  /** The labels of the cost, read only when there is one. */
  readonly costs: (span: ModelCall) => Attributes;
}

/**
 * The measurements of one attempt of a model call. Answered and failed attempts are both operations (a failed one has
 * `error.type`, as in the semantic conventions); an attempt without a known end has no duration. Tokens and cost are
 * counted on the answered attempt only.
 */
export function measureCall(span: ModelCall, measure: CallMeasure): readonly Measurement[] {
  if (!span.answered && span.error === undefined) return NOTHING;
  const { instruments, labels } = measure;
  const { name } = instruments.duration;
  const measured: Measurement[] = [
    { instrument: name, value: durationMicros(span) / 1_000_000, attributes: labels.call },
  ];
  if (span.kind === 'api_call' && span.timeToFirstChunkMicros !== undefined) {
    const value = span.timeToFirstChunkMicros / 1_000_000;
    measured.push({ instrument: instruments.timeToFirstChunk.name, value, attributes: labels.call });
  }
  if (span.answered) addAnswer(measured, span, measure);
  return measured;
}

function addAnswer(measured: Measurement[], span: ModelCall, measure: CallMeasure): void {
  if (span.usage !== undefined) addTokens(measured, span.usage, measure);
  if (span.cost === undefined) return;
  measured.push({ instrument: costOfCalls.name, value: span.cost.usd, attributes: measure.costs(span) });
}

/** What the labels of a model call are made of. */
export type CallFacts = Pick<
  ModelCall,
  'kind' | 'model' | 'responseModel' | 'provider' | 'baseUrl' | 'error'
> & {
  readonly auxTask?: string | undefined;
};

/**
 * The tokens of a session or of a sub-agent's session that none of its calls has: only a session from Hermes's database
 * has any. Counted once per model and task.
 */
export function measureSession(
  { modelUsage = [] }: SessionSpan | SubagentSpan,
  instruments: CallInstruments,
  labelsOf: (facts: CallFacts) => CallLabels,
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
    addTokens(measured, tokens, { instruments, labels });
  }
  return measured;
}

function addTokens(
  measured: Measurement[],
  usage: TokenSums,
  { instruments, labels }: Pick<CallMeasure, 'instruments' | 'labels'>,
): void {
  for (const [index, { instrument, count }] of instruments.tokens.entries()) {
    const value = count(usage);
    const attributes = labels.tokens[index];
    if (value !== undefined && attributes !== undefined) {
      measured.push({ instrument: instrument.name, value, attributes });
    }
  }
}
