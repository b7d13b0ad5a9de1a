import type { PostLlmCall, PreLlmCall } from '../model/event.ts';
import { contentText, type Fields, flag, text } from './fields.ts';
import { isReviewPrompt, userMessage } from './message.ts';

export function readPreLlmCall(fields: Fields): PreLlmCall {
  const message = userMessage(fields);
  return {
    hook: 'pre_llm_call',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id'),
    taskId: text(fields, 'task_id'),
    turnId: text(fields, 'turn_id'),
    model: text(fields, 'model'),
    platform: text(fields, 'platform'),
    isFirstTurn: flag(fields, 'is_first_turn'),
    senderId: text(fields, 'sender_id'),
    parentSessionId: text(fields, 'parent_session_id'),
    reviewPrompt: message === undefined ? undefined : isReviewPrompt(message),
    userMessage: fields.content ? message : undefined,
  };
}

export function readPostLlmCall(fields: Fields): PostLlmCall {
  return {
    hook: 'post_llm_call',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id'),
    taskId: text(fields, 'task_id'),
    turnId: text(fields, 'turn_id'),
    model: text(fields, 'model'),
    platform: text(fields, 'platform'),
    assistantResponse: contentText(fields, 'assistant_response'),
  };
}
