import type { HookEvent, HookName } from '../model/event.ts';
import {
  readApiRequestError,
  readPostApiRequest,
  readPostAuxiliaryCall,
  readPreApiRequest,
  readPreAuxiliaryCall,
  readStreamDelta,
} from './api-hooks.ts';
import { readPostApprovalResponse, readPreApprovalRequest } from './approval-hooks.ts';
import type { Fields } from './fields.ts';
import { GATEWAY_EVENTS, OTHER_GATEWAY_EVENT } from './gateway-hooks.ts';
import { MARK_HOOKS, readKanban, readMark, readUnmapped, UNMAPPED_HOOKS } from './mark-hooks.ts';
import {
  readPostLlmCall,
  readPreLlmCall,
  readSessionEnd,
  readSessionFinalize,
  readSessionReset,
  readSessionStart,
  readSessionTotals,
} from './session-hooks.ts';
import { readSubagentStart, readSubagentStop } from './subagent-hooks.ts';
import { readPostToolCall, readPreToolCall } from './tool-hooks.ts';

type Reader<E extends HookEvent = HookEvent> = (fields: Fields) => E;

/** One reader per type of `HookEvent`: `tsc` reports a missing one. */
const READERS = {
  on_session_start: readSessionStart,
  on_session_end: readSessionEnd,
  on_session_finalize: readSessionFinalize,
  on_session_reset: readSessionReset,
  session_totals: readSessionTotals,
  pre_llm_call: readPreLlmCall,
  post_llm_call: readPostLlmCall,
  pre_api_request: readPreApiRequest,
  post_api_request: readPostApiRequest,
  api_request_error: readApiRequestError,
  pre_tool_call: readPreToolCall,
  post_tool_call: readPostToolCall,
  subagent_start: readSubagentStart,
  subagent_stop: readSubagentStop,
  pre_approval_request: readPreApprovalRequest,
  post_approval_response: readPostApprovalResponse,
  pre_auxiliary_call: readPreAuxiliaryCall,
  post_auxiliary_call: readPostAuxiliaryCall,
  on_stream_delta: readStreamDelta,
} satisfies {
  readonly [H in Exclude<HookName, 'mark' | 'unmapped'>]: Reader<Extract<HookEvent, { hook: H }>>;
};

/** Short names in the observer log of Hermes's plugin guide. */
const SHORT_NAMES: readonly (readonly [string, Reader])[] = [
  ['session_start', readSessionStart],
  ['session_end', readSessionEnd],
  ['session_finalize', readSessionFinalize],
  ['session_reset', readSessionReset],
];

const BY_NAME: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ...Object.entries<Reader>(READERS),
  ...Object.entries<Reader>(GATEWAY_EVENTS),
  ...SHORT_NAMES,
  ...MARK_HOOKS.map((name): [string, Reader] => [name, readMark]),
  ...UNMAPPED_HOOKS.map((name): [string, Reader] => [name, readUnmapped]),
]);

/** Families that grow with nearly every release of Hermes. New members are read like the known ones. */
const TRANSFORM = /^transform_[a-z0-9_]{1,60}$/;
const KANBAN = /^(?:on_)?kanban_[a-z0-9_]{1,60}$/;

/** True for the name of a hook that is read. */
export function isKnownHook(name: string | undefined): boolean {
  return name !== undefined && readerOf(name) !== undefined;
}

/** The reader of a hook by Hermes's name; `undefined` for an unknown hook. */
export function readerOf(name: string): Reader | undefined {
  return BY_NAME.get(name) ?? familyReader(name);
}

function familyReader(name: string): Reader | undefined {
  if (TRANSFORM.test(name) || OTHER_GATEWAY_EVENT.test(name)) return readUnmapped;
  return KANBAN.test(name) ? readKanban : undefined;
}
