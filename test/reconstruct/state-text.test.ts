import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRedaction } from '../../src/model/redact.ts';
import { parseLine } from '../../src/parse/parse-line.ts';
import { DEFAULT_OPTIONS, type ReconstructOptions } from '../../src/reconstruct/options.ts';
import { createOutput, type Output } from '../../src/reconstruct/output.ts';
import { createState, type State } from '../../src/reconstruct/state.ts';
import { stateFromText, stateToText } from '../../src/reconstruct/state-text.ts';
import { finish, settle, step } from '../../src/reconstruct/step.ts';
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

test('without content neither arguments nor commands that wait are written, and both still pair', () => {
  const ids = { session_id: '20261120_100000_abc123', task_id: 't' };
  const event = (seconds: number, name: string, fields: object) =>
    JSON.stringify({ ts: 1_795_000_000 + seconds, event: name, ...ids, ...fields });
  const gate = { surface: 'cli', command: 'rm private' };
  const tool = { tool_name: 'terminal', args: { command: 'rm private' } };
  const lines = [
    event(0, 'pre_tool_call', tool),
    event(1, 'pre_approval_request', gate),
    event(2, 'post_approval_response', { ...gate, choice: 'once' }),
    event(3, 'pre_approval_request', { surface: 'cli' }),
    event(4, 'post_tool_call', { ...tool, tool_call_id: 'c', result: 'private' }),
  ];
  for (const content of [false, true]) {
    const options: ReconstructOptions = { ...DEFAULT_OPTIONS, content };
    const [before, out] = [createState(options), createOutput()];
    take(before, out, lines, content);
    const text = stateToText(before, createRedaction());
    expect(text.includes('private')).toBe(content);
    const after = stateFromText(text, options);
    finish(after, out);
    const whole = createOutput();
    finish(before, whole);
    expect(out.spans).toEqual(whole.spans);
    expect(whole.spans.map(({ kind }) => kind).toSorted()).toEqual([
      'approval',
      'approval',
      'session',
      'tool_call',
      'turn',
    ]);
  }
});

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

test('what the clock of the log reached stays, also when a later line is of an earlier time', () => {
  const options: ReconstructOptions = { ...DEFAULT_OPTIONS, reorderWindowMicros: 1_000_000 };
  const state = createState(options);
  const starts = [10, 20, 12, 13].map((ts) =>
    JSON.stringify({ ts: 1_790_000_000 + ts, event: 'on_session_start', session_id: `s${ts}` }),
  );
  take(state, createOutput(), starts, false);
  settle(state, createOutput());
  expect(state.reached - state.watermark).toBe(7_000_000);
  expect(stateFromText(stateToText(state, createRedaction()), options).reached).toBe(state.reached);
});
