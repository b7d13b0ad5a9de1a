import type { MetricSnapshot, OtelSpan } from './otel.ts';
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
  /** Sends what was written so far and returns when every span of it has its outcome. Nothing is written meanwhile. */
  settled(): Promise<void>;
  /** What became of the spans so far; those under way are in `made` only. */
  soFar(): Account;
  /** Sends what is left and tells what became of every span. Called once, also after an interrupt. */
  finish(): Promise<Account>;
}

/** Where metric snapshots go, under the same terms; its account counts points. */
export interface MetricSink {
  write(snapshot: MetricSnapshot): Promise<void>;
  settled(): Promise<void>;
  soFar(): Account;
  finish(): Promise<Account>;
}

/** What became of the items (spans, or metric points) given to one destination: `made = accepted + rejected + failed`, once all have an outcome. */
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

/** An account that also says whose it is, and what it took. */
export interface DeliveryAccount extends Account {
  /** As a person would name it: a URL without its secrets, a file, `standard output`. */
  readonly destination: string;
  readonly signal: Signal;
  /** Requests that were sent again; part of `requests`. */
  readonly retries: number;
  /** Spans whose longest texts were cut to fit a request; they are counted as accepted, rejected or failed too. */
  readonly cut: number;
  /** Of the failed ones: how many are safe in the dead-letter file. */
  readonly deadLettered: number;
  /** Came after the reader of our output had left on purpose (`| head`): not part of `made`, and no error. */
  readonly unwanted: number;
}

/** How some items ended, all of them. */
export type OutcomeCounts = Pick<DeliveryAccount, 'accepted' | 'rejected' | 'failed' | 'deadLettered'>;

export type Signal = 'spans' | 'metric points';
