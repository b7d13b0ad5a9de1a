import type { HookEvent, HookName } from '../model/event.ts';
import { readApiRequestError, readPostApiRequest, readPreApiRequest } from './api-hooks.ts';
import { readPostApprovalResponse, readPreApprovalRequest } from './approval-hooks.ts';
import { readPostAuxiliaryCall, readPreAuxiliaryCall } from './auxiliary-hooks.ts';
import type { Fields } from './fields.ts';
import { MARK_HOOKS, readKanban, readMark } from './mark-hooks.ts';
import { readSessionEnd, readSessionFinalize, readSessionReset, readSessionStart } from './session-hooks.ts';
import { readStreamDelta } from './stream-hooks.ts';
import { readSubagentStart, readSubagentStop } from './subagent-hooks.ts';
import { readPostToolCall, readPreToolCall } from './tool-hooks.ts';
import { readPostLlmCall, readPreLlmCall } from './turn-hooks.ts';
import { readUnmapped, UNMAPPED_HOOKS } from './unmapped-hooks.ts';

type Reader<E extends HookEvent = HookEvent> = (fields: Fields) => E;

/** One reader per hook that has a type of its own: a type added to `HookEvent` is missed here by `tsc`. */
const READERS = {
  on_session_start: readSessionStart,
  on_session_end: readSessionEnd,
  on_session_finalize: readSessionFinalize,
  on_session_reset: readSessionReset,
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

const BY_NAME: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ...Object.entries<Reader>(READERS),
  ...MARK_HOOKS.map((name): [string, Reader] => [name, readMark]),
  ...UNMAPPED_HOOKS.map((name): [string, Reader] => [name, readUnmapped]),
]);

/** Families that grow with nearly every release of Hermes: a new member is read as the others are. */
const TRANSFORM = /^transform_[a-z0-9_]{1,60}$/;
const KANBAN = /^(?:on_)?kanban_[a-z0-9_]{1,60}$/;

/** The reader of the hook that Hermes calls `name`; `undefined` when we know none. */
export function readerOf(name: string): Reader | undefined {
  return BY_NAME.get(name) ?? familyReader(name);
}

function familyReader(name: string): Reader | undefined {
  if (TRANSFORM.test(name)) return readUnmapped;
  return KANBAN.test(name) ? readKanban : undefined;
}
