/** The account of a run: the outcome of every line and every span. Printed as a sentence or as JSON. */
import type { Diagnostic } from '../model/diagnostic.ts';
import {
  addToWork,
  countedOf,
  createSessionCount,
  createWork,
  noteSession,
  ownCost,
  type SessionCount,
  type Work,
} from '../model/figures.ts';
import type { ParsedLine } from '../model/line.ts';
import { createRedaction, type Redaction } from '../model/redact.ts';
import type { DeliveryAccount } from '../model/sink.ts';
import type { AgentSpan, AgentSpanKind } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';
import type { BudgetResult } from '../view/budget.ts';
import type { Totals } from '../view/totals.ts';

/** Every line is counted in exactly one of these. */
export interface LineAccount {
  /** Became a span or a part of one. */
  mapped: number;
  /** Repeated an earlier line. */
  merged: number;
  /** Known hooks that are no part of a span. */
  unmapped: number;
  /** Unknown hooks. */
  unknown: number;
  /** Payloads of `hermes hooks test`. */
  test: number;
  /** Left out by the filters. */
  filtered: number;
  blank: number;
  /** No event could be read from them. */
  malformed: number;
  /** Without a time to put them at. */
  untimed: number;
  /** Of an unknown session. */
  unplaced: number;
}

export interface Report {
  readonly files: number;
  lines: number;
  readonly account: LineAccount;
  readonly spans: Record<AgentSpanKind, number>;
  /** The figures of docs/glossary.md. */
  readonly work: Work;
  readonly sessionCount: SessionCount;
  /** Sums of the durations of spans whose end is in the log. */
  readonly micros: { turnMicros: number; callMicros: number; toolMicros: number };
  incomplete: number;
  /** What the log cost: its calls, and sessions of which Hermes's database has the cost. Unpriced calls add nothing. */
  readonly cost: { usd: number; pricedCalls: number; unpricedCalls: number };
  /** Spans that were sent before they ended and are not among `spans`: they come again, whole. */
  sentOpen: number;
  /** Names of the metrics that something was recorded for. */
  readonly metrics: Set<string>;
  firstEvent: EpochMicros | undefined;
  lastEvent: EpochMicros | undefined;
  /** The first ones by file and line, up to a bound; all are counted in `diagnosticCounts`. */
  readonly diagnostics: Diagnostic[];
  readonly diagnosticCounts: Map<string, number>;
  errors: number;
  /** Called with every diagnostic as it is added, also with those beyond the bound. Not part of the account. */
  onDiagnostic: ((diagnostic: Diagnostic) => void) | undefined;
  /** Applied to diagnostics here and to spans in `ingest`. Not part of the account. */
  readonly redaction: Redaction;
}

/** A report as plain data: what became of every line, and which spans were made of them. */
export interface LogReport
  extends Omit<
    Report,
    'metrics' | 'diagnosticCounts' | 'onDiagnostic' | 'redaction' | 'work' | 'sessionCount' | 'micros'
  > {
  /** The figures of docs/glossary.md: conversations, turns, calls, tools, failures, tokens, cost. */
  readonly figures: Readonly<Work> & Report['micros'] & { readonly sessions: number };
  /** Names of the metrics that something was recorded for, sorted. */
  readonly metrics: readonly string[];
  /** By code. */
  readonly diagnosticCounts: Readonly<Record<string, number>>;
}

/** What became of a whole replay: every line, every span, every request. */
export interface ReplayReport extends LogReport {
  /** One for each destination and signal; in each, `made = accepted + rejected + failed`. */
  readonly accounts: readonly DeliveryAccount[];
  readonly budgets: readonly BudgetResult[];
  /** `undefined` unless totals or budgets were asked for. */
  readonly totals: Totals | undefined;
  /** True for input that may never end: a pipe, a followed file. */
  readonly live: boolean;
}

export function logReport({
  onDiagnostic: _listener,
  redaction: _redaction,
  work,
  sessionCount,
  micros,
  ...report
}: Report): LogReport {
  return {
    ...report,
    figures: { sessions: sessionCount.count, ...work, ...micros },
    metrics: [...report.metrics].sort(),
    diagnosticCounts: Object.fromEntries([...report.diagnosticCounts].sort()),
  };
}

/** How far a replay is. One object for the whole run, whose fields are live. */
export interface ReplayProgress {
  readonly report: Readonly<Report>;
  readonly live: boolean;
  accounts(): readonly DeliveryAccount[];
  /** Bytes of followed files that are not read yet. */
  lagBytes(): number;
  openSessions(): number;
  openTurns(): number;
}

export function createReport(files: number, redaction = createRedaction()): Report {
  return {
    redaction,
    files,
    lines: 0,
    account: {
      mapped: 0,
      merged: 0,
      unmapped: 0,
      unknown: 0,
      test: 0,
      filtered: 0,
      blank: 0,
      malformed: 0,
      untimed: 0,
      unplaced: 0,
    },
    spans: { session: 0, turn: 0, api_call: 0, tool_call: 0, approval: 0, subagent: 0, auxiliary_call: 0 },
    work: createWork(),
    sessionCount: createSessionCount(),
    micros: { turnMicros: 0, callMicros: 0, toolMicros: 0 },
    incomplete: 0,
    cost: { usd: 0, pricedCalls: 0, unpricedCalls: 0 },
    sentOpen: 0,
    metrics: new Set(),
    firstEvent: undefined,
    lastEvent: undefined,
    diagnostics: [],
    diagnosticCounts: new Map(),
    errors: 0,
    onDiagnostic: undefined,
  };
}

export function addDiagnostic(report: Report, raw: Diagnostic): void {
  const diagnostic = report.redaction.value(raw);
  report.diagnosticCounts.set(diagnostic.code, (report.diagnosticCounts.get(diagnostic.code) ?? 0) + 1);
  if (diagnostic.severity === 'error') report.errors++;
  keepFirst(report.diagnostics, diagnostic);
  report.onDiagnostic?.(diagnostic);
}

/** Counts a line that is no event; events are counted by what reconstruct makes of them. */
export function addLine(report: Report, line: Exclude<ParsedLine, { kind: 'event' }>): void {
  report.account[line.kind]++;
  if (line.kind === 'malformed') addDiagnostic(report, line.diagnostic);
  if (line.kind === 'unknown') {
    addDiagnostic(report, {
      severity: 'info',
      code: 'unknown-hook',
      message: `${line.hook} is no hook that this version knows: counted, in no span`,
      at: line.at,
    });
  }
  if (line.kind === 'untimed') {
    addDiagnostic(report, {
      severity: 'error',
      code: 'missing-time',
      message: `this ${line.event.hook} has no time, so it is in no span; record with "hermes-otel init", or use --assume-times`,
      at: { source: line.event.source, line: line.event.line },
    });
  }
}

const MEASURED: Readonly<Partial<Record<AgentSpanKind, keyof Report['micros']>>> = {
  turn: 'turnMicros',
  api_call: 'callMicros',
  auxiliary_call: 'callMicros',
  tool_call: 'toolMicros',
};

export function addSpan(report: Report, span: AgentSpan): void {
  report.spans[span.kind]++;
  addToWork(report.work, countedOf(span));
  noteSession(report.sessionCount, span);
  const measured = MEASURED[span.kind];
  if (measured !== undefined && span.incomplete === undefined)
    report.micros[measured] += span.endTime - span.startTime;
  if (span.incomplete !== undefined) report.incomplete++;
}

/** A call without tokens has nothing to price. */
export function addCost({ cost: sums }: Report, span: AgentSpan): void {
  const cost = ownCost(span);
  sums.usd += cost ?? 0;
  if (span.kind !== 'api_call' && span.kind !== 'auxiliary_call') return;
  if (cost !== undefined) sums.pricedCalls++;
  else if (span.usage !== undefined) sums.unpricedCalls++;
}

/**
 * The accounts of a signal that its receiver does not take, while it accepted everything of another signal. That is no
 * failure: `--no-metrics` or `--no-traces` leaves the signal out.
 */
export function notTaken(accounts: readonly DeliveryAccount[]): readonly DeliveryAccount[] {
  return accounts.filter(
    (account) =>
      account.notTaken > 0 &&
      account.notTaken === account.made &&
      accounts.some(
        (other) => other.signal !== account.signal && isSameReceiver(other, account) && isWhole(other),
      ),
  );
}

function isWhole({ accepted, rejected, failed }: DeliveryAccount): boolean {
  return accepted > 0 && rejected + failed === 0;
}

/** By address, without the path of the signal. */
function isSameReceiver(a: DeliveryAccount, b: DeliveryAccount): boolean {
  const base = ({ destination }: DeliveryAccount) => destination.replace(/v1\/(traces|metrics|logs)$/, '');
  return base(a) === base(b);
}

/** Events among the lines: what could be read as a call of a hook. */
export function eventCount({ account }: Pick<Report, 'account'>): number {
  return (
    account.mapped + account.merged + account.unmapped + account.unknown + account.filtered + account.unplaced
  );
}

export function spanCount(report: Pick<Report, 'spans'>): number {
  return Object.values(report.spans).reduce((sum, count) => sum + count, 0);
}

/** Lines that should have become part of a span and could not. */
export function lostLines({ account, errors }: Pick<Report, 'account' | 'errors'>): number {
  return Math.max(errors, account.malformed + account.untimed + account.unplaced);
}

/** Lines with a known outcome. Fewer than were read while some wait in the reorder window. */
export function accountedLines({ account }: Report): number {
  return Object.values(account).reduce((sum, count) => sum + count, 0);
}

/** Throws when a line is not accounted for, which is our own bug. */
export function assertAccounted(report: Report): void {
  const accounted = accountedLines(report);
  if (accounted !== report.lines) {
    throw new Error(`${report.lines} lines were read, but ${accounted} are accounted for`);
  }
}

/** The first ones by file and line are kept, as a large broken log must not fill the memory. */
const MAX_DIAGNOSTICS = 1000;

/** Inserts it in order, which is nearly always at the end. Drops the last one beyond the limit. */
export function keepFirst(kept: Diagnostic[], diagnostic: Diagnostic): void {
  let at = kept.length;
  for (let before = kept[at - 1]; before !== undefined && goesBefore(diagnostic, before); ) {
    at--;
    before = kept[at - 1];
  }
  if (at >= MAX_DIAGNOSTICS) return;
  kept.splice(at, 0, diagnostic);
  if (kept.length > MAX_DIAGNOSTICS) kept.pop();
}

/** Diagnostics without a line come last. Those of one line keep their order. */
function goesBefore({ at: a }: Diagnostic, { at: b }: Diagnostic): boolean {
  if (a === undefined || b === undefined) return a !== undefined && b === undefined;
  return a.source === b.source ? a.line < b.line : a.source < b.source;
}
