/** What a replay works with, from its first line to its account. */
import type { Convention } from '../conventions/convention.ts';
import type { AgentSpan } from '../model/span.ts';
import type { Budgets } from './budgets.ts';
import type { Destinations } from './destinations.ts';
import type { Ingestion } from './ingest.ts';
import type { Input } from './input.ts';
import type { LogRepeats, Measured } from './recent.ts';

export interface Run extends Emission {
  readonly input: Input;
  readonly repeats: LogRepeats;
}

/** What is needed from a line to its spans' destinations. */
export interface Emission extends Ingestion {
  readonly names: Convention;
  readonly destinations: Destinations;
  readonly budgets: Budgets | undefined;
  /** `undefined` when nothing is followed: finished logs are read once. */
  readonly measured: Measured | undefined;
  /** False for a span that an earlier run has measured; `undefined`: all are new. */
  readonly isNew: ((span: AgentSpan) => boolean) | undefined;
  /** By how much the whole log is moved; 0: not at all. */
  readonly shiftMicros: number;
}
