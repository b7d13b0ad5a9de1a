import { inspectLine } from '../../src/parse/inspect-line.ts';
import { parseLine } from '../../src/parse/parse-line.ts';
import { finishLint, type LintInput, lintLine } from '../../src/validate/lint.ts';
import { type LintReport, startLint } from '../../src/validate/report.ts';

/** The lines of a log as the linter gets them: read, parsed and inspected by the real stages. */
export function inputsOf(texts: readonly string[], source = 'log.ndjson'): LintInput[] {
  return texts.map((text, index) => {
    const line = { source, line: index + 1, text, endOffsetBytes: 0, damage: undefined };
    return { line, parsed: parseLine(line, { content: false }), facts: inspectLine(text) };
  });
}

/** The report of a whole log. */
export function lintLog(inputs: Iterable<LintInput>): LintReport {
  const state = startLint();
  for (const input of inputs) lintLine(state, input);
  return finishLint(state);
}
