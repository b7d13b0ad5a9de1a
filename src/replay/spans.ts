/** Logs → the spans of all of them, for programs that look at spans instead of sending them. */
import { createRedaction } from '../model/redact.ts';
import type { AgentSpan } from '../model/span.ts';
import { createState } from '../reconstruct/state.ts';
import { openFollowed } from './follow-input.ts';
import { finish, type Ingestion, ingest, openSpans } from './ingest.ts';
import { type Input, listOf, openInput } from './input.ts';
import { type Logs, type ReplayOptions, reconstructOptions } from './options.ts';
import { openPrices } from './prices.ts';
import { createRepeats } from './recent.ts';
import { assertAccounted, createReport, type LogReport, logReport } from './report.ts';

/** The options of a replay that decide which spans a log becomes. */
export type SpanOptions = Pick<
  ReplayOptions,
  | 'agentLogs'
  | 'assumeTimes'
  | 'captureContent'
  | 'cost'
  | 'prices'
  | 'idleTimeoutMillis'
  | 'maxOpenTurns'
  | 'redact'
  | 'reorderWindowMillis'
  | 'selectTurn'
  | 'signal'
  | 'timeZone'
  | 'tracePer'
> & {
  readonly on?: { readonly lines?: ((read: { readonly lines: number }) => void) | undefined } | undefined;
};

/**
 * The spans of `logs`, each as soon as it has ended; children come before the turn and the session that hold them.
 * Throws a `ReplayError` when a log cannot be opened. Lines that cannot be read are left out: `replay` accounts for them.
 */
export async function* spans(
  logs: Logs,
  options: SpanOptions = {},
): AsyncGenerator<AgentSpan, void, undefined> {
  const run = await openRun(logs, options, (input) => input.live);
  for await (const batch of batches(run, options)) yield* batch;
}

export interface ReadSpans {
  readonly spans: readonly AgentSpan[];
  readonly report: LogReport;
  /** True for a pipe, which an interrupt ends as a matter of course. */
  readonly live: boolean;
}

/** All spans of `logs` at once, and the account of their lines. */
export async function readSpans(logs: Logs, options: SpanOptions = {}): Promise<ReadSpans> {
  const run = await openRun(logs, options, () => false);
  const read: AgentSpan[] = [];
  for await (const batch of batches(run, options)) for (const span of batch) read.push(span);
  return { spans: read, report: logReport(run.report), live: run.input.live };
}

/** What is new in logs that grow. */
export interface Followed {
  readonly finished: readonly AgentSpan[];
  /** The spans that are still open, as if the log ended now. */
  readonly open: () => readonly AgentSpan[];
}

/**
 * Reads `logs` and goes on with what is appended to them, until `signal` aborts. Also yields during silence. The first
 * batch throws a `ReplayError` for a stream, which does not grow.
 */
export function followSpans(
  logs: Logs,
  { on, ...options }: SpanOptions & Pick<ReplayOptions, 'on'>,
): { readonly batches: AsyncGenerator<Followed, void, undefined>; readonly report: () => LogReport } {
  const list = listOf(logs);
  const report = createReport(list.length, createRedaction(options.redact));
  async function* batches(): AsyncGenerator<Followed, void, undefined> {
    const following = { ...options, follow: {}, on };
    const run = {
      report,
      state: createState(reconstructOptions(following, true)),
      prices: await openPrices(options),
      repeats: createRepeats(),
    };
    const input = openFollowed(list, { options: following, report }, undefined);
    for await (const lines of input.lines) {
      yield { finished: ingest(run, lines).spans, open: () => openSpans(run) };
    }
  }
  return { batches: batches(), report: () => logReport(report) };
}

type SpanRun = Ingestion & { readonly input: Input };

async function openRun(
  logs: Logs,
  options: SpanOptions,
  isLive: (input: Input) => boolean,
): Promise<SpanRun> {
  const list = listOf(logs);
  const report = createReport(list.length, createRedaction(options.redact));
  const { on: _on, ...reading } = options;
  const prices = await openPrices(options);
  const input = await openInput(list, { options: reading, report });
  const state = createState(reconstructOptions(reading, isLive(input)));
  return { input, report, state, prices, repeats: createRepeats() };
}

async function* batches(
  run: SpanRun,
  { on, signal }: SpanOptions,
): AsyncGenerator<readonly AgentSpan[], void, undefined> {
  for await (const lines of run.input.lines) {
    yield ingest(run, lines).spans;
    on?.lines?.(run.report);
  }
  yield finish(run).spans;
  if (!signal?.aborted) assertAccounted(run.report);
}
