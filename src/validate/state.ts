import type { Diagnostic } from '../model/diagnostic.ts';
import type { Envelope, LineRef } from '../model/line.ts';
import type { EpochMicros } from '../model/time.ts';
import { EFFECTS, effectOf, type FindingCode } from './effects.ts';
import type { DialectCount, Finding, Place } from './report.ts';

/** What is remembered between lines. Plain data; of most lines nothing stays but a number each. */
export interface LintState {
  lines: number;
  blank: number;
  events: number;
  lost: number;
  readonly envelopes: Map<string, number>;
  readonly dialects: Map<string, Growing<DialectCount>>;
  readonly schemaVersions: Map<string, number>;
  readonly hooks: Map<string, number>;
  readonly findings: Map<string, Growing<Finding>>;
  readonly sources: Set<string>;
  /** The latest time so far, by source. */
  readonly clocks: Map<string, EpochMicros>;
  /** Digests of all lines. */
  readonly seen: Set<number>;
  readonly deliveries: Set<string>;
  readonly sessions: Map<string, SessionSeen>;
  /** What was opened and not yet closed, by kind and id. */
  readonly open: Map<string, OpenPair>;
  readonly tools: ToolsSeen;
}

export interface SessionSeen {
  readonly first: LineRef;
  readonly envelope: Envelope | undefined;
  /** It was noted that the session has a second envelope: a plugin and a shell hook of one Hermes write the same calls. */
  twice: boolean;
  started: boolean;
  ended: boolean;
}

export type PairKind = 'api' | 'auxiliary' | 'approval' | 'subagent' | 'turn';

export interface OpenPair {
  readonly kind: PairKind;
  readonly place: Place;
}

export interface ToolsSeen {
  /** Started calls by their id. */
  readonly byId: Map<string, StartedTool>;
  /** Started calls that have no id, by task and name, oldest first. */
  readonly withoutId: Map<string, StartedTool[]>;
  /** Ids of calls that ended. */
  readonly ended: Set<string>;
}

export interface StartedTool {
  readonly place: Place;
  /** The arguments as JSON. */
  readonly args: string;
}

type Growing<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] };

const MOST_PLACES = 20;

export function startLint(): LintState {
  return {
    lines: 0,
    blank: 0,
    events: 0,
    lost: 0,
    envelopes: new Map(),
    dialects: new Map(),
    schemaVersions: new Map(),
    hooks: new Map(),
    findings: new Map(),
    sources: new Set(),
    clocks: new Map(),
    seen: new Set(),
    deliveries: new Set(),
    sessions: new Map(),
    open: new Map(),
    tools: { byId: new Map(), withoutId: new Map(), ended: new Set() },
  };
}

/** Adds a finding of ours; places with the same code and message are one finding. */
export function note(
  state: LintState,
  code: FindingCode,
  message: string,
  at: LineRef,
  detail?: string,
): void {
  const { severity, effect } = EFFECTS[code];
  add(state, { severity, code, message, effect }, at, detail);
}

/** Adds what the parser said. */
export function noteDiagnostic(state: LintState, diagnostic: Diagnostic, at: LineRef): void {
  const { severity, code, message } = diagnostic;
  add(state, { severity, code, message, effect: effectOf(diagnostic) }, diagnostic.at ?? at, undefined);
}

export function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function add(
  state: LintState,
  kind: Omit<Finding, 'count' | 'places'>,
  at: LineRef,
  detail: string | undefined,
): void {
  const key = `${kind.code} ${kind.message}`;
  const finding = state.findings.get(key) ?? { ...kind, count: 0, places: [] };
  finding.count += 1;
  if (finding.places.length < MOST_PLACES) finding.places.push({ source: at.source, line: at.line, detail });
  state.findings.set(key, finding);
}
