import { KINDS } from '../../html/format.ts';
import { pathText } from '../../model/critical-path.ts';
import type { AgentSpanKind } from '../../model/span.ts';
import { firstWords } from '../../model/tool-text.ts';
import { type Marks, sumWithin } from './marks.ts';
import { at, fact, isError, numberFact, type SpanTable, text, textFact } from './table.ts';
import { pathOf } from './totals.ts';
import { compact, count, money, oneLine } from './words.ts';

export function kindOf(table: SpanTable, span: number): AgentSpanKind {
  return KINDS[at(table.kind, span)] ?? 'session';
}

export const KIND_WORDS: Readonly<Record<AgentSpanKind, string>> = {
  session: 'Session',
  turn: 'Turn',
  api_call: 'API call',
  tool_call: 'Tool call',
  approval: 'Approval',
  subagent: 'Sub-agent',
  auxiliary_call: 'Auxiliary call',
};

/** What a row is called: the thing itself, its kind being shown by the icon; and its first words, with content. */
export function labelOf(table: SpanTable, span: number, withWords = true): string {
  const name = nameOf(table, span);
  const words = withWords ? wordsOf(table, span) : undefined;
  return words === undefined ? name : `${name} · ${oneLine(words)}`;
}

function nameOf(table: SpanTable, span: number): string {
  const kind = kindOf(table, span);
  switch (kind) {
    case 'turn':
      return turnLabel(table, span);
    case 'api_call': {
      const model = textFact(table, span, 'model');
      return oneLine(model === undefined ? text(table, at(table.name, span)) : shortModel(table, model));
    }
    case 'tool_call':
      return oneLine(
        textFact(table, span, 'line') ?? textFact(table, span, 'tool') ?? text(table, at(table.name, span)),
      );
    case 'auxiliary_call':
      return oneLine(textFact(table, span, 'tool') ?? KIND_WORDS[kind]);
    case 'subagent':
      return oneLine(textFact(table, span, 'role') ?? KIND_WORDS[kind]);
    case 'session':
    case 'approval':
      return KIND_WORDS[kind];
    default:
      return kind satisfies never;
  }
}

/** The first words of a prompt, a goal or a command; of a session those of its first turn. */
function wordsOf(table: SpanTable, span: number): string | undefined {
  if (kindOf(table, span) !== 'session') return firstWords(textFact(table, span, 'said'));
  return firstWords(table.sessions.find(({ from, to }) => span >= from && span < to)?.title);
}

const modelPrefixes = new WeakMap<SpanTable, number>();

/** `opus-4-5`, `…opus-4-5`: without what the names of all models have in common at their beginning. */
export function shortModel(table: SpanTable, model: string): string {
  const length = modelPrefixes.get(table) ?? commonPrefix(table);
  modelPrefixes.set(table, length);
  if (length === 0 || length >= model.length) return model;
  return model[length - 1] === '/' ? model.slice(length) : `…${model.slice(length)}`;
}

/** Names up to this long are shown whole, and less than this says too little. Characters. */
const SHORT_NAME = { most: 16, least: 4 } as const;

/** Up to the last `/` or `-`; of one model alone the provider's name; 0 when it is not worth it. */
function commonPrefix(table: SpanTable): number {
  const models = new Set<string>();
  for (let span = 0; span < table.count; span += 1) models.add(textFact(table, span, 'model') ?? '');
  models.delete('');
  const [first = '', ...others] = models;
  const equal = others.reduce((length, other) => {
    let same = 0;
    while (same < length && other[same] === first[same]) same += 1;
    return same;
  }, first.length);
  const shared = first.slice(0, equal);
  const length = 1 + Math.max(shared.lastIndexOf('/'), others.length === 0 ? -1 : shared.lastIndexOf('-'));
  const lengths = [...models].map((model) => model.length);
  const isWorthIt =
    Math.max(...lengths) > SHORT_NAME.most && Math.min(...lengths) - length >= SHORT_NAME.least;
  return isWorthIt ? length : 0;
}

function turnLabel(table: SpanTable, span: number): string {
  if (fact(table, span, 'background') === true) return 'Background review';
  const index = numberFact(table, span, 'index');
  return index === undefined ? 'Turn' : `Turn ${count(index)}`;
}

/** How many names of a critical path are named. */
const PATH_NAMES = 4;

/** `$ make test 62 %, claude-sonnet 30 %, agent 8 %`: what determined how long the span took. '' for no time. */
export function pathTextOf(table: SpanTable, span: number): string {
  const steps = pathOf(table, span).map(({ span: each, micros }) => {
    const kind = kindOf(table, each);
    return { name: kind === 'turn' || kind === 'subagent' ? 'agent' : nameOf(table, each), micros };
  });
  return pathText(steps, PATH_NAMES);
}

/** A word after the label: what came of it, and how much it took. '' when there is nothing to add. */
export function noteOf(table: SpanTable, marks: Marks, span: number): string {
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
      return [oneLine(textFact(table, span, 'platform') ?? ''), ...consumed(table, marks, span)]
        .filter(Boolean)
        .join(' · ');
    case 'turn':
    case 'subagent':
      return [outcomeNote(table, span), ...consumed(table, marks, span)].filter(Boolean).join(' · ');
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
  const cost = numberFact(table, span, 'cost');
  if (cost !== undefined) notes.push(money(cost));
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

/** Dollars that are no rounding error of a sum. */
const LEAST_COST = 1e-8;

/** Tokens and cost of everything below; what no call reported is left out. */
export function consumed(table: SpanTable, marks: Marks, span: number): readonly string[] {
  const input = sumWithin(table, marks, span, 'inputTokens');
  const output = sumWithin(table, marks, span, 'outputTokens');
  const cost = sumWithin(table, marks, span, 'cost');
  return [
    ...(input + output === 0
      ? []
      : [`${input === 0 ? '?' : compact(input)} → ${output === 0 ? '?' : compact(output)}`]),
    ...(cost < LEAST_COST ? [] : [money(cost)]),
  ];
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
  turn_end: 'What it is part of ended before it ended in the log.',
  session_end: 'The session ended before this one ended in the log.',
  idle: 'Nothing more came for the idle time.',
  end_of_input: 'The log ends before this one does.',
  evicted: 'Too many spans were open at once.',
};
