import fc from 'fast-check';
import type { FlatEvent } from '../replayed.ts';

/** Logs as Hermes would write them, made up: every hook, both big dialects, several turns, children, failures. */
export interface MadeSession {
  readonly id: string;
  readonly events: readonly FlatEvent[];
}

interface Script {
  readonly dialect: 'observer' | 'legacy';
  readonly turns: readonly TurnScript[];
  readonly finalize: boolean;
  readonly gaps: readonly number[];
}

interface TurnScript {
  readonly calls: readonly CallScript[];
  readonly ending: 'whole' | 'interrupted' | 'silent';
  readonly review: boolean;
  readonly child: boolean;
  readonly auxiliary: boolean;
  readonly mark: boolean;
}

interface CallScript {
  readonly failures: number;
  readonly answered: boolean;
  readonly usage: boolean;
  readonly stream: boolean;
  readonly tools: readonly ToolScript[];
}

interface ToolScript {
  readonly name: 'terminal' | 'read_file' | 'todo';
  readonly outcome: 'ok' | 'error' | 'blocked' | 'cancelled' | 'none';
  readonly approval: boolean;
}

const tool: fc.Arbitrary<ToolScript> = fc.record({
  name: fc.constantFrom('terminal', 'read_file', 'todo'),
  outcome: fc.constantFrom('ok', 'ok', 'error', 'blocked', 'cancelled', 'none'),
  approval: fc.boolean(),
});

const call: fc.Arbitrary<CallScript> = fc.record({
  failures: fc.nat({ max: 2 }),
  answered: fc.boolean(),
  usage: fc.boolean(),
  stream: fc.boolean(),
  tools: fc.array(tool, { maxLength: 3 }),
});

const turn: fc.Arbitrary<TurnScript> = fc.record({
  calls: fc.array(call, { maxLength: 3 }),
  ending: fc.constantFrom('whole', 'whole', 'interrupted', 'silent'),
  review: fc.boolean(),
  child: fc.boolean(),
  auxiliary: fc.boolean(),
  mark: fc.boolean(),
});

const script: fc.Arbitrary<Script> = fc.record({
  dialect: fc.constantFrom('observer', 'legacy'),
  turns: fc.array(turn, { minLength: 1, maxLength: 3 }),
  finalize: fc.boolean(),
  gaps: fc.array(fc.integer({ min: 300_000, max: 900_000 }), { minLength: 1, maxLength: 5 }),
});

/** Sessions that have nothing to do with each other. */
export function sessions(count: { min: number; max: number }): fc.Arbitrary<readonly MadeSession[]> {
  return fc
    .array(script, { minLength: count.min, maxLength: count.max })
    .map((scripts) => scripts.map((one, index) => write(one, index)));
}

const START_MICROS = 1_795_000_000_000_000;

interface Pen {
  readonly script: Script;
  readonly events: FlatEvent[];
  micros: number;
  steps: number;
}

function write(script: Script, index: number): MadeSession {
  const id = `20261120_10000${index}_${(0xabc000 + index).toString(16)}`;
  const pen: Pen = { script, events: [], micros: START_MICROS + index * 137, steps: 0 };
  put(pen, 'on_session_start', { session_id: id, model: 'm', platform: 'cli' });
  for (const [number, one] of script.turns.entries()) writeTurn(pen, id, id, number, one, 0);
  if (script.finalize)
    put(pen, 'on_session_finalize', { session_id: id, platform: 'cli', reason: 'shutdown' });
  return { id, events: pen.events };
}

function writeTurn(
  pen: Pen,
  session: string,
  task: string,
  number: number,
  turn: TurnScript,
  depth: number,
): void {
  const observer = pen.script.dialect === 'observer';
  const review = turn.review && observer && number > 0;
  const taskId = review ? `00000000-0000-4000-8000-00000000000${number}` : task;
  const turnId = `${session}:${taskId}:${(0xdead0000 + number).toString(16)}`;
  const ids = observer ? { task_id: taskId, turn_id: turnId } : {};
  const base = { session_id: session, model: 'm', platform: 'cli', ...ids };
  const message = review ? 'Review the conversation above and update.' : 'hello';
  put(pen, 'pre_llm_call', { ...base, user_message: message, is_first_turn: number === 0 });
  if (turn.mark) put(pen, 'pre_verify', { session_id: session, attempt: 1, coding: true });
  for (const [index, one] of turn.calls.entries()) {
    writeCall(pen, session, taskId, observer ? turnId : undefined, index + 1, one);
  }
  if (turn.auxiliary && observer) writeAuxiliary(pen, base, `aux-${session}-${number}`);
  if (turn.child && observer && depth === 0) writeChild(pen, session, turnId, number, turn);
  writeEnd(pen, base, turn.ending);
}

function writeEnd(pen: Pen, base: object, ending: TurnScript['ending']): void {
  if (ending === 'silent') return;
  const whole = ending === 'whole';
  if (whole) put(pen, 'post_llm_call', { ...base, assistant_response: 'done' });
  put(pen, 'on_session_end', { ...base, completed: whole, interrupted: !whole });
}

function writeChild(pen: Pen, parent: string, turnId: string, number: number, turn: TurnScript): void {
  const child = `${parent.slice(0, 15)}_c${number}${parent.slice(-4)}`;
  put(pen, 'subagent_start', {
    parent_session_id: parent,
    parent_turn_id: turnId,
    child_session_id: child,
    child_role: 'leaf',
  });
  writeTurn(pen, child, `${child.slice(0, 8)}-task`, 0, { ...turn, review: false, child: false }, 1);
  put(pen, 'subagent_stop', {
    parent_session_id: parent,
    parent_turn_id: turnId,
    child_session_id: child,
    child_status: 'completed',
    duration_ms: 900,
  });
}

function writeAuxiliary(pen: Pen, base: object, id: string): void {
  const call = { ...base, aux_task: 'title', api_request_id: id, retry_count: 0, provider: 'p' };
  put(pen, 'pre_auxiliary_call', call);
  put(pen, 'post_auxiliary_call', { ...call, usage: usage(3), finish_reason: 'stop' });
}

function writeCall(
  pen: Pen,
  session: string,
  task: string,
  turnId: string | undefined,
  number: number,
  call: CallScript,
): void {
  const ids = turnId === undefined ? {} : { turn_id: turnId, api_request_id: `${turnId}:api:${number}` };
  const base = {
    session_id: session,
    task_id: task,
    ...ids,
    model: 'm',
    provider: 'p',
    api_call_count: number,
  };
  for (let attempt = 0; attempt < call.failures; attempt++) {
    put(pen, 'pre_api_request', base);
    if (turnId !== undefined) {
      put(pen, 'api_request_error', {
        ...base,
        retry_count: attempt,
        status_code: 503,
        error: { type: 'Overloaded', message: 'x' },
      });
    }
  }
  put(pen, 'pre_api_request', base);
  if (call.stream) put(pen, 'on_stream_delta', { ...base, iteration: number, kind: 'text' });
  if (!call.answered) return;
  put(pen, 'post_api_request', { ...base, usage: call.usage ? usage(number) : null, finish_reason: 'stop' });
  writeTools(pen, session, task, ids, call.tools, `${session}-${turnId ?? pen.steps}-${number}`);
}

function writeTools(
  pen: Pen,
  session: string,
  task: string,
  ids: object,
  tools: readonly ToolScript[],
  name: string,
): void {
  const observer = pen.script.dialect === 'observer';
  const started = tools.map((one, index) => {
    const call = { tool_name: one.name, args: { index }, task_id: task };
    const whole = { ...call, session_id: session, tool_call_id: `call-${name}-${index}`, ...ids };
    put(pen, 'pre_tool_call', observer ? whole : { ...call, session_id: '', tool_call_id: '' });
    if (one.approval && observer) {
      const gate = {
        ...ids,
        tool_call_id: whole.tool_call_id,
        surface: 'cli',
        session_key: session,
        pattern_key: 'p',
      };
      put(pen, 'pre_approval_request', gate);
      put(pen, 'post_approval_response', { ...gate, choice: 'once' });
    }
    return { one, whole };
  });
  for (const { one, whole } of started.toReversed()) {
    if (one.outcome === 'none' || (!observer && one.name === 'todo')) continue;
    const status = observer ? { status: one.outcome } : {};
    const result = one.outcome === 'error' ? '{"error": "no"}' : '{"output": "", "error": null}';
    put(pen, 'post_tool_call', { ...whole, ...status, result, duration_ms: 5 });
  }
}

function usage(tokens: number): object {
  return {
    input_tokens: tokens * 10,
    output_tokens: tokens,
    prompt_tokens: tokens * 10,
    total_tokens: tokens * 11,
  };
}

function put(pen: Pen, event: string, fields: object): void {
  const { gaps } = pen.script;
  pen.micros += gaps[pen.steps++ % gaps.length] ?? 1;
  pen.events.push({ ts: pen.micros / 1_000_000, event, ...fields });
}
