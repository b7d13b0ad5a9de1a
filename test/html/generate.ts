import { convention } from '../../src/conventions/convention.ts';
import type { FinishedSpan } from '../../src/model/sink.ts';
import type { AgentSpan, TurnSpan } from '../../src/model/span.ts';
import { session, turn } from '../agent-spans.ts';
import { addCall, addTools } from './generate-calls.ts';
import { type Lead, newSpan, sums } from './lead.ts';
import { createRandom, type Random } from './random.ts';

/**
 * Sessions as Hermes leads them, without a log and as many as wanted: turns, calls and their retries, tools side by
 * side, sub-agents, approvals, time-outs, idle hours. The same shape gives the same spans, in order of their ends.
 */
export interface Shape {
  readonly seed: number;
  /** Stops soon after this many. */
  readonly spans: number;
  /** Turns of a session, at most. */
  readonly turns: number;
}

const MODELS = ['claude-sonnet-4-5', 'gpt-5.2-mini', 'qwen3-coder-480b'] as const;
const PLATFORMS = ['cli', 'telegram', 'slack'] as const;

export function generate({ seed, spans, turns }: Shape): readonly FinishedSpan[] {
  const random = createRandom(seed);
  const done: AgentSpan[] = [];
  let now = 0;
  while (done.length < spans) {
    const lead = newLead(random, now, done);
    addSession(lead, random.between(1, turns), spans);
    now = lead.now + random.around(1_800_000);
  }
  return finished(done);
}

/** As the replay names them: with the attributes of the default convention. */
export function finished(spans: readonly AgentSpan[]): readonly FinishedSpan[] {
  const { toSpan } = convention(['hermes'], { captureContent: true });
  return spans.map((agent) => ({ agent, otel: toSpan(agent) }));
}

function newLead(random: Random, now: number, done: AgentSpan[]): Lead {
  const sessionId = `20261123_${random.between(100000, 235959)}_${random.hex(6)}`;
  const { traceId, spanId } = session({ at: [now, now], sessionId });
  return { random, below: { traceId, spanId, sessionId }, turnId: '', model: random.pick(MODELS), done, now };
}

function addSession(lead: Lead, turnCount: number, mostSpans: number): void {
  const { random, below, done } = lead;
  const start = lead.now;
  const turns: TurnSpan[] = [];
  lead.now += random.between(20, 60);
  while (turns.length < turnCount && done.length < mostSpans) {
    turns.push(addTurn(lead, turns.length + 1));
    lead.now += random.chance(0.15) ? random.around(2_400_000) : random.around(25_000);
  }
  done.push(
    session({
      ...below,
      at: [start, lead.now],
      model: lead.model,
      platform: random.pick(PLATFORMS),
      turnCount: turns.length,
      apiCallCount: turns.reduce((sum, { apiCallCount }) => sum + apiCallCount, 0),
      toolCallCount: turns.reduce((sum, { toolCallCount }) => sum + toolCallCount, 0),
      tokens: sums(turns.map(({ tokens }) => tokens)),
    }),
  );
}

/** A turn below the lead's span; the lead goes on to its end. */
export function addTurn(outer: Lead, index: number): TurnSpan {
  const { random, below } = outer;
  const start = outer.now;
  const id = newSpan(outer);
  const turnId = `${below.sessionId}:${random.uuid()}:${random.hex(8)}`;
  const lead: Lead = { ...outer, below: id, turnId, now: start + random.between(2, 30) };
  const callCount = random.between(1, 5);
  const calls = [];
  const tools = [];
  for (let number = 1; number <= callCount; number += 1) {
    const call = addCall(lead, number, number === callCount);
    calls.push(call);
    lead.now += random.between(3, 20);
    tools.push(...addTools(lead, call, addTurn));
  }
  outer.now = lead.now + random.between(1, 9);
  const interrupted = random.chance(0.06);
  const made = turn({
    ...id,
    at: [start, outer.now],
    parentSpanId: below.spanId,
    incomplete: interrupted && random.chance(0.4) ? 'next_turn' : undefined,
    turnId,
    index,
    isFirstTurn: index === 1,
    model: lead.model,
    apiCallCount: calls.length,
    toolCallCount: tools.length,
    tokens: sums(calls.flatMap(({ usage }) => usage ?? [])),
    toolNames: [...new Set(tools.map(({ toolName }) => toolName))],
    finalStatus: interrupted ? 'interrupted' : 'completed',
    completed: !interrupted,
    interrupted,
    exitReason: interrupted ? 'interrupted' : 'text_response',
  });
  outer.done.push(made);
  return made;
}
