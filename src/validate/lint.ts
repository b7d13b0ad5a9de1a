/**
 * Checks a log without replaying it: its contents, its problems and their effect on the trace.
 * Pure, line by line. Does not read files, parse or make spans.
 */
import type { Diagnostic } from '../model/diagnostic.ts';
import { type HookEvent, localOffset } from '../model/event.ts';
import type { Envelope, InputLine, LineFacts, LineRef, ParsedEvent, ParsedLine } from '../model/line.ts';
import { secretKinds } from '../model/redact.ts';
import { note, noteDiagnostic } from './findings.ts';
import { checkParsed, countFacts, dialectsOf, isDuplicate, place } from './lines.ts';
import { checkPair, checkTool, finishPairs, finishTools } from './pairs.ts';
import type { Counts, LintReport, LintState } from './report.ts';

/** A line with the results of the parser. */
export interface LintInput {
  readonly line: InputLine;
  readonly parsed: ParsedLine;
  /** `undefined` when the line is no hook call. */
  readonly facts: LineFacts | undefined;
}

/** Checks the next line. Lines must come in the order of their source. */
export function lintLine(state: LintState, { line, parsed, facts }: LintInput): void {
  state.lines += 1;
  state.sources.add(line.source);
  checkParsed(state, parsed, line);
  // Kinds of secrets and their lines, never the secrets.
  for (const kind of secretKinds(line.text)) note(state, 'secret', `looks like a secret: ${kind}`, line);
  if (facts !== undefined) countFacts(state, facts, parsed, line);
  if (parsed.kind !== 'event' || isDuplicate(state, line, facts?.deliveryId)) return;
  checkClock(state, parsed);
  checkSession(state, parsed.event, facts?.envelope);
  checkPair(state, parsed.event);
  checkTool(state, parsed.event);
}

/** What a reconstruction of the same log found. To be called once, before `finishLint`. */
export interface Reconstructed {
  readonly diagnostics: readonly Diagnostic[];
  readonly merged: readonly LineRef[];
}

/** Codes that the checks of lines note themselves, with more detail. */
const NOTED_BY_LINE: ReadonlySet<string> = new Set(['out-of-order', 'ended-twice', 'api-time-disagrees']);

/** Notes the decisions of a replay: merged events, events without a session, ids by ordinal. */
export function lintReconstructed(state: LintState, { diagnostics, merged }: Reconstructed): void {
  for (const diagnostic of diagnostics) {
    if (NOTED_BY_LINE.has(diagnostic.code)) continue;
    noteDiagnostic(state, diagnostic, diagnostic.at ?? { source: '', line: 0 });
  }
  for (const at of merged) {
    if (!state.repeated.has(`${at.source}:${at.line}`))
      note(state, 'merged', 'adds nothing to what other events report', at);
  }
}

/** The report. To be called once, after the last line. */
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
    findings: [...state.findings.values()].sort(
      (a, b) => GRAVITY[a.severity] - GRAVITY[b.severity] || b.count - a.count,
    ),
  };
}

function byCount(counts: ReadonlyMap<string, number>): Counts {
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}

const GRAVITY = { error: 0, warning: 1, info: 2 } as const satisfies Record<Diagnostic['severity'], number>;

/** Registers the session of the event, with its start and end. */
function checkSession(state: LintState, event: HookEvent, envelope: Envelope | undefined): void {
  const { sessionId } = event;
  if (sessionId === undefined) return;
  const session = state.sessions.get(sessionId) ?? {
    first: { source: event.source, line: event.line },
    envelope,
    twice: false,
    started: false,
    ended: false,
  };
  if (envelope !== session.envelope && !session.twice) {
    session.twice = true;
    const message = `one session has two envelopes, ${session.envelope} and ${envelope}: two recorders wrote it`;
    note(state, 'two-recorders', message, place(event, sessionId));
  }
  if (event.hook === 'on_session_start') session.started = true;
  if (event.hook === 'on_session_finalize') session.ended = true;
  state.sessions.set(sessionId, session);
}

function finishSessions(state: LintState): void {
  for (const { first, started, ended } of state.sessions.values()) {
    if (!started) note(state, 'no-session-start', 'a session without on_session_start', first);
    if (!ended) note(state, 'no-session-end', 'a session without on_session_finalize', first);
  }
}

/** The tolerated difference between writers of one log, equal to the default reorder window of a replay. */
const TOLERANCE_MICROS = 5e6;

/** Notes times before that of an earlier line, and API times that differ from the recorder's. */
function checkClock(state: LintState, { event, localTime }: ParsedEvent): void {
  const latest = state.clocks.get(event.source);
  if (latest === undefined || event.time >= latest) {
    state.clocks.set(event.source, event.time);
  } else {
    noteStepBack(state, event, latest - event.time);
  }
  if (localTime) noteLocalTime(state, event);
  else noteApart(state, event);
}

function noteLocalTime(state: LintState, event: HookEvent): void {
  const offset = localOffset(event);
  if (offset === undefined) note(state, 'no-zone', 'the time has no zone', event);
  else if (offset !== 0) note(state, 'local-time', `the time is local, ${secondsOf(offset)} from UTC`, event);
}

/** Attempts of one call share \`started_at\`: only an end is compared. */
function noteApart(state: LintState, event: HookEvent): void {
  const own = 'endedAt' in event ? event.endedAt : undefined;
  if (own === undefined || Math.abs(own - event.time) <= TOLERANCE_MICROS) return;
  const apart = `${secondsOf(Math.abs(own - event.time))} apart`;
  note(state, 'clock-apart', `${event.hook}: Hermes's time and the recorder's differ`, place(event, apart));
}

function noteStepBack(state: LintState, event: HookEvent, micros: number): void {
  const far = micros > TOLERANCE_MICROS;
  const message = far ? 'the time jumps back by more than 5 s' : 'the time is before that of an earlier line';
  note(state, far ? 'clock-back' : 'out-of-order', message, place(event, `by ${secondsOf(micros)}`));
}

function secondsOf(micros: number): string {
  return `${(micros / 1e6).toFixed(3)} s`;
}
