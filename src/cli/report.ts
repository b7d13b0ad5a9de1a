/** The account of a run: what became of every line and every span. One object, shown as a sentence or as JSON. */
import type { Diagnostic } from '../model/diagnostic.ts';
import type { ParsedLine } from '../model/line.ts';
import type { AgentSpan, AgentSpanKind } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';
import { keepFirst } from './first-diagnostics.ts';

/** Every line is counted in exactly one of these. */
export interface LineAccount {
  /** Became a span or a part of one. */
  mapped: number;
  /** Said again what another line had said. */
  merged: number;
  /** Known hooks that are no part of a span. */
  unmapped: number;
  /** Hooks that we do not know. */
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
  /** Of no session that is known. */
  unplaced: number;
}

export interface Report {
  readonly files: number;
  lines: number;
  readonly account: LineAccount;
  readonly spans: Record<AgentSpanKind, number>;
  incomplete: number;
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
  /** Hears of every diagnostic as it is added, also of those beyond the bound; no part of the account. */
  onDiagnostic: ((diagnostic: Diagnostic) => void) | undefined;
}

export function createReport(files: number): Report {
  return {
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
    incomplete: 0,
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

export function addDiagnostic(report: Report, diagnostic: Diagnostic): void {
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

export function addSpan(report: Report, span: AgentSpan): void {
  report.spans[span.kind]++;
  if (span.incomplete !== undefined) report.incomplete++;
}

/** Events among the lines: what could be read as a call of a hook. */
export function eventCount({ account }: Report): number {
  return (
    account.mapped + account.merged + account.unmapped + account.unknown + account.filtered + account.unplaced
  );
}

export function spanCount(report: Report): number {
  return Object.values(report.spans).reduce((sum, count) => sum + count, 0);
}

/** Lines that should have become part of a span and could not. */
export function lostLines({ account, errors }: Report): number {
  return Math.max(errors, account.malformed + account.untimed + account.unplaced);
}

/** Lines whose fate is known: fewer than were read while some wait in the reorder window. */
export function accountedLines({ account }: Report): number {
  return Object.values(account).reduce((sum, count) => sum + count, 0);
}

/** Throws when a line was not accounted for: that is our own bug, and must never go unseen. */
export function assertAccounted(report: Report): void {
  const accounted = accountedLines(report);
  if (accounted !== report.lines) {
    throw new Error(`${report.lines} lines were read, but ${accounted} are accounted for`);
  }
}
