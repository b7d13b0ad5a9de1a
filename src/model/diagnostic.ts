import type { LineRef } from './line.ts';

/**
 * A problem in the log, as a value: stages return it and never throw.
 * - `error`: something was lost, such as a line that could not be read. Fails `--strict`.
 * - `warning`: a rule had to decide, as for a clamped time or a duplicate. Part of the report.
 * - `info`: worth knowing, such as test payloads that were left out.
 */
export interface Diagnostic {
  readonly severity: 'error' | 'warning' | 'info';
  /** Stable, machine-readable, kebab-case: `not-json`, `missing-time`, `end-before-start`… */
  readonly code: string;
  /** One sentence for people: the problem and the decision. Has no content from the log except names and ids. */
  readonly message: string;
  /** `undefined` when the problem concerns no single line. */
  readonly at: LineRef | undefined;
}
