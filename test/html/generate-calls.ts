import type { ApiCallSpan, CallError, SpanBase, ToolCallSpan, TurnSpan } from '../../src/model/span.ts';
import type { EpochMicros } from '../../src/model/time.ts';
import { apiCall, approval, subagent, toolCall, usage } from '../agent-spans.ts';
import { type Lead, newSpan } from './lead.ts';

const TOOLS = ['terminal', 'read_file', 'search_files', 'patch', 'write_file', 'web_search', 'todo'] as const;

const RATE_LIMIT: CallError = {
  type: 'RateLimitError',
  message: 'Rate limit reached for requests',
  statusCode: 429,
  reason: 'rate_limit',
  retryable: true,
  maxRetries: 3,
};

/** One logical call; sometimes failed attempts go before the answered one. */
export function addCall(lead: Lead, number: number, final: boolean): ApiCallSpan {
  const { random } = lead;
  const retries = random.chance(0.05) ? random.between(1, 2) : 0;
  for (let attempt = 0; attempt < retries; attempt += 1) {
    const start = lead.now;
    lead.now += random.around(1_200);
    const failed = apiCall({ ...attemptOf(lead, number, attempt, start), error: RATE_LIMIT });
    lead.done.push({ ...failed, events: [failure(failed.endTime)] });
    lead.now += 1000 * 2 ** attempt;
  }
  const start = lead.now;
  lead.now += random.around(3_400);
  const answered = apiCall({ ...attemptOf(lead, number, retries, start), ...answer(lead, start, final) });
  lead.done.push(answered);
  return answered;
}

function attemptOf(lead: Lead, callNumber: number, retryCount: number, start: number) {
  const at: [number, number] = [start, lead.now];
  return {
    ...newSpan(lead),
    at,
    parentSpanId: lead.below.spanId,
    apiRequestId: `${lead.turnId}:api:${callNumber}`,
    model: lead.model,
    provider: 'openrouter',
    baseUrl: 'https://llm.example/v1',
    apiMode: 'chat_completions',
    callNumber,
    retryCount,
    messageCount: 1 + 2 * callNumber,
    toolCount: 24,
    approxInputTokens: lead.random.around(12_000),
    requestCharCount: lead.random.around(48_000),
    maxTokens: 8192,
    contextLength: 200_000,
  };
}

function answer({ random, model, now }: Lead, start: number, final: boolean): Partial<ApiCallSpan> {
  const cached = random.chance(0.7) ? random.around(14_000) : 0;
  return {
    usage: usage(random.around(2_600), random.around(420), cached),
    finishReason: final ? 'stop' : 'tool_calls',
    responseModel: model,
    callDurationMicros: (now - start) * 1000,
    timeToFirstChunkMicros: Math.round((now - start) * random.between(100, 500)),
    assistantContentChars: random.around(500),
    assistantToolCallCount: final ? 0 : random.between(1, 4),
  };
}

function failure(time: EpochMicros): SpanBase['events'][number] {
  return {
    time,
    name: 'exception',
    fields: { 'exception.type': RATE_LIMIT.type, 'exception.message': RATE_LIMIT.message ?? '' },
  };
}

type AddTurn = (lead: Lead, index: number) => TurnSpan;

/** The tools that one answer asked for: mostly one after the other, often side by side. */
export function addTools(lead: Lead, call: ApiCallSpan, addTurn: AddTurn): readonly ToolCallSpan[] {
  const { random } = lead;
  const parallel = random.chance(0.4);
  const start = lead.now;
  let latest = start;
  const spans: ToolCallSpan[] = [];
  for (let position = 0; position < (call.assistantToolCallCount ?? 0); position += 1) {
    if (parallel) lead.now = start + position * (1 + random.next());
    spans.push(addTool(lead, call, addTurn));
    latest = Math.max(latest, lead.now);
  }
  lead.now = latest + random.between(4, 15);
  return spans;
}

function addTool(lead: Lead, call: ApiCallSpan, addTurn: AddTurn): ToolCallSpan {
  const { random } = lead;
  const start = lead.now;
  const id = newSpan(lead);
  const toolCallId = `call_${random.hex(24)}`;
  const delegates = !lead.below.sessionId.includes('child') && random.chance(0.03);
  const toolName = delegates ? 'delegate_task' : random.pick(TOOLS);
  if (toolName === 'terminal' && random.chance(0.08)) addApproval({ ...lead, below: id }, toolCallId);
  if (delegates) addSubagent(lead, { ...lead, below: id }, addTurn);
  lead.now += toolName === 'terminal' ? random.around(900) : random.around(70);
  const failed = random.chance(0.06);
  const made = toolCall({
    ...id,
    at: [start, lead.now],
    parentSpanId: lead.below.spanId,
    toolName,
    toolCallId,
    apiRequestId: call.apiRequestId,
    status: failed ? random.pick(['error', 'error', 'timeout', 'blocked']) : 'ok',
    errorType: failed ? 'tool_error' : undefined,
    errorMessage: failed ? 'File not found: src/missing.py' : undefined,
    durationMillis: Math.round(lead.now - start),
  });
  lead.done.push(made);
  return made;
}

function addApproval(lead: Lead, toolCallId: string): void {
  const { random } = lead;
  const granted = random.chance(0.8);
  lead.done.push(
    approval({
      ...newSpan(lead),
      at: [lead.now, lead.now + random.around(9_000)],
      parentSpanId: lead.below.spanId,
      choice: granted ? 'once' : 'deny',
      granted,
      decidedBy: 'user',
      patternKey: 'rm -rf',
      toolCallId,
    }),
  );
}

/** A child session of one turn, below the tool that started it. */
function addSubagent(outer: Lead, tool: Lead, addTurn: AddTurn): void {
  const { random } = outer;
  const start = outer.now;
  const id = newSpan(tool);
  const child = { ...id, sessionId: `child_${random.hex(8)}` };
  const lead: Lead = { ...tool, below: child, now: start + 40 };
  const made = addTurn(lead, 1);
  outer.now = lead.now + 20;
  outer.done.push(
    subagent({
      ...id,
      at: [start, outer.now],
      parentSpanId: tool.below.spanId,
      childSessionId: child.sessionId,
      childSubagentId: `sa-${random.hex(8)}`,
      parentTurnId: outer.turnId,
      role: random.pick(['leaf', 'researcher', 'reviewer']),
      durationMillis: Math.round(outer.now - start),
      model: outer.model,
      apiCallCount: made.apiCallCount,
      toolCallCount: made.toolCallCount,
      tokens: made.tokens,
    }),
  );
}
