import { useRef } from 'preact/hooks';
import { placesOf, select } from '../actions.ts';
import { type LatencyPoint, latencyPoints } from '../data/calls.ts';
import { labelOf } from '../data/labels.ts';
import { at, type Session } from '../data/table.ts';
import { ticksOf } from '../data/ticks.ts';
import { count, duration, tickLabel } from '../data/words.ts';
import type { Store } from '../state.ts';
import { useWidth } from './use-width.ts';

/** Pixels. */
const CHART = { height: 210, left: 56, right: 12, top: 10, bottom: 22 } as const;
/** More dots than this are a smear, and slow. */
const MOST_POINTS = 1500;

/** How long each call and tool took, over the session, on a logarithmic scale. */
export function LatencyChart({ store, session }: { readonly store: Store; readonly session: Session }) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box, 800);
  const { points, count: all } = latencyPoints(store.table, session, store.matches.value, MOST_POINTS);
  return (
    <figure class="chart">
      <figcaption>
        <h2>Latency</h2>
        {points.length < all && (
          <span class="muted">
            the {count(points.length)} slowest of their moment, of {count(all)}
          </span>
        )}
        <ul class="legend">
          <li class="kind-api_call">Calls</li>
          <li class="kind-tool_call">Tools</li>
          <li class="legend-error">Errors</li>
        </ul>
      </figcaption>
      <div ref={box}>
        {points.length === 0 ? (
          <p class="muted chart-none">No calls and no tools.</p>
        ) : (
          <Dots store={store} points={points} width={width} />
        )}
      </div>
    </figure>
  );
}

interface DotsProps {
  readonly store: Store;
  readonly points: readonly LatencyPoint[];
  readonly width: number;
}

function Dots({ store, points, width }: DotsProps) {
  const { table } = store;
  const axis = store.axis.value;
  const decades = decadesOf(points.map(({ span }) => at(table.duration, span)));
  const first = decades[0] ?? 1;
  const scale = (decades.length - 1 || 1) / (CHART.height - CHART.top - CHART.bottom);
  const y = (micros: number): number =>
    CHART.height - CHART.bottom - Math.log10(Math.max(micros, first) / first) / scale;
  const x = (place: number): number =>
    CHART.left + (place / axis.length) * (width - CHART.left - CHART.right);
  const whole = { from: 0, to: axis.length };
  return (
    <svg width={width} height={CHART.height} role="img" aria-label={described(store, points)}>
      {decades.map((micros) => (
        <g key={micros}>
          <line class="grid-line" x1={CHART.left} x2={width - CHART.right} y1={y(micros)} y2={y(micros)} />
          <text class="axis-text" x={CHART.left - 8} y={y(micros) + 4} text-anchor="end">
            {tickLabel(micros)}
          </text>
        </g>
      ))}
      {ticksOf(axis, whole, Math.floor(width / 130)).map(({ at: place, offset }) => (
        <text key={offset} class="axis-text" x={x(place)} y={CHART.height - 5} text-anchor="middle">
          {tickLabel(offset)}
        </text>
      ))}
      {points.map((point) => (
        <Dot
          key={point.span}
          store={store}
          point={point}
          x={x(placesOf(store, point.span).from)}
          y={y(at(table.duration, point.span))}
        />
      ))}
    </svg>
  );
}

interface DotProps {
  readonly store: Store;
  readonly point: LatencyPoint;
  readonly x: number;
  readonly y: number;
}

/** Errors are crosses: visible by form, not by colour alone. */
function Dot({ store, point: { span, tool, error }, x, y }: DotProps) {
  const name = error ? 'dot dot-error' : tool ? 'dot kind-tool_call' : 'dot kind-api_call';
  const form = error ? `M${x - 3} ${y - 3}l6 6m0 -6l-6 6` : `M${x - 3} ${y}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0`;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the same
    <path class={name} d={form} onClick={() => select(store, span)}>
      <title>{`${labelOf(store.table, span)} · ${duration(at(store.table.duration, span))}${error ? ' · error' : ''}`}</title>
    </path>
  );
}

/** The powers of ten, in micros, from below the shortest to above the longest. */
function decadesOf(durations: readonly number[]): readonly number[] {
  const known = durations.filter((micros) => micros > 0);
  const low = Math.floor(Math.log10(Math.max(Math.min(...known, 1e6), 100)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(...known, 1e3))), low + 1);
  return Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
}

function described({ table }: Store, points: readonly LatencyPoint[]): string {
  const longest = Math.max(...points.map(({ span }) => at(table.duration, span)));
  const errors = points.filter(({ error }) => error).length;
  return `Latency over time: ${count(points.length)} calls and tools, the longest ${duration(longest)}, ${count(errors)} errors. The tables below have the figures by model and by tool.`;
}
