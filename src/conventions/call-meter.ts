import type { Attributes, Measurement } from '../model/otel.ts';
import type { ApiCallSpan, AuxiliaryCallSpan } from '../model/span.ts';
import { durationMicros } from './duration.ts';
import { operationDuration, timeToFirstChunk, tokenUsage } from './instruments.ts';

type ModelCall = ApiCallSpan | AuxiliaryCallSpan;

/** The labels of one combination: of the call itself, and of its two token types. */
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
 * What one attempt of a model call measures. An answered attempt and a failed one are both operations (the failed one
 * is told apart by `error.type`, as the semantic conventions do); one whose end nobody knows has no duration.
 * Tokens count once, on the answered attempt; a provider that reports none has not used zero.
 * `inputTokens` is the convention's own idea of input: with or without cached tokens.
 */
export function measureCall(
  span: ModelCall,
  labels: CallLabels,
  inputTokens: number | undefined,
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
    addTokens(measured, inputTokens, labels.input);
    addTokens(measured, span.usage.outputTokens, labels.output);
  }
  return measured;
}

function addTokens(measured: Measurement[], value: number | undefined, attributes: Attributes): void {
  if (value !== undefined) measured.push({ instrument: tokenUsage.name, value, attributes });
}
