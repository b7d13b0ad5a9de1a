import type { Attributes, Instrument, Measurement } from '../model/otel.ts';
import type { AgentSpan, AgentSpanKind } from '../model/span.ts';
import type { Server } from './server.ts';

/** What the rules of a convention may ask for besides the span. */
export interface Context {
  readonly captureContent: boolean;
  /** Span names from a cache, as models and tools come again and again: `chat {model}`, `hermes.tool.{name}`… */
  readonly spanName: (prefix: string, name: string | undefined) => string;
  readonly server: (baseUrl: string) => Server;
}

type SpanOf<K extends AgentSpanKind> = Extract<AgentSpan, { kind: K }>;

/**
 * A convention's table: one function per kind of span, which writes the attributes it has names for (an unknown value
 * writes none) and returns the name it would give the span.
 */
export type SpanRules = {
  readonly [K in AgentSpanKind]: (span: SpanOf<K>, attributes: Attributes, context: Context) => string;
};

/** A convention's metrics. `measure` returns the same attribute object for the same labels. */
export interface Meter {
  readonly instruments: readonly Instrument[];
  readonly measure: (span: AgentSpan) => readonly Measurement[];
}

/** Lets the table write into `attributes`; returns the span's name. */
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
