import { max, range, tickStep } from 'd3-array';
import { useRef } from 'preact/hooks';
import { select } from '../actions.ts';
import { type TokenColumn, tokenColumns } from '../data/calls.ts';
import type { Session } from '../data/table.ts';
import { compact, count } from '../data/words.ts';
import type { Store } from '../state.ts';
import { useWidth } from './use-width.ts';

/** Pixels. */
const CHART = {
  height: 190,
  left: 44,
  right: 8,
  top: 10,
  bottom: 22,
  leastColumn: 4,
  mostColumn: 56,
} as const;

/** Tokens of each call, in order: prompt below (cached and fresh), answer on top. */
export function TokenChart({ store, session }: { readonly store: Store; readonly session: Session }) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box, 800);
  const inner = Math.max(width - CHART.left - CHART.right, CHART.leastColumn);
  const columns = tokenColumns(
    store.table,
    session,
    store.matches.value,
    Math.floor(inner / CHART.leastColumn),
  );
  const perColumn = columns[0]?.calls ?? 1;
  return (
    <figure class="chart">
      <figcaption>
        <h2>Tokens per call</h2>
        {perColumn > 1 && <span class="muted">means of {perColumn} calls each</span>}
        <ul class="legend">
          <li class="token-output">Answer</li>
          <li class="token-fresh">Prompt</li>
          <li class="token-cached">Prompt, cached</li>
        </ul>
      </figcaption>
      <div ref={box}>
        {columns.length === 0 ? (
          <p class="muted chart-none">No call reported its tokens.</p>
        ) : (
          <Columns store={store} columns={columns} width={width} />
        )}
      </div>
    </figure>
  );
}

interface ColumnsProps {
  readonly store: Store;
  readonly columns: readonly TokenColumn[];
  readonly width: number;
}

function Columns({ store, columns, width }: ColumnsProps) {
  const inner = width - CHART.left - CHART.right;
  const step = Math.min(inner / columns.length, CHART.mostColumn);
  const most = max(columns, totalOf) ?? 1;
  const marks = marksUpTo(most);
  const top = marks.at(-1) ?? 1;
  const plot = CHART.height - CHART.top - CHART.bottom;
  const y = (tokens: number): number => CHART.top + plot * (1 - tokens / top);
  return (
    <svg width={width} height={CHART.height} role="img" aria-label={described(columns)}>
      {marks.map((mark) => (
        <g key={mark}>
          <line class="grid-line" x1={CHART.left} x2={width - CHART.right} y1={y(mark)} y2={y(mark)} />
          <text class="axis-text" x={CHART.left - 8} y={y(mark) + 4} text-anchor="end">
            {compact(mark)}
          </text>
        </g>
      ))}
      {columns.map((column, index) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: the same
        <g key={column.span} class="token-column" onClick={() => select(store, column.span)}>
          <title>{titleOf(column)}</title>
          <rect class="hit" x={CHART.left + index * step} y={CHART.top} width={step} height={plot} />
          <Stack
            x={CHART.left + index * step}
            width={Math.max(step - (step > 6 ? 2 : 0.5), 1)}
            column={column}
            y={y}
          />
        </g>
      ))}
      <text class="axis-text" x={CHART.left} y={CHART.height - 5}>
        first call
      </text>
      <text class="axis-text" x={CHART.left + columns.length * step} y={CHART.height - 5} text-anchor="end">
        {columns.length * step > 160 ? 'last call' : ''}
      </text>
    </svg>
  );
}

/** Round numbers from 0 to the first that is not below `most`. */
function marksUpTo(most: number): readonly number[] {
  const step = tickStep(0, Math.max(most, 1), 4);
  return range(0, most + step, step);
}

interface StackProps {
  readonly x: number;
  readonly width: number;
  readonly column: TokenColumn;
  readonly y: (tokens: number) => number;
}

function Stack({ x, width, column: { cached, fresh, output }, y }: StackProps) {
  const parts = [
    ['token-cached', 0, cached],
    ['token-fresh', cached, cached + fresh],
    ['token-output', cached + fresh, cached + fresh + output],
  ] as const;
  return (
    <>
      {parts.map(([name, from, to]) =>
        to > from ? (
          <rect
            key={name}
            class={name}
            x={x}
            y={y(to)}
            width={width}
            height={Math.max(y(from) - y(to), 0.75)}
          />
        ) : null,
      )}
    </>
  );
}

function totalOf({ cached, fresh, output }: TokenColumn): number {
  return cached + fresh + output;
}

function titleOf({ calls, cached, fresh, output }: TokenColumn): string {
  const head = calls === 1 ? '' : `${calls} calls, on average\n`;
  return `${head}answer ${count(Math.round(output))}\nprompt ${count(Math.round(cached + fresh))}, of it cached ${count(Math.round(cached))}`;
}

function described(columns: readonly TokenColumn[]): string {
  const calls = columns.reduce((sum, column) => sum + column.calls, 0);
  const mean = columns.reduce((sum, column) => sum + totalOf(column) * column.calls, 0) / calls;
  return `Tokens per call: ${count(calls)} calls, ${compact(mean)} tokens each on average, ${compact(max(columns, totalOf) ?? 0)} at most.`;
}
