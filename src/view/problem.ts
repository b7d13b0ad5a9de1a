import {
  type AgentSpan,
  type ApiCallSpan,
  type AuxiliaryCallSpan,
  type CallError,
  isError,
  type ToolCallSpan,
} from '../model/span.ts';
import { join, shown, type Visible, visible } from './visible.ts';

/** Why it failed, the short word first; `undefined` for what did not fail. */
export function reasonOf(span: AgentSpan): Visible | undefined {
  if (!isError(span)) return undefined;
  switch (span.kind) {
    case 'api_call':
    case 'auxiliary_call':
      return callReason(span);
    case 'tool_call':
      return toolReason(span);
    case 'turn':
      return span.exitReason === undefined ? shown`failed` : shown`failed: ${span.exitReason}`;
    case 'subagent':
      return visible(span.status ?? 'error');
    case 'session':
    case 'approval':
      return undefined;
    default:
      return span satisfies never;
  }
}

/** The class of an error, to count alike ones together: `rate_limit`, `timeout`, `APIConnectionError`. */
export function errorTypeOf(span: AgentSpan): string | undefined {
  if (!isError(span)) return undefined;
  switch (span.kind) {
    case 'api_call':
    case 'auxiliary_call':
      return span.error?.reason ?? span.error?.type;
    case 'tool_call':
      return span.errorType ?? span.status;
    case 'subagent':
      return span.status;
    case 'turn':
      return span.exitReason ?? span.finalStatus;
    default:
      return undefined;
  }
}

function callReason(span: ApiCallSpan | AuxiliaryCallSpan): Visible | undefined {
  const { error } = span;
  if (error === undefined) return undefined;
  const words = [errorWord(error), error.message].filter((word) => word !== undefined);
  return join(words.map(visible), ': ');
}

function errorWord(error: CallError): string {
  const word = error.reason ?? (error.type === '_OTHER' ? 'error' : error.type);
  return error.statusCode === undefined ? word : `${error.statusCode} ${word}`;
}

/** The status alone says little when it is `error` and the log says more. */
function toolReason({ status, errorType, errorMessage }: ToolCallSpan): Visible {
  const words = [errorType, errorMessage].filter((word) => word !== undefined);
  const all = status === 'error' && words.length > 0 ? words : [status ?? 'error', ...words];
  return join([...new Set(all)].map(visible), ': ');
}
