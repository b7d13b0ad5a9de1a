import { redact } from './redact.ts';

/** Limits in UTF-16 units, of spans and views alike. The first two are the live plugin's. */
export const MESSAGE_CHARS = 500;
export const PAYLOAD_CHARS = 2048;
const ERROR_CHARS = 256;

/** A key that begins before the limit is seen with this much of its tail, so that it is recognised although it is cut. */
const TAIL_CHARS = 512;

/** The first `limit` UTF-16 units of `text`, one less where the cut would fall inside a surrogate pair. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff && isLowSurrogate(text.charCodeAt(limit));
  return text.slice(0, splitsPair ? limit - 1 : limit);
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** Text from the log as it may leave: without obvious secrets, at most `limit` long. */
export function safeText(text: string, limit: number): string {
  return cut(redact(cut(text, limit + TAIL_CHARS)), limit);
}

/** An error's message as a status description or an `exception.message`. `undefined` stays `undefined`. */
export function errorText(message: string | undefined): string | undefined {
  return message === undefined ? undefined : safeText(message, ERROR_CHARS);
}
