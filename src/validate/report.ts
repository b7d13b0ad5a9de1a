import type { Diagnostic } from '../model/diagnostic.ts';
import type { Envelope, LineRef } from '../model/line.ts';
import type { EpochMicros } from '../model/time.ts';

/** The result of `validate`, as plain data: the contents of a log and the findings. */
export interface LintReport {
  readonly sources: readonly string[];
  readonly lines: number;
  readonly blank: number;
  readonly events: number;
  readonly sessions: number;
  /** Lines that a replay cannot use. With any, `--strict` fails. */
  readonly lost: number;
  readonly envelopes: Counts;
  /** Newest first. */
  readonly dialects: readonly DialectCount[];
  readonly schemaVersions: Counts;
  /** By Hermes's name of the hook. */
  readonly hooks: Counts;
  /** By severity, the gravest first. */
  readonly findings: readonly Finding[];
}

export type Counts = Readonly<Record<string, number>>;

export interface DialectCount {
  readonly dialect: string;
  readonly lines: number;
  readonly first: LineRef;
}

/** One kind of problem, with all its places. */
export interface Finding {
  readonly severity: Diagnostic['severity'];
  /** Stable, kebab-case. */
  readonly code: string;
  /** One sentence without content. */
  readonly message: string;
  /** The consequence for the trace. */
  readonly effect: string;
  readonly count: number;
  /** The first 20 places, in the order of the log. */
  readonly places: readonly Place[];
}

export interface Place extends LineRef {
  /** An id or a size that distinguishes this place from the others. */
  readonly detail: string | undefined;
}

export interface SessionSeen {
  readonly first: LineRef;
  readonly envelope: Envelope | undefined;
  /** True once `two-recorders` was noted: a plugin and a shell hook of one Hermes write the same calls. */
  twice: boolean;
  started: boolean;
  ended: boolean;
}

export type PairKind = 'api' | 'auxiliary' | 'approval' | 'subagent' | 'turn';

export interface OpenPair {
  readonly kind: PairKind;
  readonly place: Place;
}

export interface StartedTool {
  readonly place: Place;
  /** The arguments as JSON. */
  readonly args: string;
}

type Growing<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] };

/** The state between lines, plain data. Most lines leave no more than a number. */
export type LintState = ReturnType<typeof startLint>;

/** The state before the first line. */
export function startLint() {
  return {
    lines: 0,
    blank: 0,
    events: 0,
    lost: 0,
    envelopes: new Map<string, number>(),
    dialects: new Map<string, Growing<DialectCount>>(),
    schemaVersions: new Map<string, number>(),
    hooks: new Map<string, number>(),
    findings: new Map<string, Growing<Finding>>(),
    sources: new Set<string>(),
    /** The latest time so far, by source. */
    clocks: new Map<string, EpochMicros>(),
    /** Digests of all lines. */
    seen: new Set<number>(),
    deliveries: new Set<string>(),
    /** Places of events that a finding names as a repetition. */
    repeated: new Set<string>(),
    sessions: new Map<string, SessionSeen>(),
    /** Open pairs, by kind and id. */
    open: new Map<string, OpenPair[]>(),
    tools: {
      /** Started calls, by id. */
      byId: new Map<string, StartedTool>(),
      /** Started calls that have no id, by task and name, oldest first. */
      withoutId: new Map<string, StartedTool[]>(),
      /** Ids of calls that ended. */
      ended: new Set<string>(),
    },
  };
}
