import { KINDS } from '../../html/format.ts';
import type { AgentSpanKind } from '../../model/span.ts';
import { at, fact, isError, numberFact, type SpanTable, text, textFact } from './table.ts';
import { compact, count, oneLine } from './words.ts';

export function kindOf(table: SpanTable, span: number): AgentSpanKind {
  return KINDS[at(table.kind, span)] ?? 'session';
}

interface KindWords {
  readonly one: string;
  readonly many: string;
}

export const KIND_WORDS: Readonly<Record<AgentSpanKind, KindWords>> = {
  session: { one: 'Session', many: 'Sessions' },
  turn: { one: 'Turn', many: 'Turns' },
  api_call: { one: 'API call', many: 'API calls' },
  tool_call: { one: 'Tool call', many: 'Tools' },
  approval: { one: 'Approval', many: 'Approvals' },
  subagent: { one: 'Sub-agent', many: 'Sub-agents' },
  auxiliary_call: { one: 'Auxiliary call', many: 'Auxiliary' },
};

/** What a row is called: the thing itself, its kind being shown by the icon. */
export function labelOf(table: SpanTable, span: number): string {
  const kind = kindOf(table, span);
  switch (kind) {
    case 'turn':
      return turnLabel(table, span);
    case 'api_call':
      return oneLine(textFact(table, span, 'model') ?? text(table, at(table.name, span)));
    case 'tool_call':
      return oneLine(textFact(table, span, 'tool') ?? text(table, at(table.name, span)));
    case 'auxiliary_call':
      return oneLine(textFact(table, span, 'tool') ?? KIND_WORDS[kind].one);
    case 'subagent':
      return oneLine(textFact(table, span, 'role') ?? KIND_WORDS[kind].one);
    case 'session':
    case 'approval':
      return KIND_WORDS[kind].one;
    default:
      return kind satisfies never;
  }
}

function turnLabel(table: SpanTable, span: number): string {
  if (fact(table, span, 'background') === true) return 'Background review';
  const index = numberFact(table, span, 'index');
  return index === undefined ? 'Turn' : `Turn ${count(index)}`;
}

/** A word after the label: what came of it, and how much it took. '' when there is nothing to add. */
export function noteOf(table: SpanTable, span: number): string {
  const kind = kindOf(table, span);
  switch (kind) {
    case 'api_call':
    case 'auxiliary_call':
      return callNote(table, span);
    case 'tool_call':
      return toolNote(table, span);
    case 'approval':
      return approvalNote(table, span);
    case 'session':
      return oneLine(textFact(table, span, 'platform') ?? '');
    case 'turn':
    case 'subagent':
      return outcomeNote(table, span);
    default:
      return kind satisfies never;
  }
}

function callNote(table: SpanTable, span: number): string {
  const notes: string[] = [];
  const attempt = numberFact(table, span, 'attempt');
  if (attempt !== undefined) notes.push(`retry ${attempt}`);
  const error = textFact(table, span, 'errorType');
  const input = numberFact(table, span, 'inputTokens');
  const output = numberFact(table, span, 'outputTokens');
  if (error !== undefined) notes.push(oneLine(error));
  else if (input !== undefined || output !== undefined) {
    notes.push(`${known(input)} → ${known(output)}`);
  }
  return notes.join(' · ');
}

function known(tokens: number | undefined): string {
  return tokens === undefined ? '?' : compact(tokens);
}

function toolNote(table: SpanTable, span: number): string {
  const outcome = textFact(table, span, 'outcome');
  const message = isError(table, span) ? textFact(table, span, 'message') : undefined;
  return outcome === undefined || outcome === 'ok' ? '' : oneLine(message ?? outcome);
}

function outcomeNote(table: SpanTable, span: number): string {
  const outcome = textFact(table, span, 'outcome');
  return outcome === undefined || outcome === 'completed' ? '' : oneLine(outcome);
}

function approvalNote(table: SpanTable, span: number): string {
  if (fact(table, span, 'timedOut') === true) return 'timed out';
  const granted = fact(table, span, 'granted');
  if (granted === undefined) return 'no answer';
  const choice = textFact(table, span, 'choice');
  const word = granted === true ? 'granted' : 'denied';
  return choice === undefined ? word : `${word} (${oneLine(choice)})`;
}

/** Why a span was closed although its end is not in the log. */
export const INCOMPLETE_WORDS: Readonly<Record<string, string>> = {
  next_call: 'The next call began before this one ended in the log.',
  next_turn: 'The next turn began before this one ended in the log.',
  turn_end: 'The turn ended before this one ended in the log.',
  session_end: 'The session ended before this one ended in the log.',
  idle: 'Nothing more came for the idle time.',
  end_of_input: 'The log ends before this one does.',
  evicted: 'Too many spans were open at once.',
};
