import type { Attributes, Double, Instrument, Measurement } from '../model/otel.ts';
import type {
  AgentSpan,
  AgentSpanKind,
  ApiCallSpan,
  AuxiliaryCallSpan,
  CallCost,
  SpanBase,
  TokenSums,
} from '../model/span.ts';

/** What the rules of a convention use besides the span. */
export interface Context {
  readonly captureContent: boolean;
  /** True when `gen_ai.usage.input_tokens` includes cached tokens: the standard's meaning, not the live plugin's. */
  readonly inputWithCache: boolean;
  /** Called last: adapts the attributes to one receiver. */
  readonly adapt?: ((span: AgentSpan, attributes: Attributes) => void) | undefined;
}

type SpanOf<K extends AgentSpanKind> = Extract<AgentSpan, { kind: K }>;

export type ModelCall = ApiCallSpan | AuxiliaryCallSpan;

/**
 * A convention: one function per kind of span, which adds attributes (an unknown value adds none) and returns the
 * span's name.
 */
export type SpanRules = {
  readonly [K in AgentSpanKind]: (span: SpanOf<K>, attributes: Attributes, context: Context) => string;
};

/** The metrics of a convention. `measure` returns the same attribute object for the same labels. */
export interface Meter {
  readonly instruments: readonly Instrument[];
  readonly measure: (span: AgentSpan) => readonly Measurement[];
}

/** Adds the attributes of `rules` to `attributes` and returns the span's name. */
export function apply(rules: SpanRules, span: AgentSpan, attributes: Attributes, context: Context): string {
  switch (span.kind) {
    case 'api_call':
      return rules.api_call(span, attributes, context);
    case 'tool_call':
      return rules.tool_call(span, attributes, context);
    case 'turn':
      return rules.turn(span, attributes, context);
    case 'session':
      return rules.session(span, attributes, context);
    case 'approval':
      return rules.approval(span, attributes, context);
    case 'subagent':
      return rules.subagent(span, attributes, context);
    case 'auxiliary_call':
      return rules.auxiliary_call(span, attributes, context);
    default:
      return span satisfies never;
  }
}

/** All input tokens, cached ones included. */
export function allInput(tokens: TokenSums): number | undefined {
  const { promptTokens, inputTokens, cacheReadTokens, cacheWriteTokens } = tokens;
  if (promptTokens !== undefined || inputTokens === undefined) return promptTokens;
  return inputTokens + (cacheReadTokens ?? 0) + (cacheWriteTokens ?? 0);
}

/**
 * What a call cost in US dollars. The GenAI conventions have no name for it yet; this one is read by SigNoz, Langfuse and
 * Logfire. Only calls carry it: on the spans above them, back ends would count it twice.
 */
export function cost({ usd, source }: CallCost, attributes: Attributes): void {
  attributes['gen_ai.usage.cost'] = { double: usd };
  attributes['hermes.cost.source'] = source;
}

/** Seconds as an OTLP double, also when they are whole. */
export function seconds(micros: number): Double {
  return { double: micros / 1_000_000 };
}

export function secondsOfMillis(millis: number): Double {
  return { double: millis / 1_000 };
}

export function durationMicros(span: SpanBase): number {
  return span.endTime - span.startTime;
}
