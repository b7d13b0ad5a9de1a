/**
 * A look over a log without replaying it: what stands in it, what is odd about it, and what that does to the trace.
 * Pure, line by line; it refuses to read files, to parse, and to make spans.
 */
import type { Diagnostic } from '../model/diagnostic.ts';
import type { InputLine, LineFacts, ParsedLine } from '../model/line.ts';
import { checkClock } from './clock.ts';
import { dialectsOf } from './dialects.ts';
import { isDuplicate } from './duplicates.ts';
import { checkParsed, checkSecrets, countFacts } from './lines.ts';
import { checkPair, finishPairs } from './pairs.ts';
import type { Counts, Finding, LintReport } from './report.ts';
import { checkSession, finishSessions } from './sessions.ts';
import type { LintState } from './state.ts';
import { checkTool, finishTools } from './tool-pairs.ts';

/** A line, and what the parser made of it. */
export interface LintInput {
  readonly line: InputLine;
  readonly parsed: ParsedLine;
  /** `undefined` when the line is no hook call. */
  readonly facts: LineFacts | undefined;
}

/** Takes in the next line of a log that `startLint` began. Lines come in the order of their source. */
export function lintLine(state: LintState, { line, parsed, facts }: LintInput): void {
  state.lines += 1;
  state.sources.add(line.source);
  checkParsed(state, parsed, line);
  checkSecrets(state, line);
  if (facts !== undefined) countFacts(state, facts, parsed, line);
  if (parsed.kind !== 'event' || isDuplicate(state, line, facts?.deliveryId)) return;
  checkClock(state, parsed.event);
  checkSession(state, parsed.event, facts?.envelope);
  checkPair(state, parsed.event);
  checkTool(state, parsed.event);
}

/** The report. Called once, after the last line: what is open now stays open. */
export function finishLint(state: LintState): LintReport {
  finishPairs(state);
  finishTools(state);
  finishSessions(state);
  const dialects = dialectsOf(state);
  return {
    sources: [...state.sources],
    lines: state.lines,
    blank: state.blank,
    events: state.events,
    sessions: state.sessions.size,
    lost: state.lost,
    envelopes: byCount(state.envelopes),
    dialects,
    schemaVersions: byCount(state.schemaVersions),
    hooks: byCount(state.hooks),
    findings: [...state.findings.values()].sort(bySeverity),
  };
}

function byCount(counts: ReadonlyMap<string, number>): Counts {
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}

const GRAVITY = { error: 0, warning: 1, info: 2 } as const satisfies Record<Diagnostic['severity'], number>;

function bySeverity(a: Finding, b: Finding): number {
  return GRAVITY[a.severity] - GRAVITY[b.severity] || b.count - a.count;
}
