import { max, range, tickStep } from 'd3-array';
import { useRef } from 'preact/hooks';
import { select } from '../actions.ts';
import { type TokenColumn, tokenColumns } from '../data/calls.ts';
import type { Session } from '../data/table.ts';
import { compact, count } from '../data/words.ts';
import type { Store } from '../state.ts';
import { useWidth } from './use-width.ts';

/** Pixels. */
const CHART = { height: 220, left: 44, right: 8, bottom: 22, leastColumn: 4, mostBar: 48 } as const;
/** Pixels from the top: prompts above, and answers below them with a scale of their own, for they are far shorter. */
const PROMPTS = { top: 10, height: 110 } as const;
const ANSWERS = { top: 142, height: 52 } as const;

/** Tokens of each call, in order: prompts (cached and fresh), and answers. */
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
  const step = (width - CHART.left - CHART.right) / columns.length;
  const bar = Math.min(Math.max(step - (step > 6 ? 2 : 0.5), 1), CHART.mostBar);
  const prompts = scaleOf(PROMPTS, max(columns, promptOf) ?? 1);
  const answers = scaleOf(ANSWERS, max(columns, ({ output }) => output) ?? 1);
  return (
    <svg width={width} height={CHART.height} role="img" aria-label={described(columns)}>
      <Marks scale={prompts} width={width} />
      <Marks scale={answers} width={width} />
      {columns.map((column, index) => {
        const left = CHART.left + index * step;
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: the same
          <g key={column.span} class="token-column" onClick={() => select(store, column.span)}>
            <title>{titleOf(column)}</title>
            <rect
              class="hit"
              x={left}
              y={PROMPTS.top}
              width={step}
              height={CHART.height - CHART.bottom - PROMPTS.top}
            />
            <Parts x={left + (step - bar) / 2} width={bar} column={column} scales={{ prompts, answers }} />
          </g>
        );
      })}
      <text class="axis-text" x={CHART.left} y={CHART.height - 5}>
        first call
      </text>
      <text class="axis-text" x={width - CHART.right} y={CHART.height - 5} text-anchor="end">
        {columns.length > 1 ? 'last call' : ''}
      </text>
    </svg>
  );
}

interface Scale {
  /** Round numbers from 0 to the greatest that is drawn. */
  readonly marks: readonly number[];
  /** Pixels from the top. */
  y(tokens: number): number;
}

function scaleOf({ top, height }: typeof PROMPTS | typeof ANSWERS, most: number): Scale {
  const marks = marksUpTo(most, Math.round(height / 28));
  const end = marks.at(-1) ?? 1;
  return { marks, y: (tokens) => top + height * (1 - tokens / end) };
}

function Marks({ scale: { marks, y }, width }: { readonly scale: Scale; readonly width: number }) {
  return (
    <>
      {marks.map((mark) => (
        <g key={mark}>
          <line class="grid-line" x1={CHART.left} x2={width - CHART.right} y1={y(mark)} y2={y(mark)} />
          <text class="axis-text" x={CHART.left - 8} y={y(mark) + 4} text-anchor="end">
            {compact(mark)}
          </text>
        </g>
      ))}
    </>
  );
}

/** Round numbers from 0 to the first that is not below `most`. */
function marksUpTo(most: number, wanted: number): readonly number[] {
  const step = tickStep(0, Math.max(most, 1), wanted);
  return range(0, most + step, step);
}

interface PartsProps {
  readonly x: number;
  readonly width: number;
  readonly column: TokenColumn;
  readonly scales: { readonly prompts: Scale; readonly answers: Scale };
}

function Parts({ x, width, column: { cached, fresh, output }, scales: { prompts, answers } }: PartsProps) {
  const parts = [
    ['token-cached', 0, cached, prompts.y],
    ['token-fresh', cached, cached + fresh, prompts.y],
    ['token-output', 0, output, answers.y],
  ] as const;
  return (
    <>
      {parts.map(([name, from, to, y]) =>
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

function promptOf({ cached, fresh }: TokenColumn): number {
  return cached + fresh;
}

function totalOf(column: TokenColumn): number {
  return promptOf(column) + column.output;
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
