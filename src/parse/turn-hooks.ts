import type { PostLlmCall, PreLlmCall } from '../model/event.ts';
import { contentText, type Fields, flag, text, wellFormed } from './fields.ts';
import { isReviewPrompt, userMessage } from './message.ts';

export function readPreLlmCall(fields: Fields): PreLlmCall {
  const { body, extra } = fields;
  const message = userMessage(fields);
  return {
    hook: 'pre_llm_call',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id', body.session_id, extra.session_id),
    taskId: text(fields, 'task_id', body.task_id, extra.task_id),
    turnId: text(fields, 'turn_id', body.turn_id, extra.turn_id),
    model: text(fields, 'model', body.model, extra.model),
    platform: text(fields, 'platform', body.platform, extra.platform),
    isFirstTurn: flag(fields, 'is_first_turn', body.is_first_turn, extra.is_first_turn),
    senderId: text(fields, 'sender_id', body.sender_id, extra.sender_id),
    parentSessionId: text(fields, 'parent_session_id', body.parent_session_id, extra.parent_session_id),
    reviewPrompt:
      message === undefined
        ? flag(fields, 'review_prompt', body.review_prompt, extra.review_prompt)
        : isReviewPrompt(message),
    userMessage:
      message === undefined || !fields.content ? undefined : wellFormed(fields, 'user_message', message),
  };
}

export function readPostLlmCall(fields: Fields): PostLlmCall {
  const { body, extra } = fields;
  return {
    hook: 'post_llm_call',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id', body.session_id, extra.session_id),
    taskId: text(fields, 'task_id', body.task_id, extra.task_id),
    turnId: text(fields, 'turn_id', body.turn_id, extra.turn_id),
    model: text(fields, 'model', body.model, extra.model),
    platform: text(fields, 'platform', body.platform, extra.platform),
    assistantResponse: contentText(
      fields,
      'assistant_response',
      body.assistant_response,
      extra.assistant_response,
    ),
  };
}
