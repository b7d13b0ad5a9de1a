import type { Instrument } from '../model/otel.ts';

/** Bounds in seconds, as the GenAI semantic conventions ask for. */
const CALL_SECONDS = doubling(0.01, 14);
const TURN_SECONDS = doubling(0.1, 13);
const CALLS = doubling(1, 8);
const TOKENS = [
  1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
];

/** `first`, twice that, four times that… rounded to what people write: 0.01, 0.02, … 81.92. */
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
