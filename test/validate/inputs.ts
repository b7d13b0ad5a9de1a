import { inspectLine } from '../../src/parse/inspect-line.ts';
import { parseLine } from '../../src/parse/parse-line.ts';
import { DEFAULT_OPTIONS } from '../../src/reconstruct/options.ts';
import { createOutput } from '../../src/reconstruct/output.ts';
import { createState } from '../../src/reconstruct/state.ts';
import { finish, step } from '../../src/reconstruct/step.ts';
import { finishLint, type LintInput, lintLine, lintReconstructed } from '../../src/validate/lint.ts';
import { type LintReport, startLint } from '../../src/validate/report.ts';

/** The lines of a log as the linter gets them: read, parsed and inspected by the real stages. */
export function inputsOf(texts: readonly string[], source = 'log.ndjson'): LintInput[] {
  return texts.map((text, index) => {
    const line = { source, line: index + 1, text, endOffsetBytes: 0, damage: undefined };
    return { line, parsed: parseLine(line, { content: false }), facts: inspectLine(text) };
  });
}

/** The report of a whole log, with the decisions of a reconstruction, as the command makes it. */
export function lintLog(inputs: Iterable<LintInput>): LintReport {
  const lint = startLint();
  const state = createState(DEFAULT_OPTIONS);
  const out = { ...createOutput(), merged: [] };
  for (const input of inputs) {
    lintLine(lint, input);
    if (input.parsed.kind === 'event') step(state, input.parsed.event, out);
  }
  finish(state, out);
  lintReconstructed(lint, out);
  return finishLint(lint);
}
