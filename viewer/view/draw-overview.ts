import { KINDS } from '../../src/html/format.ts';
import { placesOf } from '../actions.ts';
import { at, isError, type Session } from '../data/table.ts';
import type { Store } from '../state.ts';

/** Pixels above and below the lines, and the most from one line to the next. Spans deeper than `depths` share a line. */
const LINES = { margin: 6, step: 9, depths: 10 } as const;

/** Every span as a hair line, deeper ones lower; errors on top. */
export function drawOverview(store: Store, canvas: HTMLCanvasElement | null): void {
  const session = store.current.value;
  const context = canvas?.getContext('2d');
  if (canvas === null || context == null || session === undefined) return;
  const { width, height } = canvas.getBoundingClientRect();
  const scale = window.devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  context.scale(scale, scale);
  const colours = coloursOf(canvas);
  const errors: number[] = [];
  const depths = Math.min(depthsOf(store, session), LINES.depths);
  const step = Math.min((height - 2 * LINES.margin) / depths, LINES.step);
  const top = (height - step * depths) / 2;
  const draw = (span: number, colour: string): void => {
    const { from, to } = placesOf(store, span);
    const left = (from / store.axis.value.length) * width;
    const length = ((to - from) / store.axis.value.length) * width;
    context.fillStyle = colour;
    context.globalAlpha = store.matches.value?.[span] === 0 ? 0.25 : 1;
    const line = Math.min(at(store.table.depth, span), depths - 1);
    context.fillRect(left, top + line * step, Math.max(length, 1), Math.max(step * 0.6, 1));
  };
  for (let span = session.from; span < session.to; span += 1) {
    if (isError(store.table, span)) errors.push(span);
    else draw(span, colours.kinds[at(store.table.kind, span)] ?? '');
  }
  for (const span of errors) draw(span, colours.error);
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
