import { describe, expect, test } from '@jest/globals';
import type { AgentSpan, TurnSpan } from '../../../src/model/span.ts';
import { convert, hooksOf, ofKind, PAIRS, replayLines, totalsOf, WITH_LOG } from '../../database/pairs.ts';

// The tree from the database is a part of the tree from the hooks of the same run, and the token sums are equal.

/** What a database has that its hooks do not have, or has otherwise. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  // Before 0.16 no hook links a sub-agent, and a call of its `delegate_task` has no id in `pre_tool_call`.
  '0.14.0/delegate-batch': ['subagent', 'tool delegate_task'],
  '0.14.0/with-agent-log': ['subagent', 'tool delegate_task'],
  // No hook reports an answer that was cut off.
  '0.19.0/finish-length': ['call 1'],
  // A gateway of 0.16 rewrote the rows of the session at `/compress`.
  'gateway-0.16.0/irc-compress-rotate': ['call 1 ends'],
  // Text that a gateway wrote without its reason.
  'gateway-0.16.0/irc-commands': ['call 1 ends'],
  // Overwritten by Hermes: the answer was `stop`.
  '0.19.0/code-edit-verify': ['call 3 ends', 'call 5 ends'],
};

describe.each([
  ['the database', PAIRS, false],
  ['the database with agent.log', WITH_LOG, true],
] as const)('what is in %s', (_name, pairs, log) => {
  test.each(pairs)('%s is in the hooks too', async (pair) => {
    const ours = replayLines(await convert(pair, { log }));
    const hooks = hooksOf(pair);
    const odd = [...differences(ours.spans, hooks.spans)];
    const known = KNOWN[pair] ?? [];
    expect(odd.filter((text) => !known.some((start) => text.startsWith(start)))).toEqual([]);
    expect(ours.diagnostics).toEqual([]);
    expect(ours.others).toBe(0);
  });
});

test.each(PAIRS)('the token sums of %s are those of the hooks', async (pair) => {
  const hooks = hooksOf(pair).spans;
  for (const [session, totals] of totalsOf(await convert(pair))) {
    const calls = ofKind(hooks, 'api_call').filter((call) => call.sessionId === session && !call.background);
    const sums = {
      input_tokens: sum(calls.map(({ usage }) => usage?.inputTokens)),
      output_tokens: sum(calls.map(({ usage }) => usage?.outputTokens)),
      cache_read_tokens: sum(calls.map(({ usage }) => usage?.cacheReadTokens)),
      cache_write_tokens: sum(calls.map(({ usage }) => usage?.cacheWriteTokens)),
      reasoning_tokens: sum(calls.map(({ usage }) => usage?.reasoningTokens)),
    };
    const none = Object.fromEntries(Object.keys(sums).map((key) => [key, 0]));
    expect({ session, ...none, ...Object(totals.usage) }).toEqual({ session, ...sums });
  }
});

test.each(WITH_LOG)('with agent.log, calls and the rest of %s add up to the sums', async (pair) => {
  const lines = await convert(pair, { log: true });
  const { spans } = replayLines(lines);
  for (const session of ofKind(spans, 'session')) {
    const calls = ofKind(spans, 'api_call').filter(({ sessionId }) => sessionId === session.sessionId);
    const rest = (session.modelUsage ?? []).filter(({ task }) => task === undefined);
    for (const key of ['inputTokens', 'outputTokens', 'cacheReadTokens', 'reasoningTokens'] as const) {
      const known = sum(calls.map(({ usage }) => usage?.[key])) + sum(rest.map(({ tokens }) => tokens[key]));
      expect({ session: session.sessionId, [key]: known }).toEqual({
        session: session.sessionId,
        [key]: session.tokens[key] ?? 0,
      });
    }
  }
});

function sum(counts: readonly (number | undefined)[]): number {
  return counts.reduce<number>((total, count) => total + (count ?? 0), 0);
}

function* differences(ours: readonly AgentSpan[], hooks: readonly AgentSpan[]): Generator<string> {
  yield* sessionDifferences(ours, hooks);
  yield* subagentDifferences(ours, hooks);
  const free = ofKind(hooks, 'turn').filter(({ background }) => !background);
  for (const turn of ofKind(ours, 'turn')) {
    const match = matchOf(turn, free, { ours, hooks });
    if (match === undefined) {
      yield `turn ${turn.turnId}`;
      continue;
    }
    free.splice(free.indexOf(match), 1);
    // That a turn was cut off in its first call, or failed, is in no row.
    const untold = turn.finalStatus === 'incomplete' && match.finalStatus !== 'completed';
    const overlapping = turn.finalStatus !== match.finalStatus && match.finalStatus === 'incomplete';
    if (turn.finalStatus !== match.finalStatus && !untold && !overlapping) {
      yield `turn ${turn.turnId} is ${turn.finalStatus}, not ${match.finalStatus}`;
    }
    yield* callDifferences(below(ours, turn, 'api_call'), below(hooks, match, 'api_call'));
    yield* toolDifferences(below(ours, turn, 'tool_call'), below(hooks, match, 'tool_call'));
  }
}

function* sessionDifferences(ours: readonly AgentSpan[], hooks: readonly AgentSpan[]): Generator<string> {
  for (const session of ofKind(ours, 'session')) {
    const match = ofKind(hooks, 'session').find(({ sessionId }) => sessionId === session.sessionId);
    if (match === undefined) yield `session ${session.sessionId}`;
    else if (match.spanId !== session.spanId || match.traceId !== session.traceId) {
      yield `session ${session.sessionId} has other ids`;
    }
  }
}

function* subagentDifferences(ours: readonly AgentSpan[], hooks: readonly AgentSpan[]): Generator<string> {
  for (const subagent of ofKind(ours, 'subagent')) {
    const match = ofKind(hooks, 'subagent').find(
      ({ childSessionId }) => childSessionId === subagent.childSessionId,
    );
    if (match === undefined || match.spanId !== subagent.spanId) yield `subagent ${subagent.childSessionId}`;
    else if (parentOf(ours, subagent) !== parentOf(hooks, match)) {
      yield `subagent ${subagent.childSessionId} is below ${parentOf(ours, subagent)}`;
    }
  }
}

function parentOf(spans: readonly AgentSpan[], { parentSpanId }: AgentSpan): string | undefined {
  const parent = spans.find(({ spanId }) => spanId === parentSpanId);
  return parent?.kind === 'tool_call' ? parent.toolCallId : parent?.kind;
}

function* callDifferences(
  ours: ReturnType<typeof below<'api_call'>>,
  hooks: ReturnType<typeof below<'api_call'>>,
): Generator<string> {
  for (const call of ours.filter(({ answered }) => answered)) {
    const match = hooks.find(({ answered, callNumber }) => answered && callNumber === call.callNumber);
    if (match === undefined) yield `call ${call.callNumber}`;
    else if (match.finishReason !== call.finishReason) {
      yield `call ${call.callNumber} ends with ${call.finishReason}, not ${match.finishReason}`;
    }
  }
}

function* toolDifferences(
  ours: ReturnType<typeof below<'tool_call'>>,
  hooks: ReturnType<typeof below<'tool_call'>>,
): Generator<string> {
  for (const tool of ours) {
    const match = hooks.find(({ toolCallId }) => toolCallId === tool.toolCallId);
    if (match?.toolName !== tool.toolName) yield `tool ${tool.toolName} ${tool.toolCallId}`;
    // A blocked tool has an error as its result. One side may not know the end of a tool of a killed process.
    else if (match.status !== tool.status && match.status !== 'blocked' && match.status && tool.status) {
      yield `tool ${tool.toolCallId} is ${tool.status}, not ${match.status}`;
    }
  }
}

function below<K extends 'api_call' | 'tool_call'>(spans: readonly AgentSpan[], turn: TurnSpan, kind: K) {
  return ofKind(
    spans.filter(({ parentSpanId }) => parentSpanId === turn.spanId),
    kind,
  );
}

/** The turn of the hooks with a tool in common, else the one that begins or ends nearest. */
function matchOf(
  turn: TurnSpan,
  free: readonly TurnSpan[],
  { ours, hooks }: { readonly ours: readonly AgentSpan[]; readonly hooks: readonly AgentSpan[] },
): TurnSpan | undefined {
  const candidates = free.filter(({ sessionId }) => sessionId === turn.sessionId);
  const ids = new Set(below(ours, turn, 'tool_call').map(({ toolCallId }) => toolCallId));
  const common = candidates.find((other) =>
    below(hooks, other, 'tool_call').some(({ toolCallId }) => ids.has(toolCallId)),
  );
  const distance = (other: TurnSpan) =>
    Math.min(Math.abs(other.startTime - turn.startTime), Math.abs(other.endTime - turn.endTime));
  return common ?? candidates.sort((a, b) => distance(a) - distance(b))[0];
}
