import { KINDS } from '../../html/format.ts';
import { KIND_WORDS, kindOf, labelOf, noteOf } from './labels.ts';
import type { Marks } from './marks.ts';
import { at, fact, isError, type SpanTable, textFact } from './table.ts';
import type { Range } from './totals.ts';

/** One thing that was said or done. */
export interface Step {
  readonly span: number;
  readonly kind: StepKind;
  readonly text: string;
  /** How many sub-agents it is inside of, within the selection. */
  readonly level: number;
}

export type StepKind =
  | 'turn'
  | 'prompt'
  | 'thought'
  | 'tool'
  | 'problem'
  | 'result'
  | 'approval'
  | 'agent'
  | 'answer';

/** True when the page has text of a user, a model or a tool in the range of spans. */
export function hasContent(table: SpanTable, { from, to }: Range): boolean {
  for (let span = from; span < to; span += 1) {
    if (CONTENT.some((name) => fact(table, span, name) !== undefined)) return true;
  }
  return false;
}

const CONTENT = ['said', 'line', 'answer', 'thought'] as const;

/** The span that is looked at, whose name stands above the conversation already, and what is known of all spans. */
interface Look {
  readonly table: SpanTable;
  readonly marks: Marks;
  readonly root: number;
}

/** What is around a span. */
interface Around {
  readonly level: number;
  /** Of the turn. Its last call repeats it. */
  readonly answer: string | undefined;
}

/** What was said and done in a span and below it, in order: prompt, thoughts, tool calls with results, answer. */
export function conversationOf(table: SpanTable, marks: Marks, root: number): Generator<Step> {
  return stepsUnder({ table, marks, root }, root, { level: 0, answer: undefined });
}

function* stepsUnder(look: Look, span: number, around: Around): Generator<Step> {
  const { table } = look;
  yield* opening(look, span, around);
  const isAgent = kindOf(table, span) === 'subagent';
  const answer = answerOf(table, span);
  const inside = { level: around.level + (isAgent ? 1 : 0), answer: answer ?? around.answer };
  const end = span + at(table.size, span);
  for (let child = span + 1; child < end; child += at(table.size, child))
    yield* stepsUnder(look, child, inside);
  yield* stepsOf(span, around.level, ...outcome(look, span), ['answer', answer]);
}

const TURN = KINDS.indexOf('turn');

/** The answer of a turn, and of a sub-agent without turns: else it repeats that of its last turn. */
function answerOf(table: SpanTable, span: number): string | undefined {
  const kind = kindOf(table, span);
  const isLast =
    kind === 'turn' ||
    (kind === 'subagent' && !table.kind.subarray(span, span + at(table.size, span)).includes(TURN));
  return isLast ? textFact(table, span, 'answer') : undefined;
}

type Part = readonly [kind: StepKind, text: string | undefined];

function stepsOf(span: number, level: number, ...parts: readonly Part[]): readonly Step[] {
  return parts.flatMap(([kind, text]) => (text === undefined ? [] : [{ span, kind, text, level }]));
}

/** What the span says before anything below it. */
function opening(look: Look, span: number, { level, answer }: Around): readonly Step[] {
  const { table, root } = look;
  const own = (name: 'said' | 'line' | 'thought' | 'answer') => textFact(table, span, name);
  const kind = kindOf(table, span);
  switch (kind) {
    case 'turn':
      return stepsOf(span, level, ['turn', turnHeading(look, span)], ['prompt', promptOf(look, span)]);
    case 'api_call': {
      const said = own('answer') === answer ? undefined : own('answer');
      return stepsOf(span, level, ['thought', own('thought')], ['answer', said]);
    }
    case 'tool_call':
      return stepsOf(span, level, ['tool', span === root ? own('line') : labelOf(table, span)]);
    case 'approval':
      return stepsOf(span, level, ['approval', approvalText(look, span)]);
    case 'subagent':
      return stepsOf(span, level, ['agent', own('said') ?? labelOf(table, span)]);
    case 'session':
    case 'auxiliary_call':
      return [];
    default:
      return kind satisfies never;
  }
}

/** `undefined` for the turn that is looked at, and for that of a sub-agent, which stands above it. */
function turnHeading({ table, marks, root }: Look, span: number): string | undefined {
  if (span === root || fact(table, span, 'inSubagent') === true) return undefined;
  return [labelOf(table, span, false), noteOf(table, marks, span)].filter((word) => word !== '').join(' · ');
}

/** The prompt of a sub-agent is its goal, which stands above. */
function promptOf({ table, root }: Look, span: number): string | undefined {
  return span !== root && fact(table, span, 'inSubagent') === true
    ? undefined
    : textFact(table, span, 'said');
}

/** Why it failed, and the result of a tool, in which the same often stands again. */
function outcome({ table, root }: Look, span: number): readonly Part[] {
  const problem = isError(table, span) && span !== root ? textFact(table, span, 'message') : undefined;
  const result = textFact(table, span, 'result');
  const isRepeated = problem !== undefined && result?.startsWith(problem.slice(0, 100)) === true;
  return [
    ['problem', problem],
    ['result', isRepeated ? undefined : result],
  ];
}

/** Several surfaces may ask for one approval. One without an answer is left out when another has it. */
function approvalText({ table, marks }: Look, span: number): string | undefined {
  const isAnswered = (each: number) =>
    kindOf(table, each) === 'approval' && fact(table, each, 'choice') !== undefined;
  const parent = at(table.parent, span);
  const end = parent < 0 ? 0 : parent + at(table.size, parent);
  for (let each = parent + 1; !isAnswered(span) && each < end; each += at(table.size, each))
    if (isAnswered(each)) return undefined;
  return `${textFact(table, span, 'said') ?? KIND_WORDS.approval}: ${noteOf(table, marks, span)}`;
}
