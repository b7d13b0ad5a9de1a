/**
 * What the doctor says: one line for each thing that a stuck user would look at by hand. The doctor looks and judges; it changes
 * nothing, and it refuses to guess: what it could not look at is a warning that says so.
 */
export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail';
  /** What was looked at: a noun. */
  readonly about: string;
  /** One sentence, free of secrets. */
  readonly found: string;
  /** What to do; `undefined` when there is nothing to do. */
  readonly next: string | undefined;
}

export function ok(about: string, found: string): Finding {
  return { level: 'ok', about, found, next: undefined };
}

/** It may work, or it may not. */
export function warn(about: string, found: string, next: string): Finding {
  return { level: 'warn', about, found, next };
}

/** It cannot work. */
export function fail(about: string, found: string, next: string): Finding {
  return { level: 'fail', about, found, next };
}
