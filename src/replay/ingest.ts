/** Ingests parsed lines into the reconstruction and returns the spans that they finished. */
import type { Diagnostic } from '../model/diagnostic.ts';
import type { HookEvent } from '../model/event.ts';
import type { ParsedLine } from '../model/line.ts';
import type { AgentSpan } from '../model/span.ts';
import { type EpochMicros, earlier, later } from '../model/time.ts';
import type { Prices } from '../prices/prices.ts';
import { createOutput, type Output } from '../reconstruct/output.ts';
import type { State } from '../reconstruct/state.ts';
import { closeSilent, finish as finishState, settle, step } from '../reconstruct/step.ts';
import { type LineBatch, SILENCE } from './input.ts';
import type { Repeats } from './recent.ts';
import { ReplayError } from './replay-error.ts';
import { addCost, addDiagnostic, addLine, addSpan, type Report } from './report.ts';

export interface Ingestion {
  /** `undefined`: no costs are computed. */
  readonly prices?: Prices | undefined;
  readonly report: Report;
  readonly state: State;
  /** Lines that were read; `undefined`: each line counts, however often it comes. */
  readonly repeats?: Repeats | undefined;
}

/** What a batch of lines finished. */
export interface Batch extends Output {
  /** All of `spans`, in the order in which metrics count them. */
  readonly counted: CountedSpan[];
}

/** Ingests a batch of lines, or the silence after them. */
export function ingest(run: Ingestion, lines: LineBatch): Batch {
  if (lines === SILENCE) return ingested(run, settle);
  const batch = createBatch();
  for (const line of lines) {
    const before = run.state.reached;
    ingestLine(run, line, batch);
    countSpans(run, batch, before);
  }
  account(run, batch);
  return batch;
}

/** The log was silent for the idle timeout by the wall clock: closes what is idle. */
export function ingestSilence(run: Ingestion): Batch {
  return ingested(run, closeSilent);
}

/** The end of the input: closes everything that is still open. Throws a `ReplayError` when no line had a time. */
export function finish(run: Ingestion): Batch {
  refuseUntimed(run.report);
  return ingested(run, finishState);
}

/** What a step without a line finished. */
function ingested(run: Ingestion, step: (state: State, out: Output) => void): Batch {
  const batch = createBatch();
  const before = run.state.reached;
  step(run.state, batch);
  countSpans(run, batch, before);
  account(run, batch);
  return batch;
}

/** What `finish` would close now. The run goes on as if it had not been asked. */
export function openSpans({ state, report, prices }: Ingestion): readonly AgentSpan[] {
  const { options, ...open } = state;
  const { spans } = createBatch();
  finishState({ ...structuredClone(open), options }, { ...createOutput(), spans });
  return spans.map((span) => report.redaction.typed(priced(span, prices)));
}

function createBatch(): Batch {
  return { ...createOutput(), counted: [] };
}

/** Called after every step: when its spans are counted depends on what the log's clock had reached `before`. */
function countSpans(
  { report, state, prices }: Ingestion,
  { spans, counted }: Batch,
  before: EpochMicros,
): void {
  const first = counted.length;
  for (let index = first; index < spans.length; index++) {
    const span = spans[index];
    if (span === undefined) continue;
    // The one place that redacts finished spans: metrics, receivers and views get them from here.
    spans[index] = report.redaction.typed(priced(span, prices));
  }
  countBetween(before, state.reached, { spans, counted });
}

/** The span with its cost, if that is known. Without prices no costs are wanted: then also those of the log are left out. */
export function priced(span: AgentSpan, prices: Prices | undefined): AgentSpan {
  if (prices === undefined) return withoutCost(span);
  if (span.kind !== 'api_call' && span.kind !== 'auxiliary_call') return span;
  const cost = prices.costOf(span);
  if (cost !== undefined) span.cost = cost;
  return span;
}

function withoutCost(span: AgentSpan): AgentSpan {
  if (span.kind === 'api_call' || span.kind === 'auxiliary_call') {
    return span.costUsd === undefined ? span : { ...span, costUsd: undefined };
  }
  if (span.kind !== 'session' && span.kind !== 'subagent') return span;
  const { cost: _cost, ...rest } = span;
  return rest;
}

function ingestLine({ report, state, repeats }: Ingestion, line: ParsedLine, batch: Output): void {
  report.lines++;
  if (line.kind !== 'event') {
    addLine(report, line);
    return;
  }
  if (repeats?.isRepeat(line)) {
    report.account.merged++;
    addDiagnostic(report, deliveredTwice(line.event));
    return;
  }
  for (const diagnostic of line.diagnostics) addDiagnostic(report, diagnostic);
  report.firstEvent ??= line.event.time;
  step(state, line.event, batch);
}

function deliveredTwice({ source, line }: HookEvent): Diagnostic {
  const message = 'this line came before, with the same process, number and time: it counts once';
  return { severity: 'info', code: 'delivered-twice', message, at: { source, line } };
}

function account({ report, state, prices }: Ingestion, batch: Output): void {
  for (const diagnostic of batch.diagnostics) addDiagnostic(report, diagnostic);
  for (const [outcome, count] of Object.entries(batch.lines))
    report.account[outcome as keyof Output['lines']] += count;
  for (const span of batch.spans) {
    addSpan(report, span);
    if (prices !== undefined) addCost(report, span);
  }
  // 0 until the first event leaves the reorder window.
  report.lastEvent = state.reached || undefined;
}

/** Without any time nothing can be put where it happened: no trace is better than an invented one. */
function refuseUntimed({ account, firstEvent }: Report): void {
  if (account.untimed === 0 || firstEvent !== undefined) return;
  throw new ReplayError(
    'no-times',
    'No line of this log has a time, so nothing can be put where it happened. Record with "hermes-otel init", which stamps every event.',
  );
}

/** A span, and the time at which metrics count it. */
export interface CountedSpan {
  readonly span: AgentSpan;
  readonly time: EpochMicros;
}

/**
 * Counts the spans that left while the log's clock went on from `before` to `now`: at their end, but in that time. Those of
 * one step are in order of time.
 */
export function countBetween(
  before: EpochMicros,
  now: EpochMicros,
  { spans, counted }: Pick<Batch, 'spans' | 'counted'>,
): void {
  const first = counted.length;
  for (let index = first; index < spans.length; index++) {
    const span = spans[index];
    if (span !== undefined) counted.push({ span, time: earlier(later(span.endTime, before), now) });
  }
  if (counted.length - first < 2) return;
  for (const one of counted.splice(first).sort((a, b) => a.time - b.time)) counted.push(one);
}
