/**
 * A finding of the doctor: one line for each thing that a stuck user would check by hand. The doctor judges and changes nothing.
 * It does not guess: what it could not check is a warning that says so.
 */
export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail';
  /** What was checked: a noun. */
  readonly about: string;
  /** One sentence, free of secrets. */
  readonly found: string;
  /** What to do; `undefined` when there is nothing to do. */
  readonly next: string | undefined;
}

/** A finding before it is named. */
export type Verdict = Omit<Finding, 'about'>;

export function finding(about: string, { level, found, next }: Verdict): Finding {
  return { level, about, found, next };
}

export function ok(found: string): Verdict {
  return { level: 'ok', found, next: undefined };
}

/** It may work, or it may not. */
export function warn(found: string, next: string): Verdict {
  return { level: 'warn', found, next };
}

/** It cannot work. */
export function fail(found: string, next: string): Verdict {
  return { level: 'fail', found, next };
}

/** Splits a sentence of the export stage, which is a fact, a colon or semicolon, and advice. */
export function splitSentence(sentence: string): [found: string, next: string] {
  const at = Math.max(sentence.lastIndexOf(': '), sentence.lastIndexOf('; '));
  if (at < 0) return [`${sentence}.`, 'Check the log of the receiver.'];
  return [`${sentence.slice(0, at)}.`, asSentence(sentence.slice(at + 2))];
}

function asSentence(text: string): string {
  if (text.startsWith('npm ')) return `Run \`${text}\`.`;
  const end = /[.?!]$/.test(text) ? '' : '.';
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${end}`;
}

/** Splits a sentence about a flag or variable. Most of these end with the reason, some with advice. */
export function splitOptionProblem(sentence: string): [found: string, next: string] {
  const hasAdvice = /[:;] (use|npm|give|set|unset) /.test(sentence);
  return hasAdvice ? splitSentence(sentence) : [`${sentence}.`, 'Correct the flag or variable named above.'];
}
