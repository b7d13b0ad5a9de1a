import type { AgentSpan } from '../src/model/span.ts';
import { parseLine } from '../src/parse/parse-line.ts';
import { DEFAULT_OPTIONS, type ReconstructOptions } from '../src/reconstruct/options.ts';
import { createOutput, type Output } from '../src/reconstruct/output.ts';
import { createState } from '../src/reconstruct/state.ts';
import { finish, step } from '../src/reconstruct/step.ts';

/** A hook event as the flat envelope writes it. */
export type FlatEvent = { readonly event: string; readonly ts: number } & {
  readonly [field: string]: unknown;
};

export interface Replayed extends Output {
  /** Lines that were no event. */
  readonly others: number;
}

/** Lines of a log → finished spans: parse and reconstruct, no files and no SDK. */
export function replayText(text: string, options: Partial<ReconstructOptions> = {}): Replayed {
  const state = createState({ ...DEFAULT_OPTIONS, ...options });
  const out = createOutput();
  let others = 0;
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const [index, line] of lines.entries()) {
    const parsed = parseLine(
      { text: line, source: 'log', line: index + 1, endOffsetBytes: 0, damage: undefined },
      { content: options.content ?? false },
    );
    if (parsed.kind === 'event') step(state, parsed.event, out);
    else others++;
  }
  finish(state, out);
  return { ...out, others };
}

export function replayEvents(
  events: readonly FlatEvent[],
  options: Partial<ReconstructOptions> = {},
): Replayed {
  return replayText(logOf(events), options);
}

export function logOf(events: readonly FlatEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

/** The spans in an order that does not depend on when each of them left. */
export function sorted(spans: readonly AgentSpan[]): AgentSpan[] {
  return spans.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

function key(span: AgentSpan): string {
  return `${span.traceId}${span.spanId}`;
}
