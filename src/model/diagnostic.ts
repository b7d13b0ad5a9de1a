import type { LineRef } from './line.ts';

/**
 * A value about an odd line (or an odd decision), never a throw.
 * - `error`: something was lost (a line that could not be read): fails `--strict`.
 * - `warning`: something had to be decided (a clamp, a guess, a duplicate): told, and part of the report.
 * - `info`: worth knowing, nothing odd (test payloads left out).
 */
export interface Diagnostic {
  readonly severity: 'error' | 'warning' | 'info';
  /** Stable, machine-readable, kebab-case: `not-json`, `missing-time`, `end-before-start`… */
  readonly code: string;
  /** One sentence for people: what was found and what was decided. Free of content from the log, except names and ids. */
  readonly message: string;
  /** `undefined` when it is about no single line. */
  readonly at: LineRef | undefined;
}
