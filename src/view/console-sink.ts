/**
 * The `console` exporter: finished spans → a tree for each session, printed turn by turn, and a short table of totals
 * at the end. It holds the spans of open turns, not the whole log.
 */
import { type Delivery, plainAccount } from '../model/sink.ts';
import type { AgentSpan } from '../model/span.ts';
import { createLiveTree, memoryOf, recall, showBatch, showRest, type TreeMemory } from './live-tree.ts';
import type { Page } from './page.ts';
import { withShortTexts } from './presentable.ts';
import { addOnce, createTotals } from './totals.ts';
import { renderShortTotals } from './totals-tables.ts';

export interface ConsoleSinkOptions extends Page {
  /** Receives whole lines; returns or resolves when it can take more. */
  readonly write: (text: string) => void | Promise<void>;
  /** False: no trees. */
  readonly traces: boolean;
  /** False: no table at the end. */
  readonly metrics: boolean;
  /** The `memory()` of an earlier run. */
  readonly memory?: TreeMemory | undefined;
  /** True when a later run continues this one: it prints the turns that are still open. */
  readonly goesOn?: boolean;
}

/** Trees are shown turn by turn, so spans of open turns are remembered. */
export interface TreeDelivery extends Delivery<AgentSpan> {
  memory(): TreeMemory;
  /** Counts spans that an earlier run printed, and prints nothing. */
  goOn(spans: readonly AgentSpan[]): void;
}

/** Maximum number of models, and of tools, in the table at the end. */
const SHORT_TABLE_ROWS = 10;

/** A sink for a terminal. Its account is always "all accepted"; a broken pipe rejects in `write`. */
export function consoleSink(options: ConsoleSinkOptions): TreeDelivery {
  const live = createLiveTree(options);
  const totals = createTotals({ perSession: false });
  let made = 0;
  if (options.memory !== undefined) recall(live, options.memory);

  const ingest = (spans: readonly AgentSpan[]) => {
    made += spans.length;
    const shown = spans.map(withShortTexts);
    for (const span of shown) addOnce(totals, span);
    if (options.traces) showBatch(live, shown);
  };

  const flush = async () => {
    const text = live.lines.map((line) => `${line}\n`).join('');
    live.lines = [];
    if (text !== '') await options.write(text);
  };

  const soFar = () => plainAccount({ destination: 'console', signal: 'spans' }, made);

  return {
    settled: async () => {},
    soFar,
    setDeadline: () => {},
    memory: () => memoryOf(live),
    goOn: (spans) => {
      ingest(spans);
      live.lines = [];
      // The earlier run may have used another terminal, so the next turn repeats the session's header.
      live.current = undefined;
    },
    write: async (spans) => {
      ingest(spans);
      await flush();
    },
    finish: async () => {
      if (!options.goesOn) showRest(live);
      const table = options.metrics ? renderShortTotals(options, totals, SHORT_TABLE_ROWS) : [];
      if (live.current !== undefined && table.length > 0) live.lines.push('');
      live.lines.push(...table);
      await flush();
      return soFar();
    },
  };
}
