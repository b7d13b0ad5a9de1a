import { isJsonObject, type JsonValue } from '../model/json.ts';
import { type Fields, wrongType } from './fields.ts';

/** How Hermes opens every prompt of its background review fork. */
const REVIEW_PROMPT = 'Review the conversation above';

/**
 * The user message in one string: the text parts of a multimodal one on lines of their own, `[image]` for an image.
 * `undefined` when there is none.
 */
export function userMessage(fields: Fields): string | undefined {
  const message = fields.body.user_message ?? fields.extra.user_message;
  if (typeof message === 'string') return message === '' ? undefined : message;
  if (message === undefined || message === null) return undefined;
  if (Array.isArray(message)) return message.map(partText).join('\n');
  return wrongType(fields, 'user_message', message, 'a string or a list of parts');
}

export function isReviewPrompt(message: string): boolean {
  return message.startsWith(REVIEW_PROMPT);
}

/** Providers name the parts `text`, `input_text`, `image`, `image_url`, `input_image` and more. */
function partText(part: JsonValue): string {
  if (typeof part === 'string') return part;
  if (!isJsonObject(part)) return '[other]';
  if (typeof part.text === 'string') return part.text;
  return typeof part.type === 'string' && part.type.includes('image') ? '[image]' : '[other]';
}
