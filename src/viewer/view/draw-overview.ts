import { KINDS } from '../../html/format.ts';
import { placesOf } from '../actions.ts';
import { at, isError, type Session } from '../data/table.ts';
import type { Store } from '../state.ts';

/** Pixels above and below the lines, and the most from one line to the next. Spans deeper than `depths` share a line. */
const LINES = { margin: 6, step: 9, depths: 10 } as const;

/** Every span as a hair line, deeper ones lower; errors over the others. */
export function drawOverview(store: Store, canvas: HTMLCanvasElement | null): void {
  const session = store.current.value;
  const context = canvas?.getContext('2d');
  if (canvas === null || context == null || session === undefined) return;
  const { width, height } = canvas.getBoundingClientRect();
  const scale = window.devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const depths = Math.min(depthsOf(store, session), LINES.depths);
  const step = Math.min((height - 2 * LINES.margin) / depths, LINES.step);
  const top = (height - step * depths) / 2;
  const colours = coloursOf(canvas);
  linesOf(store, session, depths, canvas.width).forEach((line, depth) => {
    drawLine(context, line, colours, (top + depth * step) * scale, Math.max(step * 0.6, 1) * scale);
  });
}

/** Marks of a pixel: a kind + 1, and more where no span of it matches or one of it failed. 0: nothing there. */
const PALE = 16;
const FAILED = 32;

/**
 * By depth, what each pixel shows. Thousands of spans share one; painting them one over the other is what made large
 * sessions slow.
 */
function linesOf(store: Store, session: Session, depths: number, width: number): readonly Uint8Array[] {
  const { table } = store;
  const lines = Array.from({ length: depths }, () => new Uint8Array(width));
  const matches = store.matches.value;
  const perPlace = width / store.axis.value.length;
  for (let span = session.from; span < session.to; span += 1) {
    const { from, to } = placesOf(store, span);
    const left = Math.min(Math.floor(from * perPlace), width - 1);
    const pale = matches?.[span] === 0 ? PALE : 0;
    const mark = isError(table, span) ? FAILED + pale : at(table.kind, span) + 1 + pale;
    const line = lines[Math.min(at(table.depth, span), depths - 1)];
    // Failed spans stay visible: others do not cover them.
    if (line !== undefined && (at(line, left) < FAILED || mark >= FAILED)) {
      line.fill(mark, left, Math.max(Math.ceil(to * perPlace), left + 1));
    }
  }
  return lines;
}

function drawLine(
  context: CanvasRenderingContext2D,
  line: Uint8Array,
  colours: Colours,
  top: number,
  height: number,
): void {
  let from = 0;
  while (from < line.length) {
    const mark = at(line, from);
    const to = endOfRun(line, from);
    if (mark > 0) {
      context.globalAlpha = (mark & PALE) === 0 ? 1 : 0.25;
      context.fillStyle = mark >= FAILED ? colours.error : (colours.kinds[(mark % PALE) - 1] ?? '');
      context.fillRect(from, top, to - from, height);
    }
    from = to;
  }
}

function endOfRun(line: Uint8Array, from: number): number {
  let to = from + 1;
  while (to < line.length && line[to] === line[from]) to += 1;
  return to;
}

function depthsOf({ table }: Store, { from, to }: Session): number {
  let deepest = 0;
  for (let span = from; span < to; span += 1) deepest = Math.max(deepest, at(table.depth, span));
  return deepest + 1;
}

interface Colours {
  /** By index of `KINDS`. */
  readonly kinds: readonly string[];
  readonly error: string;
}

/** The style sheet's colours, as they are in this theme. */
function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  return {
    kinds: KINDS.map((kind) => colour(`--kind-${kind.replaceAll('_', '-')}`)),
    error: colour('--error'),
  };
}
