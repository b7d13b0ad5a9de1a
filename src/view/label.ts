/** How a span is called in a view, and the few words that stand behind its duration. Attributes are the conventions' business. */

import {
  type AgentSpan,
  type AgentSpanKind,
  type ApprovalSpan,
  isError,
  type TurnSpan,
} from '../model/span.ts';
import { type Piece, piece, type Tone } from './paint.ts';
import { reasonOf } from './problem.ts';
import { tokenPieces } from './token-count.ts';
import { plural } from './units.ts';
import { shown, type Visible, visible } from './visible.ts';

export const KIND_TONE: Readonly<Record<AgentSpanKind, Tone>> = {
  session: 'session',
  turn: 'turn',
  api_call: 'call',
  tool_call: 'tool',
  approval: 'approval',
  subagent: 'subagent',
  auxiliary_call: 'call',
};

/** `turn 2`, `chat claude-sonnet`, `tool read_file`, `sub-agent leaf`. */
export function labelOf(span: AgentSpan): Visible {
  switch (span.kind) {
    case 'session':
      return shown`session ${span.sessionId}`;
    case 'turn':
      return turnLabel(span);
    case 'api_call':
      return shown`chat ${span.model ?? '(model unknown)'}`;
    case 'tool_call':
      return shown`tool ${span.toolName}`;
    case 'approval':
      return span.surface === undefined ? shown`approval` : shown`approval ${span.surface}`;
    case 'subagent':
      return span.role === undefined ? shown`sub-agent` : shown`sub-agent ${span.role}`;
    case 'auxiliary_call':
      return span.auxTask === undefined ? shown`auxiliary call` : shown`auxiliary ${span.auxTask}`;
    default:
      return span satisfies never;
  }
}

/** Everything worth a glance, the most telling first: what does not fit is cut off at the right. */
export function detailsOf(span: AgentSpan): readonly Piece[] {
  return [...attempt(span), ...problemPieces(span), ...tokenPieces(span), ...restOf(span)];
}

/** The details without what went wrong. */
export function factsOf(span: AgentSpan): readonly Piece[] {
  return [...attempt(span), ...tokenPieces(span), ...restOf(span)];
}

function restOf(span: AgentSpan): readonly Piece[] {
  return [...factPieces(span), ...contentPieces(span)];
}

function turnLabel(span: TurnSpan): Visible {
  if (span.background) return shown`background turn`;
  return span.index === undefined ? shown`turn` : shown`turn ${span.index}`;
}

/** What went wrong or stayed open: an error's reason, an end that is not in the log, an interrupt. */
export function problemPieces(span: AgentSpan): readonly Piece[] {
  const reason = reasonOf(span);
  return [
    ...(reason === undefined ? [] : [piece(reason, 'error')]),
    ...(span.incomplete === undefined
      ? []
      : [piece(shown`incomplete (${span.incomplete.replaceAll('_', ' ')})`, 'warning')]),
    ...(isInterrupted(span) ? [piece(shown`interrupted`, 'warning')] : []),
  ];
}

function isInterrupted(span: AgentSpan): boolean {
  return (span.kind === 'turn' || span.kind === 'session') && span.interrupted === true;
}

function factPieces(span: AgentSpan): readonly Piece[] {
  switch (span.kind) {
    case 'session':
    case 'turn':
      return [piece(shown`${workOf(span)}`, 'dim')];
    case 'api_call':
      return [
        ...word(span.finishReason),
        ...(span.answered && span.usage === undefined ? [piece(shown`no usage`, 'dim')] : []),
      ];
    case 'tool_call':
      return isError(span) || span.status === 'ok' ? [] : word(span.status, 'warning');
    case 'approval':
      return [decision(span)];
    case 'subagent':
      return [
        ...(isError(span) || span.status === 'completed' ? [] : word(span.status, 'warning')),
        piece(shown`${workOf(span)}`, 'dim'),
      ];
    case 'auxiliary_call':
      return [...word(span.model), ...word(span.finishReason)];
    default:
      return span satisfies never;
  }
}

/** `2 calls, 1 tool`; what there was none of is not mentioned. */
export function workOf(
  span: Partial<Record<'turnCount' | 'apiCallCount' | 'toolCallCount', number>>,
): string {
  const counts = [
    [span.turnCount ?? 0, 'turn'],
    [span.apiCallCount ?? 0, 'call'],
    [span.toolCallCount ?? 0, 'tool'],
  ] as const;
  return counts
    .filter(([value]) => value > 0)
    .map(([value, noun]) => plural(value, noun))
    .join(', ');
}

/** Of a call that is not the first try; before its error, which may be long. */
function attempt(span: AgentSpan): readonly Piece[] {
  const isCall = span.kind === 'api_call' || span.kind === 'auxiliary_call';
  return isCall && span.retryCount > 0 ? [piece(shown`attempt ${span.retryCount + 1}`, 'warning')] : [];
}

function word(text: string | undefined, tone: Tone = 'dim'): readonly Piece[] {
  return text === undefined ? [] : [piece(visible(text), tone)];
}

function decision(span: ApprovalSpan): Piece {
  if (span.choice !== undefined)
    return piece(visible(span.choice), span.granted === true ? 'good' : 'warning');
  return piece(span.timedOut === true ? shown`timed out` : shown`no answer`, 'warning');
}

/** Only there when content was asked for. */
function contentPieces(span: AgentSpan): readonly Piece[] {
  switch (span.kind) {
    case 'turn':
      return quoted(span.userMessage);
    case 'tool_call':
      return quoted(span.args);
    case 'approval':
      return quoted(span.command);
    case 'subagent':
      return quoted(span.goal);
    default:
      return [];
  }
}

function quoted(text: string | undefined): readonly Piece[] {
  return text === undefined ? [] : [piece(shown`“${text}”`, 'dim')];
}
