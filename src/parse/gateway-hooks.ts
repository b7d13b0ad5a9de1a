/**
 * The events of Hermes's gateway (`~/.hermes/hooks/`), in the activity log of its documentation: `agent:start` and
 * `agent:end` are a turn, `session:*` a session. They have no turn and no call ids.
 */
import type { Mark, PostLlmCall, PreLlmCall } from '../model/event.ts';
import { contentText, type Fields, text, wellFormed } from './fields.ts';
import { readMark, readUnmapped } from './mark-hooks.ts';
import {
  readPostLlmCall,
  readPreLlmCall,
  readSessionFinalize,
  readSessionReset,
  readSessionStart,
} from './session-hooks.ts';

export const GATEWAY_EVENTS = {
  'session:start': readSessionStart,
  'session:end': readSessionFinalize,
  'session:reset': readReset,
  'session:compress': readMark,
  'agent:start': readAgentStart,
  'agent:step': readAgentStep,
  'agent:end': readAgentEnd,
} as const;

/** Events that show nothing but activity: `gateway:startup`, `command:new`, `reaction:added` and the like. */
export const OTHER_GATEWAY_EVENT = /^(?:gateway|session|agent|command|reaction):[\w*-]{1,60}$/;

/** `session:reset` has only a `session_key`, which is no session id: without one there is no session to end. */
function readReset(fields: Fields) {
  const reset = readSessionReset(fields);
  return reset.sessionId === undefined ? readUnmapped(fields) : reset;
}

function readAgentStart(fields: Fields): PreLlmCall {
  const { body, extra } = fields;
  const senderId = text(fields, 'user_id', body.user_id, extra.user_id);
  const userMessage = contentText(fields, 'message', body.message, extra.message);
  return { ...readPreLlmCall(fields), senderId, userMessage };
}

function readAgentEnd(fields: Fields): PostLlmCall {
  const { body, extra } = fields;
  const assistantResponse = contentText(fields, 'response', body.response, extra.response);
  return { ...readPostLlmCall(fields), assistantResponse };
}

/** In characters: more names are a payload, not a span event. */
const LONGEST_NAMES = 200;

/** A step of the agent's loop, with the names of its tools: no tool call, as it has neither times nor results. */
function readAgentStep(fields: Fields): Mark {
  const mark = readMark(fields);
  const names = fields.body.tool_names ?? fields.extra.tool_names;
  const tools = Array.isArray(names) ? names.filter((name) => typeof name === 'string').join(' ') : '';
  if (tools === '') return mark;
  // The cut may halve a pair too.
  const shown = wellFormed(fields, 'tool_names', tools).slice(0, LONGEST_NAMES).toWellFormed();
  return { ...mark, fields: { ...mark.fields, tool_names: shown } };
}
