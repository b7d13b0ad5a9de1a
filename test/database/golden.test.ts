import { describe, expect, test } from '@jest/globals';
import type { AgentSpan, ApiCallSpan } from '../../src/model/span.ts';
import { expectGolden } from '../golden-file.ts';
import { convert, hooksOf, ofKind, PAIRS, replayLines, WITH_LOG } from './pairs.ts';

const VERSIONS = ['0.14.0', '0.16.0', '0.17.0', '0.18.0', '0.19.0'];

test.each(VERSIONS)('the tree of Hermes %s', async (version) => {
  const pair = `${version}/multi-turn-new-exit`;
  let text = render(replayLines(await convert(pair)).spans);
  if (WITH_LOG.includes(pair)) {
    text += `\nwith agent.log\n${render(replayLines(await convert(pair, { log: true })).spans)}`;
  }
  expectGolden(new URL(`../../fixtures/database/${pair}/expected.tree.txt`, import.meta.url), text);
});

/** Each span below its parent, with its times, where they come from, and its tokens. */
function render(spans: readonly AgentSpan[]): string {
  const roots = ofKind(spans, 'session').sort((a, b) => a.startTime - b.startTime);
  return roots.map((root) => lines(spans, root, root.startTime, '').join('')).join('');
}

function lines(spans: readonly AgentSpan[], span: AgentSpan, from: number, indent: string): string[] {
  const below = spans
    .filter(({ parentSpanId }) => parentSpanId === span.spanId)
    .sort((a, b) => a.startTime - b.startTime || a.endTime - b.endTime);
  const at = (time: number) => ((time - from) / 1e6).toFixed(3);
  const { kind, startTime, endTime, timeSource, incomplete } = span;
  const parts = [
    `${indent}${kind}`,
    `${at(startTime)} to ${at(endTime)}`,
    timeSource,
    incomplete,
    detailOf(span),
  ];
  return [
    `${parts.filter(Boolean).join('  ')}\n`,
    ...below.flatMap((child) => lines(spans, child, from, `${indent}  `)),
  ];
}

function detailOf(span: AgentSpan): string {
  const { usage, tokens } = { usage: undefined, tokens: undefined, ...span };
  const counts = usage ?? tokens;
  const sums =
    counts?.inputTokens === undefined ? '' : `${counts.inputTokens} in, ${counts.outputTokens} out`;
  switch (span.kind) {
    case 'session':
      return `${span.sessionId} ${span.endReason ?? ''} ${sums}`;
    case 'turn':
      return span.finalStatus;
    case 'api_call':
      return `${span.finishReason} ${sums}`;
    case 'tool_call':
      return `${span.toolName} ${span.status}`;
    default:
      return '';
  }
}

// docs/backfill.md promises these.
describe('times against the hooks of the same run', () => {
  const exact = PAIRS.filter((pair) => /^0\.1[89]/.test(pair));

  test('since 0.18 rows are milliseconds from the hooks', async () => {
    const { start, end, toolEnd, turnEnd } = await distances(exact, false);
    expect(start).toBeLessThan(60);
    expect(end).toBeLessThan(30);
    expect(toolEnd).toBeLessThan(5);
    expect(turnEnd).toBeLessThan(20);
  });

  test('with agent.log calls and tools of all releases are', async () => {
    const own = WITH_LOG.filter((pair) => !pair.startsWith('gateway'));
    const { start, end, toolEnd, turnEnd } = await distances(own, true);
    expect(start).toBeLessThan(60);
    expect(end).toBeLessThan(5);
    expect(toolEnd).toBeLessThan(5);
    expect(turnEnd).toBeLessThan(20);
  });
});

/** Medians of the distances, in milliseconds. */
async function distances(pairs: readonly string[], log: boolean) {
  const found = { start: [0], end: [0], toolEnd: [0], turnEnd: [0] };
  for (const pair of pairs) {
    const ours = replayLines(await convert(pair, { log })).spans;
    const hooks = hooksOf(pair).spans;
    for (const [call, same] of sameIn(answered(ours), answered(hooks))) {
      found.start.push(Math.abs(same.startTime - call.startTime));
      found.end.push(Math.abs(same.endTime - call.endTime));
    }
    for (const [tool, same] of sameIn(ofKind(ours, 'tool_call'), ofKind(hooks, 'tool_call')))
      found.toolEnd.push(Math.abs(same.endTime - tool.endTime));
    const ended = ofKind(ours, 'turn').filter(({ incomplete }) => incomplete === undefined);
    for (const [turn, same] of sameIn(ended, ofKind(hooks, 'turn')))
      found.turnEnd.push(Math.abs(same.endTime - turn.endTime));
  }
  return {
    start: median(found.start),
    end: median(found.end),
    toolEnd: median(found.toolEnd),
    turnEnd: median(found.turnEnd),
  };
}

function answered(spans: readonly AgentSpan[]): ApiCallSpan[] {
  return ofKind(spans, 'api_call').filter((call) => call.answered);
}

/** Each span with the one of its session that is the same, or ends nearest. */
function sameIn<S extends AgentSpan>(ours: readonly S[], hooks: readonly S[]): [S, S][] {
  return ours.flatMap((span): [S, S][] => {
    const own = hooks.filter(({ sessionId }) => sessionId === span.sessionId);
    const [same] = own.sort(
      (a, b) => Math.abs(a.endTime - span.endTime) - Math.abs(b.endTime - span.endTime),
    );
    return same === undefined ? [] : [[span, same]];
  });
}

function median(micros: readonly number[]): number {
  return (micros.toSorted((a, b) => a - b)[Math.floor(micros.length / 2)] ?? 0) / 1000;
}
