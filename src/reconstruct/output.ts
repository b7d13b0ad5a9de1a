/** What comes out of a reconstruction: spans, what was odd, and what became of each event. */
import type { Diagnostic } from '../model/diagnostic.ts';
import type { AgentSpan } from '../model/span.ts';

/** What a step gives back, gathered over a batch. */
export interface Output {
  readonly spans: AgentSpan[];
  readonly diagnostics: Diagnostic[];
  readonly lines: LineCounts;
}

/** What became of the events: each is counted once. */
export interface LineCounts {
  /** Became a span or a part of one. */
  mapped: number;
  /** Said again what another event had said. */
  merged: number;
  /** Known hooks that are no part of a span. */
  unmapped: number;
  /** Could be given to no session. */
  unplaced: number;
  /** Inside a turn that the filters left out. */
  filtered: number;
}

export type Fate = keyof LineCounts;

export function createOutput(): Output {
  return {
    spans: [],
    diagnostics: [],
    lines: { mapped: 0, merged: 0, unmapped: 0, unplaced: 0, filtered: 0 },
  };
}
