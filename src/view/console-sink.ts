/**
 * The `console` exporter: finished spans → a tree for each session, shown turn by turn as the turns finish, and a
 * short table of figures at the end. It sends nothing and decides no colour. Memory holds the spans of open turns, not
 * the log.
 */
import type { FinishedSpan, SpanSink } from '../model/sink.ts';
import type { AgentSpan } from '../model/span.ts';
import { createLiveTree, memoryOf, recall, showBatch, showRest, type TreeMemory } from './live-tree.ts';
import type { Page } from './page.ts';
import { createRecent, remember } from './recent.ts';
import { addSpan, createTotals } from './totals.ts';
import { renderShortTotals } from './totals-text.ts';
import { withoutSecrets } from './without-secrets.ts';

export interface ConsoleSinkOptions extends Page {
  /** Takes whole lines; returns, or resolves, when there is room for more. */
  readonly write: (text: string) => void | Promise<void>;
  /** False: no trees. */
  readonly traces: boolean;
  /** False: no table at the end. */
  readonly metrics: boolean;
  /** From `memory()` of an earlier run. */
  readonly memory?: TreeMemory | undefined;
  /** True when a later run takes up here: turns that are still open then are that run's to show. */
  readonly goesOn?: boolean;
}

export interface ConsoleSink extends SpanSink {
  memory(): TreeMemory;
  /** Takes in what an earlier run showed, and shows nothing. */
  goOn(spans: readonly FinishedSpan[]): void;
}

/** Models and tools in the table at the end, each. */
const SHORT_TABLE_ROWS = 10;

/** Sessions and turns that may be sent again, whole, and must not count twice. */
const MAX_COUNTED = 20_000;

/** A sink for eyes. Its account is always "all accepted": a broken pipe is for `write` to tell, by a rejection. */
export function consoleSink(options: ConsoleSinkOptions): ConsoleSink {
  const live = createLiveTree(options);
  const totals = createTotals({ perSession: false });
  const counted = createRecent<true>(MAX_COUNTED);
  let made = 0;
  if (options.memory !== undefined) recall(live, options.memory);

  const countOnce = (span: AgentSpan) => {
    if (counted.values.has(span.spanId)) return;
    addSpan(totals, span);
    if (span.kind === 'session' || span.kind === 'turn') remember(counted, span.spanId, true);
  };

  const takeIn = (spans: readonly FinishedSpan[]) => {
    made += spans.length;
    const agentSpans = spans.map(({ agent }) => withoutSecrets(agent));
    for (const span of agentSpans) countOnce(span);
    if (options.traces) showBatch(live, agentSpans);
  };

  const flush = async () => {
    const text = live.lines.map((line) => `${line}\n`).join('');
    live.lines = [];
    if (text !== '') await options.write(text);
  };

  const soFar = () => ({ made, accepted: made, rejected: 0, failed: 0, requests: 0, problems: [] });

  return {
    settled: async () => {},
    soFar,
    memory: () => memoryOf(live),
    goOn: (spans) => {
      takeIn(spans);
      live.lines = [];
      // It was another terminal, perhaps: the next turn says again whose it is.
      live.current = undefined;
    },
    write: async (spans) => {
      takeIn(spans);
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
