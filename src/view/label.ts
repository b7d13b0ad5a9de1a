/** The name of a span in a view, and the short facts after its duration. */

import { sideText, type Tokens, workText } from '../model/figures.ts';
import {
  type AgentSpan,
  type AgentSpanKind,
  type ApiCallSpan,
  type ApprovalSpan,
  type AuxiliaryCallSpan,
  type CallError,
  isError,
  type ToolCallSpan,
  type TurnSpan,
} from '../model/span.ts';
import { firstWords, toolLine } from '../model/tool-text.ts';
import { count, money } from '../model/units.ts';
import { join, shown, type Visible, visible } from '../model/visible.ts';
import { type Piece, piece, type Tone } from './page.ts';
import type { Tree } from './tree.ts';

export const KIND_TONE: Readonly<Record<AgentSpanKind, Tone>> = {
  session: 'session',
  turn: 'turn',
  api_call: 'call',
  tool_call: 'tool',
  approval: 'approval',
  subagent: 'subagent',
  auxiliary_call: 'call',
};

/** `turn 2`, `chat claude-sonnet`, `tool read_file`, `sub-agent leaf`; with content `turn 2 · list the files`. */
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
      return withWords(span.role === undefined ? shown`sub-agent` : shown`sub-agent ${span.role}`, span.goal);
    case 'auxiliary_call':
      return span.auxTask === undefined ? shown`auxiliary call` : shown`auxiliary ${span.auxTask}`;
    default:
      return span satisfies never;
  }
}

/** All facts about a span, most important first, because the right end may be cut. */
export function detailsOf(tree: Tree): readonly Piece[] {
  const { span } = tree;
  return [
    ...attempt(span),
    ...problemPieces(span),
    ...figurePieces(tree),
    ...factPieces(tree),
    ...contentPieces(span),
  ];
}

/** The details without the problems. */
export function factsOf(tree: Tree): readonly Piece[] {
  const { span } = tree;
  return [...attempt(span), ...figurePieces(tree), ...factPieces(tree), ...contentPieces(span)];
}

/** Tokens and cost of the span and everything below it. Those below a tool call stand at its sub-agent. */
function figurePieces({ span, work }: Tree): readonly Piece[] {
  return span.kind === 'tool_call' ? [] : [...tokenPieces(work.tokens), costPiece(work.cost)];
}

function turnLabel(span: TurnSpan): Visible {
  if (span.background) return shown`background turn`;
  return withWords(span.index === undefined ? shown`turn` : shown`turn ${span.index}`, span.userMessage);
}

/** A label and the first words of its text, if there is one. */
export function withWords(label: Visible, text: string | undefined): Visible {
  const words = firstWords(text);
  return words === undefined ? label : shown`${label} · ${words}`;
}

/** Problems: the reason of an error, an end that is not in the log, an interrupt. */
export function problemPieces(span: AgentSpan): readonly Piece[] {
  const reason = reasonOf(span);
  return [
    ...(reason === undefined ? [] : [piece(reason, 'error')]),
    ...(span.incomplete === undefined
      ? []
      : [piece(shown`incomplete (${span.incomplete.replaceAll('_', ' ')})`, 'warning')]),
    ...('interrupted' in span && span.interrupted ? [piece('interrupted', 'warning')] : []),
  ];
}

function factPieces({ span, work }: Tree): readonly Piece[] {
  switch (span.kind) {
    case 'session':
      return [piece(workText(work), 'dim')];
    case 'turn':
      return [piece(workText({ ...work, turns: 0 }), 'dim')];
    case 'api_call':
      return [
        ...word(span.finishReason),
        ...(span.answered && span.usage === undefined ? [piece('no usage', 'dim')] : []),
      ];
    case 'tool_call':
      return isError(span) || span.status === 'ok' ? [] : word(span.status, 'warning');
    case 'approval':
      return [decision(span)];
    case 'subagent':
      return [
        ...(isError(span) || span.status === 'completed' ? [] : word(span.status, 'warning')),
        piece(workText({ ...work, subagents: work.subagents - 1 }), 'dim'),
      ];
    case 'auxiliary_call':
      return [...word(span.model), ...word(span.finishReason)];
    default:
      return span satisfies never;
  }
}

/** Of a retry. It stands before the error, which may be long. */
function attempt(span: AgentSpan): readonly Piece[] {
  const isCall = span.kind === 'api_call' || span.kind === 'auxiliary_call';
  return isCall && span.retryCount > 0 ? [piece(shown`attempt ${span.retryCount + 1}`, 'warning')] : [];
}

function word(text: string | undefined, tone: Tone = 'dim'): readonly Piece[] {
  return text === undefined ? [] : [piece(text, tone)];
}

function decision(span: ApprovalSpan): Piece {
  if (span.choice !== undefined) return piece(span.choice, span.granted === true ? 'good' : 'warning');
  return piece(span.timedOut === true ? 'timed out' : 'no answer', 'warning');
}

/** Present only when content was recorded and asked for. */
function contentPieces(span: AgentSpan): readonly Piece[] {
  switch (span.kind) {
    case 'tool_call':
      return span.args === undefined ? [] : quoted(toolLine(span.toolName, span.args));
    case 'approval':
      return quoted(span.command);
    default:
      return [];
  }
}

function quoted(text: string | undefined): readonly Piece[] {
  return text === undefined ? [] : [piece(shown`“${text}”`, 'dim')];
}

/** Why a span failed, the short word first; `undefined` when it did not fail. */
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

/** The class of an error, for counting: `rate_limit`, `timeout`, `APIConnectionError`. */
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

/** The status `error` is left out when the log has a more specific reason. */
function toolReason({ status, errorType, errorMessage }: ToolCallSpan): Visible {
  const words = [errorType, errorMessage].filter((word) => word !== undefined);
  const all = status === 'error' && words.length > 0 ? words : [status ?? 'error', ...words];
  return join([...new Set(all)].map(visible), ': ');
}

/** `984k→750`, then `(331k cached)`: prompts, answers, and the part of the prompts that was read from the cache. */
export function tokenPieces(tokens: Tokens): readonly Piece[] {
  const sum = inAndOut(tokens);
  if (sum.text === '') return [];
  return tokens.cached === 0 ? [sum] : [sum, piece(shown`(${count(tokens.cached)} cached)`, 'dim')];
}

/** `9,970→500`: whole prompts and answers, `?` for an unknown sum. Empty when no tokens were reported. */
export function inAndOut(tokens: Tokens): Piece {
  const isEmpty = tokens.input + tokens.output === 0;
  return piece(isEmpty ? '' : shown`${sideText(tokens, 'input')}→${sideText(tokens, 'output')}`);
}

/** `$0.42`; empty when the cost is unknown. */
export function costPiece(cost: number | undefined): Piece {
  return piece(cost === undefined ? '' : money(cost));
}
