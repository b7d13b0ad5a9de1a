import { isJsonObject } from '../model/json.ts';
import { type Fields, text } from './fields.ts';

/** `error_type`, or the `type` inside `error`. */
export function errorType(fields: Fields): string | undefined {
  const { body, extra } = fields;
  const error = body.error ?? extra.error;
  const own = text(fields, 'error_type', body.error_type, extra.error_type);
  return own ?? (isJsonObject(error) ? text(fields, 'error.type', error.type) : undefined);
}

/** `error` is an object with a `message` for API calls, and a string for auxiliary calls. */
export function errorMessage(fields: Fields): string | undefined {
  const { body, extra } = fields;
  const error = body.error ?? extra.error;
  return isJsonObject(error) ? text(fields, 'error.message', error.message) : text(fields, 'error', error);
}
