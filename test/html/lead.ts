import type { Usage } from '../../src/model/event.ts';
import type { AgentSpan, SpanBase, SpanId } from '../../src/model/span.ts';
import { usage } from '../agent-spans.ts';
import type { Random } from './random.ts';

/** Who a span is, before its end is known. */
export type Identity = Pick<SpanBase, 'traceId' | 'spanId' | 'sessionId'>;

/** A story in the making: where it hangs, how far its clock is, and what it has finished. */
export interface Lead {
  readonly random: Random;
  readonly below: Identity;
  readonly turnId: string;
  readonly model: string;
  readonly done: AgentSpan[];
  /** Millis after the first session's start. */
  now: number;
}

/** A new span of the lead's session and trace. */
export function newSpan({ random, below: { traceId, sessionId } }: Lead): Identity {
  return { traceId, sessionId, spanId: random.hex(16) as SpanId };
}

export function sums(parts: readonly Usage[]): Usage {
  const sum = (name: keyof Usage): number => parts.reduce((total, part) => total + (part[name] ?? 0), 0);
  return usage(sum('inputTokens'), sum('outputTokens'), sum('cacheReadTokens'));
}
