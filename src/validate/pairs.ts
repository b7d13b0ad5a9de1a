/** Checks that each start has its end and each end its start. Pairs match by id; tools often have none and match by name. */
import type {
  ApiRequestError,
  HookEvent,
  PostApiRequest,
  PostToolCall,
  PreApiRequest,
  PreApprovalRequest,
  PreToolCall,
} from '../model/event.ts';
import { append } from '../model/lists.ts';
import { type FindingCode, note } from './findings.ts';
import { place } from './lines.ts';
import type { LintState, OpenPair, PairKind, StartedTool } from './report.ts';

interface Pair {
  readonly kind: PairKind;
  readonly role: 'opens' | 'closes';
  readonly id: string | undefined;
}

/** By kind: the finding of a start without an end, that of an end without a start, the hook that opens, those that close. */
const KINDS: Readonly<
  Record<PairKind, readonly [unclosed: FindingCode, unopened: FindingCode, opener: string, closer: string]>
> = {
  api: ['api-unanswered', 'api-unasked', 'pre_api_request', 'post_api_request or api_request_error'],
  auxiliary: ['auxiliary-unanswered', 'auxiliary-unasked', 'pre_auxiliary_call', 'post_auxiliary_call'],
  approval: ['approval-unanswered', 'approval-unasked', 'pre_approval_request', 'post_approval_response'],
  subagent: ['subagent-unended', 'subagent-unlinked', 'subagent_start', 'subagent_stop'],
  turn: ['turn-unended', 'turn-unstarted', 'pre_llm_call', 'on_session_end'],
};

export function checkPair(state: LintState, event: HookEvent): void {
  const pair = pairOf(event);
  if (pair?.role === 'opens') open(state, pair, event);
  if (pair?.role === 'closes') close(state, pair, event);
}

export function finishPairs(state: LintState): void {
  for (const opened of [...state.open.values()].flat()) noteUnclosed(state, opened);
}

function open(state: LintState, { kind, id }: Pair, event: HookEvent): void {
  if (id === undefined) return;
  if (event.hook === 'pre_approval_request') handOn(state, event);
  const key = `${kind} ${id}`;
  const before = state.open.get(key);
  const opened = { kind, place: place(event, id) };
  // One command can be asked for twice at once; any other pair that opens again was left open.
  if (kind === 'approval' && before !== undefined) before.push(opened);
  else {
    for (const left of before ?? []) noteUnclosed(state, left);
    state.open.set(key, [opened]);
  }
}

/** An approval that the next surface asks for too has ended there: "smart" hands on to the chat or the terminal. */
function handOn(state: LintState, event: PreApprovalRequest): void {
  for (const surface of ['smart', 'cli', 'gateway']) {
    if (surface !== event.surface) state.open.delete(`approval ${approvalId({ ...event, surface })}`);
  }
}

function close(state: LintState, pair: Pair, event: HookEvent): void {
  const key = `${pair.kind} ${pair.id}`;
  const opened = pair.id === undefined ? undefined : state.open.get(key);
  if (opened === undefined) noteUnopened(state, pair, event);
  else if (opened.length > 1) opened.shift();
  else state.open.delete(key);
}

function noteUnclosed(state: LintState, { kind, place: opened }: OpenPair): void {
  const [unclosed, , opener, closer] = KINDS[kind];
  note(state, unclosed, `${opener} without its ${closer}`, opened);
}

function noteUnopened(state: LintState, { kind, id }: Pair, event: HookEvent): void {
  const [, unopened, opener] = KINDS[kind];
  note(state, unopened, `${event.hook} without its ${opener}`, place(event, id));
}

function pairOf(event: HookEvent): Pair | undefined {
  switch (event.hook) {
    case 'pre_api_request':
      return { kind: 'api', role: 'opens', id: apiId(event) };
    case 'post_api_request':
    case 'api_request_error':
      return { kind: 'api', role: 'closes', id: apiId(event) };
    case 'pre_auxiliary_call':
      return { kind: 'auxiliary', role: 'opens', id: event.apiRequestId };
    case 'post_auxiliary_call':
      return { kind: 'auxiliary', role: 'closes', id: event.apiRequestId };
    case 'pre_llm_call':
      return { kind: 'turn', role: 'opens', id: event.turnId ?? event.sessionId };
    case 'on_session_end':
      return { kind: 'turn', role: 'closes', id: event.turnId ?? event.sessionId };
    default:
      return gateOrChild(event);
  }
}

function gateOrChild(event: HookEvent): Pair | undefined {
  switch (event.hook) {
    case 'pre_approval_request':
      return { kind: 'approval', role: 'opens', id: approvalId(event) };
    case 'post_approval_response':
      return { kind: 'approval', role: 'closes', id: approvalId(event) };
    case 'subagent_start':
      return { kind: 'subagent', role: 'opens', id: event.childSessionId };
    case 'subagent_stop':
      return { kind: 'subagent', role: 'closes', id: event.childSessionId };
    default:
      return undefined;
  }
}

/** The id of an API call; before 0.16 its number in the turn. */
function apiId(event: PreApiRequest | PostApiRequest | ApiRequestError): string | undefined {
  if (event.apiRequestId !== undefined) return event.apiRequestId;
  return `${event.sessionId ?? event.taskId ?? ''} call ${event.apiCallCount ?? 'without a number'}`;
}

/** A command can have a smart approval and then one by the user: the surface is part of the id. */
function approvalId(
  event: Extract<HookEvent, { hook: 'pre_approval_request' | 'post_approval_response' }>,
): string {
  return [event.surface, event.toolCallId ?? event.turnId ?? event.sessionKey, event.patternKey].join(' ');
}

/**
 * Checks starts and ends of tool calls. They match by call id; a start without one (the agent loop's before 0.16, and
 * nested `execute_code` calls always) matches by task and name, the oldest first.
 */
export function checkTool(state: LintState, event: HookEvent): void {
  if (event.hook === 'pre_tool_call') start(state, event);
  if (event.hook === 'post_tool_call') end(state, event);
}

export function finishTools(state: LintState): void {
  const { byId, withoutId } = state.tools;
  for (const started of [...byId.values(), ...[...withoutId.values()].flat()]) noteUnended(state, started);
}

function start(state: LintState, event: PreToolCall): void {
  const { byId, withoutId } = state.tools;
  const args = JSON.stringify(event.args) ?? '';
  const started = { place: place(event, event.toolName), args };
  const id = idOf(event);
  if (id === undefined) {
    append(withoutId, nameKey(event), started);
    return;
  }
  dropDoubleFire(state, event, args);
  const before = byId.get(id);
  if (before !== undefined) noteUnended(state, before);
  byId.set(id, started);
}

/** Hermes 0.10 and 0.11 call the hook twice for one call: first without ids, then with them. */
function dropDoubleFire(state: LintState, event: PreToolCall, args: string): void {
  const queue = state.tools.withoutId.get(nameKey(event));
  const at = queue?.findIndex((started) => started.args === args) ?? -1;
  if (at === -1) return;
  queue?.splice(at, 1);
  note(state, 'tool-double-fire', 'pre_tool_call again, now with ids', place(event, event.toolName));
}

function end(state: LintState, event: PostToolCall): void {
  const { ended } = state.tools;
  const id = idOf(event);
  const started = takeStart(state.tools, event, id);
  if (id !== undefined && started === undefined && ended.has(id)) {
    note(state, 'tool-ended-twice', 'post_tool_call for a call that had ended', place(event, event.toolName));
  } else if (started === undefined) {
    note(state, 'tool-unstarted', 'post_tool_call without its pre_tool_call', place(event, event.toolName));
  }
  if (id !== undefined) ended.add(id);
}

function takeStart(
  { byId, withoutId }: LintState['tools'],
  event: PostToolCall,
  id: string | undefined,
): StartedTool | undefined {
  const started = id === undefined ? undefined : byId.get(id);
  if (id !== undefined && started !== undefined) {
    byId.delete(id);
    return started;
  }
  return withoutId.get(nameKey(event))?.shift();
}

function noteUnended(state: LintState, { place: started }: StartedTool): void {
  note(state, 'tool-unended', 'pre_tool_call without its post_tool_call', started);
}

/** The id of a call within its turn, as some providers repeat ids in other turns. */
function idOf({ toolCallId, turnId, taskId }: PreToolCall | PostToolCall): string | undefined {
  return toolCallId === undefined ? undefined : `${turnId ?? taskId} ${toolCallId}`;
}

/** Start and end of a call have the same task, while their other ids may differ. */
function nameKey({ taskId, sessionId, toolName }: PreToolCall | PostToolCall): string {
  return `${taskId ?? sessionId} ${toolName}`;
}
