import type { LintReport } from './report.ts';

/** What a terminal would obey instead of show, and JSON leaves as it is: C1 controls, and marks that turn the direction of text. */
const UNSAFE = /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The report for programs: one JSON object, indented, ends with a line end. Field names are those of `LintReport`. */
export function renderJson(report: LintReport): string {
  const json = JSON.stringify(report, undefined, 2);
  return `${json.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}
