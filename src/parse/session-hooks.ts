import type {
  PostLlmCall,
  PreLlmCall,
  SessionEnd,
  SessionFinalize,
  SessionReset,
  SessionStart,
  SessionTotals,
} from '../model/event.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../model/json.ts';
import type { ModelUsage, SessionCost } from '../model/span.ts';
import {
  amount,
  common,
  contentText,
  count,
  type Fields,
  flag,
  moment,
  text,
  wellFormed,
  wrongType,
} from './fields.ts';
import { readUsage } from './usage.ts';

export function readSessionStart(fields: Fields): SessionStart {
  const { body } = fields;
  return Object.assign(common(fields, 'on_session_start'), {
    previousSessionId: text(fields, 'previous_session_id', body.previous_session_id),
  });
}

export function readSessionEnd(fields: Fields): SessionEnd {
  const { body, extra } = fields;
  return Object.assign(common(fields, 'on_session_end'), {
    completed: flag(fields, 'completed', body.completed, extra.completed),
    interrupted: flag(fields, 'interrupted', body.interrupted, extra.interrupted),
    failed: flag(fields, 'failed', body.failed, extra.failed),
    turnExitReason: text(fields, 'turn_exit_reason', body.turn_exit_reason, extra.turn_exit_reason),
    reason: text(fields, 'reason', body.reason, extra.reason),
  });
}

export function readSessionFinalize(fields: Fields): SessionFinalize {
  const { body, extra } = fields;
  return Object.assign(common(fields, 'on_session_finalize'), {
    reason: text(fields, 'reason', body.reason, extra.reason),
  });
}

export function readSessionReset(fields: Fields): SessionReset {
  const { body, extra } = fields;
  return Object.assign(common(fields, 'on_session_reset'), {
    reason: text(fields, 'reason', body.reason, extra.reason),
    oldSessionId: text(fields, 'old_session_id', body.old_session_id, extra.old_session_id),
  });
}

export function readPreLlmCall(fields: Fields): PreLlmCall {
  const { body, extra } = fields;
  const message = userMessage(fields);
  return Object.assign(common(fields, 'pre_llm_call'), {
    isFirstTurn: flag(fields, 'is_first_turn', body.is_first_turn, extra.is_first_turn),
    senderId: text(fields, 'sender_id', body.sender_id, extra.sender_id),
    parentSessionId: text(fields, 'parent_session_id', body.parent_session_id, extra.parent_session_id),
    reviewPrompt: readReviewPrompt(fields, message),
    userMessage:
      message === undefined || !fields.content ? undefined : wellFormed(fields, 'user_message', message),
  });
}

export function readPostLlmCall(fields: Fields): PostLlmCall {
  const { body, extra } = fields;
  return Object.assign(common(fields, 'post_llm_call'), {
    reviewPrompt: readReviewPrompt(fields, userMessage(fields)),
    assistantResponse: contentText(
      fields,
      'assistant_response',
      body.assistant_response,
      extra.assistant_response,
    ),
  });
}

/** The beginning of every prompt of Hermes's background review fork. */
export const REVIEW_PROMPT = 'Review the conversation above';

/**
 * The user message as one string; `undefined` when there is none. The parts of a multimodal message are on lines of
 * their own, with `[image]` for an image.
 */
function userMessage(fields: Fields): string | undefined {
  const message = fields.body.user_message ?? fields.extra.user_message;
  if (typeof message === 'string') return message === '' ? undefined : message;
  if (message === undefined || message === null) return undefined;
  if (Array.isArray(message)) return message.map(partText).join('\n');
  return wrongType(fields, 'user_message', message, 'a string or a list of parts');
}

/** True when the message is a review prompt; without a message, what the recorder found before it left the message out. */
function readReviewPrompt(fields: Fields, message: string | undefined): boolean | undefined {
  if (message !== undefined) return message.startsWith(REVIEW_PROMPT);
  return flag(fields, 'review_prompt', fields.body.review_prompt, fields.extra.review_prompt);
}

/** One part as text. Providers name the types `text`, `input_text`, `image`, `image_url`, `input_image` and more. */
function partText(part: JsonValue): string {
  if (typeof part === 'string') return part;
  if (!isJsonObject(part)) return '[other]';
  if (typeof part.text === 'string') return part.text;
  return typeof part.type === 'string' && part.type.includes('image') ? '[image]' : '[other]';
}

export function readSessionTotals(fields: Fields): SessionTotals {
  const { body } = fields;
  const models = Array.isArray(body.model_usage) ? body.model_usage : [];
  return Object.assign(common(fields, 'session_totals'), {
    usage: readUsage(fields),
    cost: isJsonObject(body.cost) ? readSessionCost(fields, body.cost) : undefined,
    modelUsage: models.filter(isJsonObject).flatMap((usage) => readModelUsage(fields, usage)),
  });
}

function readSessionCost(fields: Fields, cost: JsonObject): SessionCost {
  const estimatedUsd = amount(fields, 'cost.estimated_usd', cost.estimated_usd);
  const actualUsd = amount(fields, 'cost.actual_usd', cost.actual_usd);
  const status = text(fields, 'cost.status', cost.status);
  const source = text(fields, 'cost.source', cost.source);
  return {
    ...(estimatedUsd !== undefined && { estimatedUsd }),
    ...(actualUsd !== undefined && { actualUsd }),
    ...(status !== undefined && { status }),
    ...(source !== undefined && { source }),
  };
}

function readModelUsage(fields: Fields, body: JsonObject): readonly ModelUsage[] {
  const tokens = readUsage({ ...fields, body, extra: {} });
  if (tokens === undefined) return [];
  return [
    {
      model: text(fields, 'model_usage.model', body.model),
      provider: text(fields, 'model_usage.provider', body.provider),
      task: text(fields, 'model_usage.task', body.task),
      callCount: count(fields, 'model_usage.api_call_count', body.api_call_count),
      tokens,
      lastTime: moment(fields, 'model_usage.last_seen', body.last_seen) ?? fields.time,
    },
  ];
}
