/** What a replay works with, from its first line to its account. */
import type { Convention } from '../conventions/convention.ts';
import type { AgentSpan } from '../model/span.ts';
import type { Budgets } from './budgets.ts';
import type { Destinations } from './destinations.ts';
import type { Ingestion } from './ingest.ts';
import type { Input } from './input.ts';
import type { Measured } from './measured.ts';

export interface Run extends Ingestion {
  readonly input: Input;
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
