import type { Diagnostic } from '../model/diagnostic.ts';
import type { LineRef } from '../model/line.ts';

/** What a look over a log found, as plain data: what stands in it, and what is odd about it. */
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
  /** The gravest first. */
  readonly findings: readonly Finding[];
}

export type Counts = Readonly<Record<string, number>>;

export interface DialectCount {
  readonly dialect: string;
  readonly lines: number;
  readonly first: LineRef;
}

/** One kind of oddity, wherever it stands. */
export interface Finding {
  readonly severity: Diagnostic['severity'];
  /** Stable, kebab-case. */
  readonly code: string;
  /** What was found, without content. */
  readonly message: string;
  /** What it does to the trace. */
  readonly effect: string;
  /** How often. */
  readonly count: number;
  /** Where, in the order of the log: the first 20 at most. */
  readonly places: readonly Place[];
}

export interface Place extends LineRef {
  /** An id or a size that tells this place from the others. */
  readonly detail: string | undefined;
}
