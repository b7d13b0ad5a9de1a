import type { Usage } from '../model/event.ts';
import type { AgentSpan } from '../model/span.ts';
import { type Piece, piece } from './paint.ts';
import { count } from './units.ts';
import { shown } from './visible.ts';

/** What the span itself reports: an answer's usage, or the sums of a turn, a session or a sub-agent. */
export function usageOf(span: AgentSpan): Usage | undefined {
  switch (span.kind) {
    case 'session':
    case 'turn':
    case 'subagent':
      return span.tokens;
    case 'api_call':
    case 'auxiliary_call':
      return span.usage;
    case 'tool_call':
    case 'approval':
      return undefined;
    default:
      return span satisfies never;
  }
}

/** `600→40 +2.1k cached`: uncached input, output, and what came from the cache. Empty when nothing was reported. */
export function tokenPieces(span: AgentSpan): readonly Piece[] {
  const usage = usageOf(span);
  if (usage?.inputTokens === undefined && usage?.outputTokens === undefined) return [];
  const cached = usage.cacheReadTokens ?? 0;
  const tokens = shown`${figure(usage.inputTokens)}→${figure(usage.outputTokens)}`;
  return cached === 0 ? [piece(tokens)] : [piece(tokens), piece(shown`+${count(cached)} cached`, 'dim')];
}

function figure(tokens: number | undefined): string {
  return tokens === undefined ? '?' : count(tokens);
}
