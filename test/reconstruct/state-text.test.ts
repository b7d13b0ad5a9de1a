import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRedaction } from '../../src/model/redact.ts';
import { parseLine } from '../../src/parse/parse-line.ts';
import { DEFAULT_OPTIONS, type ReconstructOptions } from '../../src/reconstruct/options.ts';
import { createOutput, type Output } from '../../src/reconstruct/output.ts';
import { createState, type State } from '../../src/reconstruct/state.ts';
import { stateFromText, stateToText } from '../../src/reconstruct/state-text.ts';
import { finish, step } from '../../src/reconstruct/step.ts';
import { type MadeSession, sessions } from './hermes-log.ts';

function take(state: State, out: Output, lines: readonly string[], content: boolean): void {
  for (const [index, text] of lines.entries()) {
    const at = { source: 'log', line: index + 1, endOffsetBytes: 0, damage: undefined };
    const parsed = parseLine({ text, ...at }, { content });
    if (parsed.kind === 'event') step(state, parsed.event, out);
  }
}

function linesOf(made: readonly MadeSession[]): readonly string[] {
  return made
    .flatMap(({ events }) => events)
    .toSorted((a, b) => a.ts - b.ts)
    .map((event) => JSON.stringify(event));
}

test.each([false, true])(
  'written down anywhere and read back, it goes on as if nothing was (content: %s)',
  (content) => {
    const options: ReconstructOptions = { ...DEFAULT_OPTIONS, content, sessionSpans: 'at_end' };
    const property = fc.property(
      sessions({ min: 1, max: 3 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (made, cut) => {
        const lines = linesOf(made);
        const whole = createOutput();
        const state = createState(options);
        take(state, whole, lines, content);
        finish(state, whole);
        const parts = createOutput();
        const at = Math.floor(lines.length * cut);
        const before = createState(options);
        take(before, parts, lines.slice(0, at), content);
        const after = stateFromText(stateToText(before, createRedaction()), options);
        take(after, parts, lines.slice(at), content);
        finish(after, parts);
        expect(parts.spans).toEqual(whole.spans);
        expect(parts.lines).toEqual(whole.lines);
      },
    );
    fc.assert(property, { numRuns: 50 });
  },
);

test('arguments that look like a map of ours stay arguments', () => {
  const options: ReconstructOptions = { ...DEFAULT_OPTIONS, content: true };
  const line = JSON.stringify({
    ts: 1_795_000_000,
    event: 'pre_tool_call',
    session_id: '20261120_100000_abc123',
    tool_name: 'terminal',
    args: { $map: [['a', 1]] },
  });
  const state = createState(options);
  take(state, createOutput(), [line], true);
  expect(stateFromText(stateToText(state, createRedaction()), options).waiting).toEqual(state.waiting);
});
