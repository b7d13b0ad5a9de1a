import { type Work, workText } from '../model/figures.ts';
import { type AgentSpan, isError, type SessionSpan } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';
import { duration } from '../model/units.ts';
import { join, shown, type Visible } from '../model/visible.ts';
import { pad, widthOf } from './columns.ts';
import { costPiece, detailsOf, KIND_TONE, labelOf, tokenPieces, withWords } from './label.ts';
import { line, type Page, type Piece, piece, spaced } from './page.ts';
import { type SessionBlock, type Tree, titleOf } from './tree.ts';

/** The row of a span before layout. */
export interface TreeRow {
  readonly tree: Tree;
  /** The branch lines left of the name. */
  readonly branch: Visible;
  /** The same for further lines about the span. */
  readonly stem: Visible;
}

const MIN_NAME_WIDTH = 8;
const DURATION_WIDTH = 8;

/** The rows of `tree`, parents first. `stem` is the prefix of all of them. */
export function* rowsOf(tree: Tree, stem: Visible, last: boolean): Generator<TreeRow> {
  const below = join([stem, last ? shown`   ` : shown`│  `], '');
  const stemOfOwn = tree.children.length > 0 ? join([below, shown`│  `], '') : below;
  yield { tree, branch: join([stem, last ? shown`└─ ` : shown`├─ `], ''), stem: stemOfOwn };
  for (const [index, child] of tree.children.entries()) {
    yield* rowsOf(child, below, index === tree.children.length - 1);
  }
}

/** A row of the tree of the `console` exporter: name, duration, details. */
export function renderRow(page: Page, row: TreeRow, note: Visible | undefined): string {
  const nameWidth = Math.min(56, Math.max(20, Math.floor(page.columns * 0.4)));
  const notes = note === undefined ? [] : [piece(note, 'warning')];
  return line(page, [
    ...nameAndDuration(row, nameWidth),
    piece('  '),
    ...spaced([...notes, ...detailsOf(row.tree)]),
  ]);
}

/**
 * Branch lines and name in `width` columns, then the duration. `∥` marks a span that ran at the same time as a sibling,
 * `(+3)` counts hidden spans below it. In a deep tree the name keeps a minimum width.
 */
export function nameAndDuration({ tree, branch }: TreeRow, width: number): readonly Piece[] {
  const { span, parallel, hidden } = tree;
  const name = shown`${parallel ? '∥ ' : ''}${labelOf(span)}${hidden > 0 ? ` (+${hidden})` : ''}`;
  const took = shown`${duration(span.endTime - span.startTime)}`;
  return [
    piece(branch, 'dim'),
    piece(
      pad(name, Math.max(MIN_NAME_WIDTH, width - widthOf(branch))),
      isError(span) ? 'error' : KIND_TONE[span.kind],
    ),
    piece(pad(took, DURATION_WIDTH, 'right')),
  ];
}

/**
 * The line above a session's first turn. `first` is the first span that is known: a turn, or the session. `title` is
 * the first message of the user.
 */
export function sessionHeader(page: Page, sessionId: string, first: AgentSpan, title?: string): string {
  const { platform, model } = first.kind === 'session' || first.kind === 'turn' ? first : NOTHING;
  const time = first.syntheticTime ? 'no recorded times' : clockTime(first.startTime);
  const facts = [time, platform, model];
  return line(
    page,
    spaced([
      piece(withWords(sessionName(sessionId), title), 'session'),
      ...facts.filter((fact) => fact !== undefined).map((fact) => piece(fact, 'dim')),
    ]),
  );
}

/** A call of a title, for example, may belong to no session. */
function sessionName(sessionId: string): Visible {
  return sessionId === '' ? shown`outside sessions` : shown`session ${sessionId}`;
}

/** ISO 8601 in UTC to the second, with a space: `2026-11-23 08:20:14Z`. */
export function clockTime(time: EpochMicros): string {
  const iso = new Date(time / 1000).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}Z`;
}

const NOTHING = { platform: undefined, model: undefined };

/** The line above further turns after those of another session. */
export function sessionReminder(page: Page, sessionId: string): string {
  return line(page, [piece(sessionName(sessionId), 'session'), piece('  (continued)', 'dim')]);
}

/** The lines of a session below its header and above its footer, where it has one. Nothing without a span. */
export function framed(page: Page, block: SessionBlock, lines: () => readonly string[]): readonly string[] {
  const { session, trees, sessionId, work } = block;
  const first = session ?? trees[0]?.span;
  if (first === undefined) return [];
  const footer = session === undefined ? [] : [sessionFooter(page, session, work)];
  return [sessionHeader(page, sessionId, first, titleOf(block)), ...lines(), ...footer];
}

/** The last line of a session's tree: how it ended, and its figures, including sub-agents and background reviews. */
export function sessionFooter(page: Page, span: SessionSpan, work: Work): string {
  const facts = [
    ...outcome(span),
    piece(duration(span.endTime - span.startTime)),
    piece(workText(work)),
    ...tokenPieces(work.tokens),
    costPiece(work.cost),
    ...relation('continues', span.previousSessionId),
    ...relation('below', span.parentSessionId),
  ];
  return line(page, [piece('└─ ', 'dim'), ...spaced(facts)]);
}

function outcome(span: SessionSpan): readonly Piece[] {
  const reason = span.endReason === undefined ? [] : [piece(shown`(${span.endReason})`, 'dim')];
  if (span.incomplete !== undefined) {
    return [piece(shown`incomplete (${span.incomplete.replaceAll('_', ' ')})`, 'warning')];
  }
  if (span.interrupted === true) return [piece('interrupted', 'warning'), ...reason];
  if (span.completed === true) return [piece('completed', 'good'), ...reason];
  return [piece(span.completed === false ? 'not completed' : 'ended', 'warning'), ...reason];
}

function relation(word: string, sessionId: string | undefined): readonly Piece[] {
  return sessionId === undefined ? [] : [piece(shown`${word} ${sessionId}`, 'dim')];
}
