import type { FinishedSpan } from '../../src/model/sink.ts';
import type { ApiCallSpan, SpanBase, SubagentSpan, ToolCallSpan, TurnSpan } from '../../src/model/span.ts';
import { type EpochMicros, epochMicros } from '../../src/model/time.ts';
import { attributed } from './attributed.ts';
import { addTokens, approvalSpan, baseOf, type Ids, NO_TOKENS, SECOND, spanId, traceId } from './pieces.ts';
import { createRandom, type Random } from './random.ts';

/**
 * Sessions as Hermes leads them, without a log: turns, calls and their retries, tools side by side, sub-agents,
 * approvals, time-outs, idle hours. Repeatable: the same shape gives the same spans. In order of their ends, as the
 * replay hands them out.
 */
export interface Shape {
  readonly seed: number;
  /** Stops after the session that reaches this many. */
  readonly spans: number;
  /** Turns of a session, at most. */
  readonly turns: number;
}

interface Lead {
  readonly random: Random;
  readonly ids: Ids;
  readonly model: string;
  readonly done: FinishedSpan[];
  now: number;
}

const FIRST_START = Date.UTC(2026, 10, 23, 8, 14, 55) * 1000;
const MODELS = ['claude-sonnet-4-5', 'gpt-5.2-mini', 'qwen3-coder-480b'] as const;
const TOOLS = ['terminal', 'read_file', 'search_files', 'patch', 'write_file', 'web_search', 'todo'] as const;

export function generate({ seed, spans, turns }: Shape): readonly FinishedSpan[] {
  const random = createRandom(seed);
  const done: FinishedSpan[] = [];
  let start = FIRST_START;
  while (done.length < spans) {
    const lead = newLead(random, start, done);
    addSession(lead, random.between(1, turns));
    start = lead.now + random.around(1800) * SECOND;
  }
  return done;
}

function newLead(random: Random, start: number, done: FinishedSpan[]): Lead {
  const sessionId = `20261123_${random.between(100000, 235959)}_${random.hex(6)}`;
  const trace = traceId(random.hex(32));
  return {
    random,
    ids: { sessionId, trace, turnId: undefined },
    model: random.pick(MODELS),
    done,
    now: start,
  };
}

function addSession(lead: Lead, turnCount: number): void {
  const { random } = lead;
  const id = spanId(random.hex(16));
  const start = lead.now;
  const turns: TurnSpan[] = [];
  lead.now += random.between(20_000, 60_000);
  for (let index = 1; index <= turnCount; index += 1) {
    turns.push(addTurn(lead, id, index, random.chance(0.06)));
    lead.now += random.chance(0.15) ? random.around(2400) * SECOND : random.around(25) * SECOND;
  }
  const last = turns.at(-1);
  lead.done.push(
    attributed({
      ...baseOf(lead.ids, id, undefined, epochMicros(start), epochMicros(lead.now)),
      kind: 'session',
      model: lead.model,
      platform: random.pick(['cli', 'telegram', 'slack']),
      completed: last?.completed,
      interrupted: last?.interrupted,
      turnCount,
      apiCallCount: turns.reduce((sum, turn) => sum + turn.apiCallCount, 0),
      toolCallCount: turns.reduce((sum, turn) => sum + turn.toolCallCount, 0),
      tokens: turns.reduce((sum, turn) => addTokens(sum, turn.tokens), NO_TOKENS),
      previousSessionId: undefined,
      parentSessionId: undefined,
      endReason: 'finalize',
    }),
  );
}

function addTurn(outer: Lead, parent: SpanBase['spanId'], index: number, interrupted: boolean): TurnSpan {
  const { random } = outer;
  const turnId = `${outer.ids.sessionId}:${uuid(random)}:${random.hex(8)}`;
  const lead: Lead = { ...outer, ids: { ...outer.ids, turnId } };
  const id = spanId(random.hex(16));
  const start = lead.now;
  const calls: ApiCallSpan[] = [];
  const tools: ToolCallSpan[] = [];
  const callCount = random.between(1, 5);
  lead.now += random.between(2_000, 30_000);
  for (let number = 1; number <= callCount; number += 1) {
    const final = number === callCount;
    const call = addCall(lead, id, number, final);
    calls.push(call);
    lead.now += random.between(3_000, 20_000);
    if (!final) tools.push(...addTools(lead, id, call));
  }
  outer.now = lead.now + random.between(1_000, 9_000);
  const turn: TurnSpan = {
    ...baseOf(lead.ids, id, parent, epochMicros(start), epochMicros(outer.now)),
    incomplete: interrupted && random.chance(0.4) ? 'next_turn' : undefined,
    kind: 'turn',
    turnId,
    index,
    isFirstTurn: index === 1,
    model: lead.model,
    platform: 'cli',
    provider: 'openrouter',
    senderId: undefined,
    background: false,
    apiCallCount: calls.length,
    toolCallCount: tools.length,
    tokens: calls.reduce((sum, { usage }) => addTokens(sum, usage ?? NO_TOKENS), NO_TOKENS),
    toolNames: [...new Set(tools.map(({ toolName }) => toolName))],
    toolOutcomes: {},
    inSubagent: false,
    finalStatus: interrupted ? 'interrupted' : 'completed',
    completed: !interrupted,
    interrupted,
    failed: false,
    exitReason: interrupted ? 'interrupted' : 'text_response',
    userMessage: undefined,
    assistantResponse: undefined,
  };
  outer.done.push(attributed(turn));
  return turn;
}

/** One logical call; sometimes a failed attempt goes before the answered one. */
function addCall(lead: Lead, parent: SpanBase['spanId'], number: number, final: boolean): ApiCallSpan {
  const { random } = lead;
  const apiRequestId = `${lead.ids.turnId ?? ''}:api:${number}`;
  const retries = random.chance(0.05) ? random.between(1, 2) : 0;
  for (let attempt = 0; attempt < retries; attempt += 1) {
    const start = lead.now;
    lead.now += random.around(1_200_000);
    lead.done.push(
      attributed(callSpan(lead, parent, { apiRequestId, number, attempt, start, failed: true, final })),
    );
    lead.now += 2 ** attempt * SECOND;
  }
  const start = lead.now;
  lead.now += random.around(3_400_000);
  const span = callSpan(lead, parent, {
    apiRequestId,
    number,
    attempt: retries,
    start,
    failed: false,
    final,
  });
  lead.done.push(attributed(span));
  return span;
}

interface CallPlan {
  readonly apiRequestId: string;
  readonly number: number;
  readonly attempt: number;
  readonly start: number;
  readonly failed: boolean;
  readonly final: boolean;
}

function callSpan(lead: Lead, parent: SpanBase['spanId'], plan: CallPlan): ApiCallSpan {
  const { random, model } = lead;
  const start = epochMicros(plan.start);
  const end = epochMicros(lead.now);
  const cacheReadTokens = random.chance(0.7) ? random.around(14_000) : 0;
  const inputTokens = random.around(2_600);
  const outputTokens = random.around(420);
  const promptTokens = inputTokens + cacheReadTokens;
  const answer = {
    usage: {
      inputTokens,
      outputTokens,
      cacheReadTokens,
      cacheWriteTokens: 0,
      reasoningTokens: random.chance(0.3) ? Math.round(outputTokens / 3) : 0,
      promptTokens,
      totalTokens: promptTokens + outputTokens,
    },
    endedAt: end,
    apiDurationMicros: end - start,
    finishReason: plan.final ? 'stop' : 'tool_calls',
    responseModel: model,
    assistantContentChars: random.around(500),
    assistantToolCallCount: plan.final ? 0 : random.between(1, 4),
  };
  return {
    ...baseOf(lead.ids, spanId(random.hex(16)), parent, start, end),
    events: plan.failed ? [failure(end)] : [],
    kind: 'api_call',
    apiRequestId: plan.apiRequestId,
    model,
    platform: 'cli',
    provider: 'openrouter',
    baseUrl: 'https://llm.example/v1',
    apiMode: 'chat_completions',
    callNumber: plan.number,
    retryCount: plan.attempt,
    messageCount: 3 + 2 * plan.number,
    toolCount: 24,
    approxInputTokens: promptTokens - 40,
    requestCharCount: promptTokens * 4,
    maxTokens: 8192,
    callDurationMicros: plan.failed ? undefined : end - start,
    timeToFirstChunkMicros: plan.failed ? undefined : Math.round((end - start) * (0.1 + random.next() * 0.4)),
    contextLength: 200_000,
    answered: !plan.failed,
    background: false,
    ...(plan.failed ? {} : answer),
    error: plan.failed
      ? {
          type: 'RateLimitError',
          message: 'Rate limit reached for requests',
          statusCode: 429,
          reason: 'rate_limit',
          retryable: true,
          maxRetries: 3,
        }
      : undefined,
  };
}

function failure(time: EpochMicros): SpanBase['events'][number] {
  const message = 'Rate limit reached for requests';
  return {
    time,
    name: 'exception',
    fields: { 'exception.type': 'RateLimitError', 'exception.message': message },
  };
}

/** The tools that one answer asked for: mostly one after the other, every third time side by side. */
function addTools(lead: Lead, parent: SpanBase['spanId'], call: ApiCallSpan): readonly ToolCallSpan[] {
  const { random } = lead;
  const count = call.assistantToolCallCount ?? 1;
  const parallel = count > 1 && random.chance(0.4);
  const start = lead.now;
  const spans: ToolCallSpan[] = [];
  let latest = start;
  for (let position = 0; position < count; position += 1) {
    if (parallel) lead.now = start + position * random.between(500, 4_000);
    spans.push(addTool(lead, parent, call));
    latest = Math.max(latest, lead.now);
  }
  lead.now = latest + random.between(4_000, 15_000);
  return spans;
}

function addTool(lead: Lead, parent: SpanBase['spanId'], call: ApiCallSpan): ToolCallSpan {
  const { random } = lead;
  const delegates = !lead.ids.sessionId.startsWith('sub-') && random.chance(0.03);
  const toolName = delegates ? 'delegate_task' : random.pick(TOOLS);
  const toolCallId = `call_${random.hex(24)}`;
  const id = spanId(random.hex(16));
  const start = lead.now;
  if (toolName === 'terminal' && random.chance(0.08)) {
    const until = lead.now + random.around(9) * SECOND;
    lead.done.push(attributed(approvalSpan(lead.ids, random, id, toolCallId, start, until)));
    lead.now = until;
  }
  if (delegates) addSubagent(lead, id);
  lead.now += toolName === 'terminal' ? random.around(900_000) : random.around(70_000);
  const failed = random.chance(0.06);
  const span: ToolCallSpan = {
    ...baseOf(lead.ids, id, parent, epochMicros(start), epochMicros(lead.now)),
    kind: 'tool_call',
    toolName,
    toolCallId,
    apiRequestId: call.apiRequestId,
    status: failed ? random.pick(['error', 'error', 'timeout', 'blocked']) : 'ok',
    errorType: failed ? 'tool_error' : undefined,
    errorMessage: failed ? 'File not found: src/missing.py' : undefined,
    durationMillis: Math.round((lead.now - start) / 1000),
    args: undefined,
    result: undefined,
    background: false,
  };
  lead.done.push(attributed(span));
  return span;
}

function addSubagent(outer: Lead, parent: SpanBase['spanId']): void {
  const { random } = outer;
  const child = `${outer.ids.sessionId.replace('2026', 'sub-2026')}_${random.hex(4)}`;
  const id = spanId(random.hex(16));
  const start = outer.now;
  const lead: Lead = { ...outer, ids: { ...outer.ids, sessionId: child }, now: start + 40_000 };
  const turn = addTurn(lead, id, 1, false);
  outer.now = lead.now + 20_000;
  const span: SubagentSpan = {
    ...baseOf(outer.ids, id, parent, epochMicros(start), epochMicros(outer.now)),
    kind: 'subagent',
    childSessionId: child,
    childSubagentId: `sa-${random.hex(8)}`,
    parentTurnId: outer.ids.turnId,
    role: random.pick(['leaf', 'researcher', 'reviewer']),
    status: 'completed',
    durationMillis: Math.round((outer.now - start) / 1000),
    model: outer.model,
    turnCount: 1,
    apiCallCount: turn.apiCallCount,
    toolCallCount: turn.toolCallCount,
    tokens: turn.tokens,
    goal: undefined,
    summary: undefined,
  };
  outer.done.push(attributed(span));
}

function uuid(random: Random): string {
  return [8, 4, 4, 4, 12].map((digits) => random.hex(digits)).join('-');
}
