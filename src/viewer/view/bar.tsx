import type { AgentSpanKind } from '../../model/span.ts';
import { placesOf, rowWindow } from '../actions.ts';
import type { Window } from '../data/axis.ts';
import { at, fact, numberFact } from '../data/table.ts';
import { duration } from '../data/words.ts';
import type { Store } from '../state.ts';

interface BarProps {
  readonly store: Store;
  readonly span: number;
  readonly kind: AgentSpanKind;
}

/** Spans that hold others are drawn as brackets, work as solid bars: the eye finds what took the time. */
const HOLDERS: ReadonlySet<AgentSpanKind> = new Set(['session', 'turn', 'subagent']);

export function Bar({ store, span, kind }: BarProps) {
  const { table } = store;
  const session = store.current.value;
  const offset = at(table.start, span) - (session?.start ?? 0);
  const length = at(table.duration, span);
  const described = `from ${duration(offset)}, for ${duration(length)}`;
  const visible = clipped(placesOf(store, span), rowWindow(store, span));
  return (
    <div class="cell-time" role="gridcell" aria-label={described}>
      {visible !== undefined && (
        <span
          class={barClasses(store, span, kind)}
          style={{ left: percent(visible.from), width: percent(visible.to - visible.from) }}
        >
          <FirstChunk store={store} span={span} />
        </span>
      )}
    </div>
  );
}

function barClasses(store: Store, span: number, kind: AgentSpanKind): string {
  const classes = ['bar', HOLDERS.has(kind) ? 'bar-holder' : 'bar-work'];
  if (fact(store.table, span, 'incomplete') !== undefined) classes.push('bar-incomplete');
  return classes.join(' ');
}

/** The wait for the first chunk of the answer is drawn paler than the answer itself. */
function FirstChunk({ store, span }: { readonly store: Store; readonly span: number }) {
  const wait = numberFact(store.table, span, 'firstChunkMicros');
  const length = at(store.table.duration, span);
  if (wait === undefined || length <= 0) return null;
  const from = placesOf(store, span);
  const window = rowWindow(store, span);
  // A bar cut by the window's edge would show the share of what is left, not of the call.
  if (from.from < window.from || from.to > window.to) return null;
  return <span class="bar-wait" style={{ width: percent(Math.min(wait / length, 1)) }} />;
}

/** As shares of the window; `undefined` outside of it. Bars end a little beyond the edges, so that cut ends look cut. */
function clipped({ from, to }: Window, window: Window): Window | undefined {
  const length = window.to - window.from;
  const left = (from - window.from) / length;
  const right = (to - window.from) / length;
  if (right < 0 || left > 1) return undefined;
  return { from: Math.max(left, -0.01), to: Math.min(right, 1.01) };
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(3)}%`;
}
