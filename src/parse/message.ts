import { isJsonObject, type JsonValue } from '../model/json.ts';
import { type Fields, field, wellFormed, wrongType } from './fields.ts';

/** How Hermes opens every prompt of its background review fork. */
const REVIEW_PROMPT = 'Review the conversation above';

/**
 * The user message in one string: the text parts of a multimodal one on lines of their own, `[image]` for an image.
 * `undefined` when there is none.
 */
export function userMessage(fields: Fields): string | undefined {
  const message = field(fields, 'user_message');
  if (typeof message === 'string') return wellFormed(message);
  if (message === undefined || message === null) return undefined;
  if (!Array.isArray(message))
    return wrongType(fields, 'user_message', message, 'a string or a list of parts');
  return wellFormed(message.map(partText).join('\n'));
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
