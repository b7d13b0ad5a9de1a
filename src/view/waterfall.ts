/** A session as a tree with a waterfall: a row for each span, with a bar that shows when it ran. */
import { type AgentSpan, isError } from '../model/span.ts';
import { type EpochMicros, earlier, epochMicros, later } from '../model/time.ts';
import { duration } from '../model/units.ts';
import { shown } from '../model/visible.ts';
import { widthOf } from './columns.ts';
import { factsOf, KIND_TONE, problemPieces } from './label.ts';
import { line, type Page, type Piece, piece, spaced } from './page.ts';
import { framed, nameAndDuration, rowsOf, type TreeRow } from './rows.ts';
import { type SessionBlock, walk } from './tree.ts';

const GAP = shown`  `;
/** The column of durations and the gaps around the bars. */
const DURATION_AND_GAPS = 12;

/** The stretch of time that a bar column shows. */
interface Axis {
  readonly startTime: EpochMicros;
  readonly endTime: EpochMicros;
}

/** Widths of the columns, in characters. */
interface Layout {
  readonly page: Page;
  readonly name: number;
  readonly bar: number;
  /** False on a page too narrow for text after the bars. */
  readonly details: boolean;
}

/**
 * The lines of one session: one for each span, and one below it for each problem. Each turn has its own time axis,
 * written in its row, because people pause between turns. When no turn shows its children, all share one axis.
 */
export function renderBlock(page: Page, block: SessionBlock): readonly string[] {
  const layout = layoutOf(page);
  const { session, trees } = block;
  const flat = trees.length > 0 && trees.every(({ children }) => children.length === 0);
  const shared = flat ? axisOf(trees.map(({ span }) => span)) : undefined;
  return framed(page, block, () => [
    ...(shared === undefined ? [] : [sharedAxis(layout, shared)]),
    ...trees.flatMap((tree, index) => {
      const last = session === undefined && index === trees.length - 1;
      const axis = shared ?? axisOf([...walk(tree)]);
      const offset =
        session === undefined
          ? []
          : [piece(shown`+${duration(tree.span.startTime - session.startTime)}`, 'dim')];
      return [...rowsOf(tree, shown``, last)].flatMap((row) => {
        const isTop = row.tree === tree;
        const bar =
          isTop && shared === undefined
            ? renderAxis(axis, layout.bar)
            : renderBar(row.tree.span, axis, layout.bar);
        return renderSpan(layout, row, bar, isTop ? offset : []);
      });
    }),
  ]);
}

/** The row of a span, and a line below it for each problem. */
function renderSpan(layout: Layout, row: TreeRow, bar: Piece, offset: readonly Piece[]): readonly string[] {
  const { page } = layout;
  const details = layout.details ? [...offset, ...factsOf(row.tree)] : [];
  const problems = problemPieces(row.tree.span).map((problem) =>
    line(page, [
      piece(row.stem, 'dim'),
      piece(problem.tone === 'error' ? '✗ ' : '! ', problem.tone),
      problem,
    ]),
  );
  const left = [...nameAndDuration(row, layout.name), piece(GAP), bar, piece(GAP)];
  const room = page.columns - left.reduce((sum, { text }) => sum + widthOf(text), 0);
  return [line(page, [...left, ...spaced(fitting(details, room))]), ...problems];
}

/** A text from the log is cut, but not below this many columns. */
const MIN_TEXT_WIDTH = 12;

/** The facts that fit into `room` columns. Facts are not cut (`7 c…` is useless), except for a text from the log. */
function fitting(facts: readonly Piece[], room: number): readonly Piece[] {
  const kept: Piece[] = [];
  let left = room;
  for (const fact of facts.filter(({ text }) => text !== '')) {
    const width = widthOf(fact.text);
    const isText = fact.text.startsWith('“');
    if (width > left && !(isText && left >= MIN_TEXT_WIDTH)) break;
    kept.push(fact);
    left -= width + GAP.length;
  }
  return kept;
}

/** Bars get more than half of the space beside the names, so that a tenth of a turn is visible. */
function layoutOf(page: Page): Layout {
  const name = Math.max(20, Math.min(48, Math.floor(page.columns * 0.36)));
  const rest = page.columns - name - DURATION_AND_GAPS;
  const details = page.columns >= 90;
  return { page, name, bar: Math.max(8, details ? Math.floor(rest * 0.6) : rest + GAP.length), details };
}

function sharedAxis({ page, name, bar }: Layout, axis: Axis): string {
  return line(page, [piece(' '.repeat(name + DURATION_AND_GAPS - 2)), renderAxis(axis, bar)]);
}

/** From the first start to the last end. A sub-agent may outlive its turn. */
function axisOf(spans: readonly AgentSpan[]): Axis {
  const [first, ...rest] = spans;
  const none = { startTime: epochMicros(0), endTime: epochMicros(0) };
  return rest.reduce<Axis>(
    (axis, span) => ({
      startTime: earlier(axis.startTime, span.startTime),
      endTime: later(axis.endTime, span.endTime),
    }),
    first ?? none,
  );
}

/** `0ms        1.17s        2.33s` in exactly `width` columns. */
function renderAxis({ startTime, endTime }: Axis, width: number): Piece {
  const length = endTime - startTime;
  const last = duration(length);
  const middle = duration(length / 2);
  const first = '0ms';
  const gap = width - widthOf(first) - widthOf(last);
  if (gap < 1) return piece(' '.repeat(width));
  const before = Math.floor(width / 2 - widthOf(middle) / 2) - widthOf(first);
  const after = gap - before - widthOf(middle);
  if (before < 2 || after < 2) return piece(shown`${first}${' '.repeat(gap)}${last}`, 'dim');
  return piece(shown`${first}${' '.repeat(before)}${middle}${' '.repeat(after)}${last}`, 'dim');
}

/** The bar of `span` in exactly `width` columns, with a resolution and a minimum length of half a column. */
function renderBar(span: AgentSpan, axis: Axis, width: number): Piece {
  const perHalf = (axis.endTime - axis.startTime) / (2 * width);
  const halves = (time: EpochMicros) => (perHalf === 0 ? 0 : (time - axis.startTime) / perHalf);
  const start = Math.min(Math.round(halves(span.startTime)), 2 * width - 1);
  const end = Math.min(Math.max(Math.round(halves(span.endTime)), start + 1), 2 * width);
  const bar = drawBar(start, end, width);
  return piece(
    span.incomplete === undefined ? bar : openEnded(bar),
    isError(span) ? 'error' : KIND_TONE[span.kind],
  );
}

/** A heavy line between two positions, both counted in half columns. */
function drawBar(start: number, end: number, width: number): string {
  const first = Math.ceil(start / 2);
  const last = Math.floor(end / 2);
  const left = start % 2 === 1 ? '╺' : '';
  const right = end % 2 === 1 && last >= first ? '╸' : '';
  return `${' '.repeat(first - left.length)}${left}${'━'.repeat(Math.max(0, last - first))}${right}`.padEnd(
    width,
  );
}

/** Replaces the last mark by a dash, for a span whose end is not in the log. */
function openEnded(bar: string): string {
  return bar.replace(/[━╺╸]( *)$/, '╍$1');
}
