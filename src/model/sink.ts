import type { OtelSpan } from './otel.ts';
import type { AgentSpan } from './span.ts';

/** A finished span in both of its forms: what Hermes did (for people), and what OpenTelemetry says of it (for receivers). */
export interface FinishedSpan {
  readonly agent: AgentSpan;
  readonly otel: OtelSpan;
}

/**
 * Where finished spans go. `write` returns when the sink has room again: that is how a slow receiver slows the
 * reader down, and there is no path that drops.
 */
export interface SpanSink {
  write(spans: readonly FinishedSpan[]): Promise<void>;
  /** Sends what is left and tells what became of every span. Called once, also after an interrupt. */
  finish(): Promise<Account>;
}

/** What became of the items (spans, or metric points) given to one destination: `made = accepted + rejected + failed`, always. */
export interface Account {
  readonly made: number;
  readonly accepted: number;
  /** Refused by the receiver in an answer that otherwise succeeded (`partialSuccess`). */
  readonly rejected: number;
  /** Not delivered. */
  readonly failed: number;
  readonly requests: number;
  /** One sentence each, the most frequent first: what went wrong and what to check. */
  readonly problems: readonly string[];
}
