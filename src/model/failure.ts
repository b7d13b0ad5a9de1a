import type { AgentSpan } from './span.ts';

/** Hermes's words for a sub-agent that did not do what it was asked. `interrupted` is not among them: somebody wanted it. */
const FAILED_SUBAGENT: ReadonlySet<string> = new Set(['error', 'failed', 'timeout']);

/**
 * True when the log says that it failed. Blocked and cancelled tools, denied approvals and interrupted turns did not:
 * somebody decided so. What never ended is no error either. Spans, metrics and views all ask here.
 */
export function isError(span: AgentSpan): boolean {
  switch (span.kind) {
    case 'api_call':
    case 'auxiliary_call':
      return span.error !== undefined;
    case 'tool_call':
      return span.status === 'error' || span.status === 'timeout';
    case 'turn':
      return span.finalStatus === 'failed';
    case 'subagent':
      return span.status !== undefined && FAILED_SUBAGENT.has(span.status);
    case 'session':
    case 'approval':
      return false;
    default:
      return span satisfies never;
  }
}
