import { isJsonObject } from '../model/json.ts';
import { type Fields, field, text, wellFormed } from './fields.ts';

/** `error_type`, or the `type` inside `error`. */
export function errorType(fields: Fields): string | undefined {
  const error = field(fields, 'error');
  const inner = isJsonObject(error) && typeof error.type === 'string' ? wellFormed(error.type) : undefined;
  return text(fields, 'error_type') ?? inner;
}

/** `error` is a string for auxiliary calls, and an object with a `message` for API calls. */
export function errorMessage(fields: Fields): string | undefined {
  const error = field(fields, 'error');
  if (!isJsonObject(error)) return text(fields, 'error') ?? text(fields, 'error_message');
  const inner = typeof error.message === 'string' ? wellFormed(error.message) : undefined;
  return inner ?? text(fields, 'error_message');
}
