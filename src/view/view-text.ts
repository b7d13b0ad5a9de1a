import type { EpochMicros } from '../model/time.ts';
import { widthOf } from './columns.ts';
import { factsOf, problemPieces } from './label.ts';
import { line, type Page, spaced } from './page.ts';
import { type Piece, piece } from './paint.ts';
import type { SessionBlock } from './session-block.ts';
import { sessionFooter, sessionHeader } from './session-rows.ts';
import { type Tree, walk } from './tree.ts';
import { nameAndDuration, rowsOf, type TreeRow } from './tree-rows.ts';
import { duration } from './units.ts';
import { shown } from './visible.ts';
import { type Axis, axisOf, renderAxis, renderBar } from './waterfall.ts';

const GAP = shown`  `;
/** The column of durations and the gaps around the bars. */
const DURATION_AND_GAPS = 12;

/** Widths of the columns of a waterfall. */
interface Layout {
  readonly page: Page;
  readonly name: number;
  readonly bar: number;
  /** False on a page too narrow to say anything behind the bars. */
  readonly details: boolean;
}

/**
 * A session as a tree with a waterfall: a line for each span, and one below it for what went wrong. Each turn has an
 * axis of its own, written in its row; where no turn shows what is below it, all share that of the session.
 */
export function renderBlock(page: Page, block: SessionBlock): readonly string[] {
  const layout = layoutOf(page);
  const { session, trees } = block;
  const first = session ?? trees[0]?.span;
  if (first === undefined) return [];
  const flat = trees.length > 0 && trees.every(({ children }) => children.length === 0);
  const shared = flat ? axisOf(trees.map(({ span }) => span)) : undefined;
  const footer = session === undefined ? [] : [sessionFooter(page, session)];
  return [
    sessionHeader(page, block.sessionId, first),
    ...(shared === undefined ? [] : [sharedAxis(layout, shared)]),
    ...trees.flatMap((tree, index) => {
      const last = footer.length === 0 && index === trees.length - 1;
      return renderTree(layout, tree, last, block, shared);
    }),
    ...footer,
  ];
}

function renderTree(
  layout: Layout,
  tree: Tree,
  last: boolean,
  { session }: SessionBlock,
  shared: Axis | undefined,
): readonly string[] {
  const axis = shared ?? axisOf([...walk(tree)]);
  const offset = session === undefined ? [] : [since(session.startTime, tree.span.startTime)];
  return [...rowsOf(tree, shown``, last)].flatMap((row) => {
    const isTop = row.tree === tree;
    const bar =
      isTop && shared === undefined
        ? renderAxis(axis, layout.bar)
        : renderBar(row.tree.span, axis, layout.bar);
    return renderSpan(layout, row, bar, isTop ? offset : []);
  });
}

/** The row of a span, and a line below it for each thing that went wrong. */
function renderSpan(layout: Layout, row: TreeRow, bar: Piece, offset: readonly Piece[]): readonly string[] {
  const { page } = layout;
  const details = layout.details ? [...offset, ...factsOf(row.tree.span)] : [];
  const problems = problemPieces(row.tree.span).map((problem) =>
    line(page, [
      piece(row.stem, 'dim'),
      piece(problem.tone === 'error' ? shown`✗ ` : shown`! `, problem.tone),
      problem,
    ]),
  );
  const left = [...nameAndDuration(row, layout.name), piece(GAP), bar, piece(GAP)];
  const room = page.columns - left.reduce((sum, { text }) => sum + widthOf(text), 0);
  return [line(page, [...left, ...spaced(fitting(details, room))]), ...problems];
}

/** So many columns of a text say something. */
const LEAST_OF_A_TEXT = 12;

/** The facts that fit whole: `7 c…` says nothing. Of a text from the log, its beginning does. */
function fitting(facts: readonly Piece[], room: number): readonly Piece[] {
  const kept: Piece[] = [];
  let left = room;
  for (const fact of facts.filter(({ text }) => text !== '')) {
    const width = widthOf(fact.text);
    const isText = fact.text.startsWith('“');
    if (width > left && !(isText && left >= LEAST_OF_A_TEXT)) break;
    kept.push(fact);
    left -= width + GAP.length;
  }
  return kept;
}

/** Bars get more than half of what the names leave: a tenth of a turn must be seen. */
function layoutOf(page: Page): Layout {
  const name = Math.max(20, Math.min(48, Math.floor(page.columns * 0.36)));
  const rest = page.columns - name - DURATION_AND_GAPS;
  const details = page.columns >= 90;
  return { page, name, bar: Math.max(8, details ? Math.floor(rest * 0.6) : rest + GAP.length), details };
}

function sharedAxis({ page, name, bar }: Layout, axis: Axis): string {
  return line(page, [piece(shown`${' '.repeat(name + DURATION_AND_GAPS - 2)}`), renderAxis(axis, bar)]);
}

function since(start: EpochMicros, time: EpochMicros): Piece {
  return piece(shown`+${duration(time - start)}`, 'dim');
}
