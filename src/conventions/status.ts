import { type OtelSpan, STATUS_CODE } from '../model/otel.ts';
import { errorText } from '../model/safe-text.ts';
import {
  type AgentSpan,
  type ApiCallSpan,
  type AuxiliaryCallSpan,
  isError,
  type ToolCallSpan,
  type TurnSpan,
} from '../model/span.ts';

/** `error.type` of a failure without a class in the log (semantic conventions). */
const OTHER = '_OTHER';

const UNSET: OtelSpan['status'] = { code: STATUS_CODE.unset, message: undefined };

/**
 * The low-cardinality class of a failure (`error.type`); `undefined` when the log has none. A span's status is ERROR
 * exactly when it has a class.
 */
export function errorType(span: AgentSpan): string | undefined {
  if (!isError(span)) return undefined;
  switch (span.kind) {
    case 'api_call':
    case 'auxiliary_call':
      return span.error?.type;
    case 'tool_call':
      return toolErrorType(span);
    case 'turn':
      return turnErrorType(span);
    case 'subagent':
      return span.status;
    case 'session':
    case 'approval':
      return undefined;
    default:
      return span satisfies never;
  }
}

/** Hermes's word; for dialects without one, the word of later versions. */
function toolErrorType({ status, errorType }: ToolCallSpan): string {
  return errorType ?? (status === 'timeout' ? 'tool_timeout' : 'tool_error');
}

/** The exit reason without its bracket: `max_iterations_reached(90/90)` → `max_iterations_reached`. */
function turnErrorType(span: TurnSpan): string {
  const reason = span.exitReason ?? OTHER;
  const bracket = reason.indexOf('(');
  return bracket > 0 ? reason.slice(0, bracket) : reason;
}

export function statusOf(span: AgentSpan): OtelSpan['status'] {
  const type = errorType(span);
  return type === undefined ? UNSET : { code: STATUS_CODE.error, message: description(span, type) };
}

function description(span: AgentSpan, type: string): string {
  switch (span.kind) {
    case 'api_call':
    case 'auxiliary_call':
      return callDescription(span, type);
    case 'tool_call':
      return errorText(span.errorMessage) ?? type;
    case 'turn':
      return span.exitReason ?? 'the turn failed';
    default:
      return type;
  }
}

function callDescription(span: ApiCallSpan | AuxiliaryCallSpan, type: string): string {
  return errorText(span.error?.message) ?? span.error?.reason ?? type;
}
