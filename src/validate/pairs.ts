/** Openers without closers and closers without openers, matched by their ids. Tools, which often lack theirs, have a file of their own. */
import type { ApiRequestError, HookEvent, PostApiRequest, PreApiRequest } from '../model/event.ts';
import type { FindingCode } from './effects.ts';
import { nameIn } from './name.ts';
import { type LintState, note, type OpenPair, type PairKind } from './state.ts';

interface Pair {
  readonly kind: PairKind;
  readonly role: 'opens' | 'closes';
  readonly id: string | undefined;
}

const KINDS = {
  api: {
    unclosed: 'api-unanswered',
    unopened: 'api-unasked',
    opener: 'pre_api_request',
    closer: 'post_api_request or api_request_error',
  },
  auxiliary: {
    unclosed: 'auxiliary-unanswered',
    unopened: 'auxiliary-unasked',
    opener: 'pre_auxiliary_call',
    closer: 'post_auxiliary_call',
  },
  approval: {
    unclosed: 'approval-unanswered',
    unopened: 'approval-unasked',
    opener: 'pre_approval_request',
    closer: 'post_approval_response',
  },
  subagent: {
    unclosed: 'subagent-unended',
    unopened: 'subagent-unlinked',
    opener: 'subagent_start',
    closer: 'subagent_stop',
  },
  turn: {
    unclosed: 'turn-unended',
    unopened: 'turn-unstarted',
    opener: 'pre_llm_call',
    closer: 'on_session_end',
  },
} as const satisfies Readonly<Record<PairKind, Kind>>;

interface Kind {
  readonly unclosed: FindingCode;
  readonly unopened: FindingCode;
  readonly opener: string;
  readonly closer: string;
}

export function checkPair(state: LintState, event: HookEvent): void {
  const pair = pairOf(event);
  if (pair?.role === 'opens') open(state, pair, event);
  if (pair?.role === 'closes') close(state, pair, event);
}

export function finishPairs(state: LintState): void {
  for (const opened of state.open.values()) noteUnclosed(state, opened);
}

function open(state: LintState, { kind, id }: Pair, { source, line }: HookEvent): void {
  if (id === undefined) return;
  const key = `${kind} ${id}`;
  const before = state.open.get(key);
  if (before !== undefined) noteUnclosed(state, before);
  state.open.set(key, { kind, place: { source, line, detail: nameIn(id) } });
}

function close(state: LintState, pair: Pair, event: HookEvent): void {
  if (pair.id === undefined || !state.open.delete(`${pair.kind} ${pair.id}`))
    noteUnopened(state, pair, event);
}

function noteUnclosed(state: LintState, { kind, place }: OpenPair): void {
  const { unclosed, opener, closer } = KINDS[kind];
  note(state, unclosed, `${opener} without its ${closer}`, place, place.detail);
}

function noteUnopened(state: LintState, { kind, id }: Pair, event: HookEvent): void {
  const { unopened, opener } = KINDS[kind];
  const detail = id === undefined ? undefined : nameIn(id);
  note(state, unopened, `${event.hook} without its ${opener}`, event, detail);
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

/** Before 0.16 a call has no id of its own, but a number in its turn. */
function apiId(event: PreApiRequest | PostApiRequest | ApiRequestError): string | undefined {
  if (event.apiRequestId !== undefined) return event.apiRequestId;
  return `${event.sessionId ?? event.taskId ?? ''} call ${event.apiCallCount ?? 'without a number'}`;
}

/** One command may need a smart approval, then one by the user. */
function approvalId(
  event: Extract<HookEvent, { hook: 'pre_approval_request' | 'post_approval_response' }>,
): string {
  return [event.surface, event.toolCallId ?? event.turnId ?? event.sessionKey, event.patternKey].join(' ');
}
