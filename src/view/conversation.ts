/** `view --conversation`: what was said and done, turn by turn, as people read it. Results are folded. */
import type { Message } from '../model/message.ts';
import type { AgentSpan, ApiCallSpan, SubagentSpan, ToolCallSpan, TurnSpan } from '../model/span.ts';
import { resultText, toolLine } from '../model/tool-text.ts';
import { duration } from '../model/units.ts';
import { shown, type Visible, visible } from '../model/visible.ts';
import { costPiece, problemPieces, tokenPieces } from './label.ts';
import { type Page, type Piece, paint, piece, type Tone, wrap } from './page.ts';
import { framed } from './rows.ts';
import type { SessionBlock, Tree } from './tree.ts';

/** Lines of a result before the rest is folded. */
const RESULT_LINES = 6;

export const NO_CONTENT =
  'This log has no conversation: it was recorded without content. Remove HERMES_OTEL_RECORD_CONTENT=false from the environment of Hermes to record what is said.';

/** True when a span has text of a user, a model or a tool. */
export function hasContent(spans: readonly AgentSpan[]): boolean {
  return spans.some(
    (span) =>
      (span.kind === 'turn' && (span.userMessage !== undefined || span.assistantResponse !== undefined)) ||
      (span.kind === 'tool_call' && span.args !== undefined),
  );
}

/** The lines of one session. */
export function renderConversation(page: Page, block: SessionBlock): readonly string[] {
  return framed(page, block, () => [
    ...block.trees.flatMap((tree) => (tree.span.kind === 'turn' ? turnLines(page, tree, tree.span) : [])),
    '',
  ]);
}

function turnLines(page: Page, tree: Tree, turn: TurnSpan): readonly string[] {
  const took = duration(turn.endTime - turn.startTime);
  const facts = [piece(took), ...tokenPieces(tree.work.tokens), costPiece(tree.work.cost)];
  const name = turn.index === undefined ? shown`turn` : shown`turn ${turn.index}`;
  const heading = [
    piece('── ', 'dim'),
    piece(name, 'turn'),
    ...facts.filter(({ text: words }) => words !== '').map(dimmed),
    piece(' ──', 'dim'),
  ];
  return [
    '',
    ...wrap(page, heading),
    ...said(page, turn.userMessage, '❯ ', 'strong'),
    ...tree.children.flatMap((child) => stepLines(page, child, turn)),
    ...problemPieces(turn).flatMap((problem) => text(page, problem.text, '! ', problem.tone)),
    ...spacedAnswer(page, tree, turn),
  ];
}

function spacedAnswer(page: Page, { children }: Tree, { assistantResponse }: TurnSpan): readonly string[] {
  const answer = answerLines(page, assistantResponse);
  return answer.length > 0 && children.some(({ span }) => span.kind === 'tool_call')
    ? ['', ...answer]
    : answer;
}

function dimmed({ text: words }: Piece): Piece {
  return piece(shown`  ${words}`, 'dim');
}

/** What happened between the question and the answer. */
function stepLines(page: Page, tree: Tree, turn: TurnSpan): readonly string[] {
  const { span } = tree;
  switch (span.kind) {
    case 'api_call':
      return callLines(page, span, turn);
    case 'tool_call':
      return [
        ...toolLines(page, span),
        ...answered(tree.children).flatMap((child) => stepLines(page, child, turn)),
      ];
    case 'approval': {
      const answer = span.choice ?? (span.timedOut === true ? 'timed out' : 'no answer');
      return text(
        page,
        `approval${span.command === undefined ? '' : ` of ${span.command}`}: ${answer}`,
        '  ? ',
        'approval',
      );
    }
    case 'subagent':
      return [
        ...text(page, subagentText(span), '  ▸ ', 'subagent'),
        ...tree.children.flatMap((child) =>
          child.span.kind === 'turn' ? below(page, child, child.span) : [],
        ),
      ];
    default:
      return [];
  }
}

/** Several surfaces may ask for one approval. Those without an answer say nothing when another one has it. */
function answered(trees: readonly Tree[]): readonly Tree[] {
  const isAnswered = ({ span }: Tree) => span.kind === 'approval' && span.choice !== undefined;
  return trees.some(isAnswered)
    ? trees.filter((tree) => tree.span.kind !== 'approval' || isAnswered(tree))
    : trees;
}

function subagentText({ role, goal }: SubagentSpan): string {
  const name = role === undefined ? 'sub-agent' : `sub-agent ${role}`;
  return goal === undefined ? name : `${name}: ${goal}`;
}

/** A sub-agent's turn, indented. Its prompt is the goal, which stands above. */
function below(page: Page, tree: Tree, turn: TurnSpan): readonly string[] {
  const narrow = { ...page, columns: Math.max(20, page.columns - 4) };
  const lines = [
    ...tree.children.flatMap((child) => stepLines(narrow, child, turn)),
    ...answerLines(narrow, turn.assistantResponse),
  ];
  const rail = paint(page.colors, piece('  │ ', 'dim'));
  return lines.map((each) => rail + each);
}

/** What the model thought, and what it said beside a tool call. The last answer is that of the turn. */
function callLines(page: Page, span: ApiCallSpan, turn: TurnSpan): readonly string[] {
  const parts = (span.response?.messages ?? []).flatMap(({ parts: all }: Message) => all);
  const lines = parts.flatMap((part) => {
    if (part.kind === 'reasoning') return folded(page, text(page, part.text, '  ∴ ', 'dim'));
    return part.kind === 'text' && part.text !== turn.assistantResponse ? answerLines(page, part.text) : [];
  });
  return [
    ...lines,
    ...problemPieces(span).flatMap(({ text: words, tone }) => text(page, words, '  ✗ ', tone)),
  ];
}

function toolLines(page: Page, span: ToolCallSpan): readonly string[] {
  const took = shown`  ${duration(span.endTime - span.startTime)}`;
  const command = text(page, toolLine(span.toolName, span.args), '  ', 'tool');
  const result = span.result === undefined ? undefined : resultText(span.result);
  // An error stands in the result too.
  const isProblem = result !== undefined && span.errorMessage?.startsWith(result.slice(0, 100));
  return [
    ...command.slice(0, -1),
    (command.at(-1) ?? '') + paint(page.colors, piece(took, 'dim')),
    ...problemPieces(span).flatMap((problem) =>
      folded(page, text(page, problem.text, '    ✗ ', problem.tone)),
    ),
    ...(isProblem ? [] : folded(page, text(page, result, '    ', 'dim'))),
  ];
}

function folded(page: Page, lines: readonly string[]): readonly string[] {
  const more = lines.length - RESULT_LINES;
  if (more <= 1) return lines;
  return [...lines.slice(0, RESULT_LINES), paint(page.colors, piece(shown`    … ${more} more lines`, 'dim'))];
}

function said(page: Page, words: string | undefined, mark: string, tone: Tone): readonly string[] {
  return words === undefined ? [] : [...text(page, words, mark, tone), ''];
}

/** A text of a log, wrapped, after a mark on its first line. Nothing for no text. */
function text(page: Page, words: string | undefined, mark: string, tone: Tone): readonly string[] {
  return layOut(page, words, mark, (line) => [piece(line, tone)]);
}

function layOut(
  page: Page,
  words: string | undefined,
  mark: string,
  pieces: (line: Visible) => readonly Piece[],
): readonly string[] {
  if (words === undefined || words === '') return [];
  const narrow = { ...page, columns: Math.max(20, page.columns - mark.length) };
  const space = ' '.repeat(mark.length);
  return words
    .replaceAll('\t', '  ')
    .trimEnd()
    .split(/\r?\n/)
    .flatMap((line) => wrap(narrow, pieces(visible(line))))
    .map((line, index) => ((index === 0 ? mark : space) + line).trimEnd());
}

/** An answer with its Markdown highlighted: headings, code blocks and code spans. */
function answerLines(page: Page, answer: string | undefined): readonly string[] {
  let fenced = false;
  return layOut(page, answer, '● ', (line) => {
    const isFence = line.trimStart().startsWith('```');
    if (isFence) fenced = !fenced;
    if (isFence || fenced) return [piece(line, 'tool')];
    if (line.startsWith('#')) return [piece(line, 'strong')];
    return line.split(/(`[^`]+`)/).map((part) => piece(part, part.startsWith('`') ? 'tool' : 'plain'));
  });
}
